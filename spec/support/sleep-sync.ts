const memory = new Int32Array(new SharedArrayBuffer(4));

/** Holds the thread, and the event loop with it. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(memory, 0, 0, milliseconds);
}
