import { longestTimer } from "../check.js";

/** The wait of a shutdown: for the end of the work, or for the end of the patience of whoever waits. */
export class Ending {
  /** Resolves once the work has ended, or nobody waits for it any more; not before `expectWithin` was called. */
  readonly done: Promise<void>;
  /** The least time that somebody has given to work that is cancelled at the end. Milliseconds. */
  cancelGrace = Number.POSITIVE_INFINITY;
  readonly #isIdle: () => boolean;
  readonly #timers = new Set<NodeJS.Timeout>();
  #resolve!: () => void;
  #expected = false;

  /** @param isIdle whether there is nothing left to wait for. */
  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** The end is wanted in `limit` milliseconds at the latest; undefined: whenever the work is done. The least counts. */
  expectWithin(limit: number | undefined, cancelGrace: number = this.cancelGrace): void {
    this.#expected = true;
    this.cancelGrace = Math.min(this.cancelGrace, cancelGrace);
    if (limit !== undefined && limit <= 0) this.#end();
    else if (limit !== undefined) this.#timers.add(setTimeout(() => this.#end(), Math.min(limit, longestTimer)));
    this.check();
  }

  /** To be called whenever some of the work may have ended. */
  check(): void {
    if (this.#expected && this.#isIdle()) this.#end();
  }

  #end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#resolve();
  }
}
