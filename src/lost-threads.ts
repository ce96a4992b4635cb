let count = 0;

/**
 * How many worker threads of this process were ended and are still there, stuck in native code that cannot be interrupted.
 * Only the end of the process frees them, and a process that has some cannot count on `process.exit`: it waits for them.
 */
export function lostThreads(): number {
  return count;
}

/** Counts one. @returns what to call when it has ended after all; once. */
export function threadLost(): () => void {
  count++;
  return () => void count--;
}
