import { generalLog } from "../log.js";

/** After so long without a drop the next one is the first of another burst. Milliseconds. */
const quiet = 5_000;

/** Counts connections that are closed unheard, and says so once for each burst. */
export class DropCount {
  readonly #maxConnections: number;
  readonly #now: () => number;
  #last = Number.NEGATIVE_INFINITY;
  #total = 0;

  constructor(maxConnections: number, now: () => number = () => performance.now()) {
    this.#maxConnections = maxConnections;
    this.#now = now;
  }

  get total(): number {
    return this.#total;
  }

  /** One more. */
  readonly note = (): void => {
    const now = this.#now();
    if (now - this.#last > quiet) {
      generalLog.warn(
        `connections are dropped: there are ${this.#maxConnections}, as many as maxConnections and open files allow`,
      );
    }
    this.#last = now;
    this.#total += 1;
  };
}
