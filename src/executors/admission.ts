import { QueueFullError } from "../errors.js";
import type { Workers } from "./workers.js";

/** What is counted. */
export interface AdmissionParts {
  readonly workers: () => Workers;
  /** Tasks that wait, and tasks that run. */
  readonly waiting: { readonly size: number };
  readonly running: { readonly size: number };
  /** How long a task takes, in milliseconds. */
  readonly runTime: { readonly mean: number };
  /** How many may wait. Default: 16 for each place to run. */
  readonly maxQueue: number | undefined;
}

/** How much room an executor has: places to run, and behind them places to wait. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Whether one task more runs at once. */
  get hasPlace(): boolean {
    return this.#parts.waiting.size === 0 && this.hasFreePlace;
  }

  /** Whether the first of those that wait may run. */
  get hasFreePlace(): boolean {
    return this.#parts.running.size < this.#parts.workers().capacity;
  }

  /** How full the queue is: 0 when nothing waits, 1 when one task more is refused. */
  get fill(): number {
    if (this.hasPlace) return 0;
    return this.#maxQueue === 0 ? 1 : this.#parts.waiting.size / this.#maxQueue;
  }

  /** Why one task more has no place; undefined when it has one. */
  get refusal(): QueueFullError | undefined {
    const { size } = this.#parts.waiting;
    if (this.hasPlace || size < this.#maxQueue) return undefined;
    return new QueueFullError(`the queue is full: ${size} waiting, maxQueue is ${this.#maxQueue}`, this.#retryAfter);
  }

  get #maxQueue(): number {
    return this.#parts.maxQueue ?? 16 * this.#places;
  }

  get #places(): number {
    return Math.max(1, this.#parts.workers().capacity);
  }

  /** Whole seconds until the queue has run empty at the pace of the latest tasks; at least one. */
  get #retryAfter(): number {
    const wait = (this.#parts.waiting.size * this.#parts.runTime.mean) / this.#places;
    return Math.max(1, Math.ceil(wait / 1000));
  }
}
