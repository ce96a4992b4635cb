import { performance } from "node:perf_hooks";

/** How long something had work, as a share of the time between two readings. */
export class BusyTime {
  #read = performance.now();
  #since: number | undefined;
  #sum = 0;

  begin(): void {
    this.#since ??= performance.now();
  }

  end(): void {
    if (this.#since !== undefined) this.#sum += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** The share since the last reading: 0 to 1. */
  read(): number {
    const busy = this.#since !== undefined;
    this.end();
    const now = performance.now();
    const share = this.#sum / Math.max(now - this.#read, Number.MIN_VALUE);
    [this.#read, this.#sum] = [now, 0];
    if (busy) this.begin();
    return Math.min(1, share);
  }
}
