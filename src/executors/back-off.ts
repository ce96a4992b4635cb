/** How long to wait before the next attempt: doubling from 100 ms to 30 s, forgotten after a success. */
export class BackOff {
  #failures = 0;

  /** Counts a failure. @returns milliseconds to wait. */
  next(): number {
    return Math.min(30_000, 100 * 2 ** this.#failures++);
  }

  reset(): void {
    this.#failures = 0;
  }
}
