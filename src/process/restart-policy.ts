/** What bounds restarts; see `SupervisorOptions`. */
export interface RestartLimits {
  readonly maxRestarts: number;
  /** Milliseconds. */
  readonly restartWindow: number;
}

/** What the policy reads of its surroundings, so that specs can set it. */
export interface Surroundings {
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

const firstDelay = 100;
const longestDelay = 30_000;
const healthyAfter = 60_000;

const real: Surroundings = { now: () => performance.now(), random: () => Math.random() };

/**
 * When a child that crashed comes back. Each task id has its own back-off: the first restart is immediate, those after it
 * wait 100 ms, 200 ms, 400 ms … up to 30 s, and a child that was ready for 60 s starts from the beginning. Half of each
 * wait is random, so that children which fall together do not come back together. All task ids share one limit.
 */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  readonly #surroundings: Surroundings;
  readonly #crashes = new Map<number, number>();
  readonly #readySince = new Map<number, number>();
  #restarts: number[] = [];

  constructor(limits: RestartLimits, surroundings: Surroundings = real) {
    this.#limits = limits;
    this.#surroundings = surroundings;
  }

  /** The child with this task id serves: from now on its health counts. */
  ready(taskId: number): void {
    this.#readySince.set(taskId, this.#surroundings.now());
  }

  /**
   * The child with this task id crashed.
   *
   * @returns after how many milliseconds it is to be started again, or undefined when the limit is reached.
   */
  crashed(taskId: number): number | undefined {
    const now = this.#surroundings.now();
    if (!this.#admits(now)) return undefined;
    const before = this.#wasHealthy(taskId, now) ? 0 : (this.#crashes.get(taskId) ?? 0);
    this.#crashes.set(taskId, before + 1);
    return before === 0 ? 0 : this.#delay(before - 1);
  }

  #admits(now: number): boolean {
    this.#restarts = this.#restarts.filter((time) => now - time < this.#limits.restartWindow);
    if (this.#restarts.length >= this.#limits.maxRestarts) return false;
    this.#restarts.push(now);
    return true;
  }

  #wasHealthy(taskId: number, now: number): boolean {
    const since = this.#readySince.get(taskId);
    this.#readySince.delete(taskId);
    return since !== undefined && now - since >= healthyAfter;
  }

  #delay(doublings: number): number {
    const full = Math.min(firstDelay * 2 ** doublings, longestDelay);
    return Math.round((full / 2) * (1 + this.#surroundings.random()));
  }
}
