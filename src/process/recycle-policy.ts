import type { ChildFigures } from "./messages.js";

/** What a child may use up; 0 is no limit. See `SupervisorOptions`. */
export interface RecycleLimits {
  readonly maxRequests: number;
  /** Mebibytes of resident memory. */
  readonly maxMemoryMb: number;
  /** Threads that are stuck in native code. */
  readonly maxLostThreads: number;
}

/** What the policy reads of its surroundings, so that specs can set it. */
export interface RecycleSurroundings {
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

/** By what share a child's own limit of requests may be above `maxRequests`. */
const jitter = 0.1;

/** How many looks in a row must find too much memory: one alone may have come just before a garbage collection. */
const looksAbove = 3;

/** How many looks in a row must find lost threads: a call that is only slow comes back, and its thread with it. */
const looksLost = 10;

/** How long a child is left alone whose replacement could not serve. Milliseconds. */
const retryAfter = 60_000;

const mebibyte = 2 ** 20;

const real: RecycleSurroundings = { now: () => performance.now(), random: () => Math.random() };

interface Record {
  readonly requestLimit: number;
  above: number;
  lost: number;
  notBefore: number;
}

/**
 * When a child that serves has had its time. Each child gets a limit of requests of its own, up to a tenth above `maxRequests`
 * at random, so that children that were started together are not replaced together.
 */
export class RecyclePolicy {
  readonly #limits: RecycleLimits;
  readonly #surroundings: RecycleSurroundings;
  readonly #records = new WeakMap<object, Record>();

  constructor(limits: RecycleLimits, surroundings: RecycleSurroundings = real) {
    this.#limits = limits;
    this.#surroundings = surroundings;
  }

  /**
   * Looks at a child; called about once a second for each.
   *
   * @returns why it is to be replaced, to be read after its name, or undefined.
   */
  look(child: object, figures: Pick<ChildFigures, "requests" | "rss" | "lostThreads">): string | undefined {
    const record = this.#recordOf(child);
    const reasons = [
      this.#tooManyRequests(record, figures.requests),
      this.#tooMuchMemory(record, figures.rss),
      this.#tooManyLost(record, figures.lostThreads),
    ];
    const reason = reasons.find((text) => text !== undefined);
    return this.#surroundings.now() < record.notBefore ? undefined : reason;
  }

  /** The child's replacement could not serve. */
  failed(child: object): void {
    this.#recordOf(child).notBefore = this.#surroundings.now() + retryAfter;
  }

  #recordOf(child: object): Record {
    let record = this.#records.get(child);
    if (record === undefined) {
      record = { requestLimit: this.#requestLimit(), above: 0, lost: 0, notBefore: 0 };
      this.#records.set(child, record);
    }
    return record;
  }

  #requestLimit(): number {
    const { maxRequests } = this.#limits;
    return maxRequests + Math.floor(maxRequests * jitter * this.#surroundings.random());
  }

  #tooManyRequests({ requestLimit }: Record, requests: number): string | undefined {
    const { maxRequests } = this.#limits;
    if (maxRequests === 0 || requests < requestLimit) return undefined;
    return `has answered ${requests} requests (maxRequests is ${maxRequests})`;
  }

  #tooMuchMemory(record: Record, rss: number): string | undefined {
    const { maxMemoryMb } = this.#limits;
    const isAbove = maxMemoryMb > 0 && rss > maxMemoryMb * mebibyte;
    record.above = isAbove ? record.above + 1 : 0;
    if (record.above < looksAbove) return undefined;
    return `has ${Math.round(rss / mebibyte)} MB of memory (maxMemoryMb is ${maxMemoryMb})`;
  }

  #tooManyLost(record: Record, lostThreads: number): string | undefined {
    const { maxLostThreads } = this.#limits;
    record.lost = maxLostThreads > 0 && lostThreads >= maxLostThreads ? record.lost + 1 : 0;
    if (record.lost < looksLost) return undefined;
    return `has lost ${lostThreads} ${lostThreads === 1 ? "thread" : "threads"} to native code (maxLostThreads is ${maxLostThreads})`;
  }
}
