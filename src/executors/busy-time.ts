/** How long something had work, as a share of the time between two readings. */
export class BusyTime {
  readonly #now: () => number;
  #read: number;
  #since: number | undefined;
  #sum = 0;

  /** @param now a clock that never goes back. Milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#read = now();
  }

  begin(): void {
    this.#since ??= this.#now();
  }

  end(): void {
    if (this.#since !== undefined) this.#sum += this.#now() - this.#since;
    this.#since = undefined;
  }

  /** The share since the last reading: 0 to 1. */
  read(): number {
    const now = this.#now();
    const busy = this.#sum + (this.#since === undefined ? 0 : now - this.#since);
    const share = now > this.#read ? busy / (now - this.#read) : 0;
    if (this.#since !== undefined) this.#since = now;
    [this.#read, this.#sum] = [now, 0];
    return share;
  }
}
