/**
 * How often the loop is looked at. Milliseconds. What costs is waking an idle process: 4 ms of a core in each second on a
 * shared virtual machine, no more than the histogram of `perf_hooks` takes there with a resolution of 20.
 */
const interval = 50;

/** A little more than a second: who reads once a second misses nothing. */
const kept = 24;

interface User {
  readonly onLook: ((late: number) => void) | undefined;
}

/**
 * How late the event loop of this process is: a timer that is due every 50 ms notes by how much it was late. What holds the
 * loop for less may fall between two looks.
 *
 * The figures are of the last second, and reading them resets nothing, so that any number of readers may. One for each
 * process, `loopDelay`; it runs while at least one server of the process serves.
 */
export class LoopDelay {
  readonly #now: () => number;
  readonly #late = new Float64Array(kept);
  #looks = 0;
  #lastLook: number;
  readonly #users = new Set<User>();
  #timer: NodeJS.Timeout | undefined;

  /** @param now a clock that never goes back. Milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#lastLook = now();
  }

  /** The longest delay of the last second. Milliseconds; 0 before the first look. */
  get max(): number {
    return this.#late.reduce((longest, late) => Math.max(longest, late), 0);
  }

  /** The mean delay of the last second. Milliseconds; 0 before the first look. */
  get mean(): number {
    const count = Math.min(this.#looks, kept);
    return count === 0 ? 0 : this.#late.reduce((sum, late) => sum + late, 0) / count;
  }

  /**
   * When the loop has turned for certain: the time of the last look plus the wait until the next one, in which it may have
   * been idle. What is beyond it now is time that the loop was held. Milliseconds of `performance.now()`; without a user
   * there is no look, and it is for ever.
   */
  get free(): number {
    return this.#timer === undefined ? Number.POSITIVE_INFINITY : this.#lastLook + interval;
  }

  /**
   * From here on the loop is looked at, which does not keep the process alive.
   *
   * @param onLook told by how many milliseconds each look was late.
   * @returns ends that, unless others have started it as well. Safe to call twice.
   */
  start(onLook?: (late: number) => void): () => void {
    if (this.#users.size === 0) this.#begin();
    const user: User = { onLook };
    this.#users.add(user);
    return () => this.#leave(user);
  }

  /** One look; what the timer does. */
  look(): void {
    const now = this.#now();
    const late = Math.max(0, now - this.#lastLook - interval);
    this.#late[this.#looks++ % kept] = late;
    this.#lastLook = now;
    for (const { onLook } of this.#users) onLook?.(late);
  }

  #begin(): void {
    this.#lastLook = this.#now();
    this.#timer = setInterval(() => this.look(), interval).unref();
  }

  #leave(user: User): void {
    this.#users.delete(user);
    if (this.#users.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The loop of this process. */
export const loopDelay = new LoopDelay();
