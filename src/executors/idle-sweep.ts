import { performance } from "node:perf_hooks";
import { longestTimer } from "../check.js";
import type { LinkSet } from "./link-set.js";
import type { WorkerLink } from "./worker-link.js";

/** Milliseconds. */
export interface IdleRules {
  readonly minWorkers: number;
  readonly idleTimeout: number;
}

/** Ends those of a pool's workers above `minWorkers` that have had nothing to do for `idleTimeout`, the longest idle first. */
export class IdleSweep {
  readonly #links: LinkSet;
  readonly #rules: IdleRules;
  readonly #retireLimit: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param retireLimit how long one may take to dispose its services, in milliseconds. */
  constructor(links: LinkSet, rules: IdleRules, retireLimit: number) {
    this.#links = links;
    this.#rules = rules;
    this.#retireLimit = retireLimit;
  }

  /** To be called whenever a worker may have nothing to do. */
  watch(): void {
    if (this.#timer !== undefined || this.#links.size <= this.#rules.minWorkers) return;
    if (this.#links.kept > this.#rules.minWorkers) this.#sweepIn(this.#rules.idleTimeout);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #sweepIn(wait: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#sweep(), Math.min(wait, longestTimer)).unref();
  }

  #sweep(): void {
    this.#timer = undefined;
    const idle = [...this.#links].filter(({ usable, running }) => usable && running === 0);
    const mayEnd = this.#links.kept - this.#rules.minWorkers;
    const spare = idle.sort((a, b) => a.idleSince - b.idleSince).slice(0, mayEnd);
    const now = performance.now();
    const left = spare.filter((link) => !this.#end(link, now));
    if (left[0] !== undefined) this.#sweepIn(left[0].idleSince + this.#rules.idleTimeout - now);
  }

  /** @returns false when it has not been idle for long enough. */
  #end(link: WorkerLink, now: number): boolean {
    if (now - link.idleSince < this.#rules.idleTimeout) return false;
    link.endWithin(this.#retireLimit);
    void link.stop();
    return true;
  }
}
