/** How far a child may be ahead of the one with the fewest connections: by a quarter, and by four. */
const mayExceed = { factor: 1.25, connections: 4 };

/** How long a child lets the others go first. Milliseconds. */
const shortest = 5;
const longest = 40;

/** After so many times in a row at which a connection had waited for it, the child accepts as it comes … */
const patience = 40;
/** … for so long. Milliseconds. */
const insistence = 1_000;

/**
 * When a child lets its siblings go first, and for how long. Children that accept on one socket get connections as they
 * happen to be awake, and in a burst one of them may take all. One that has clearly more than another pauses after each
 * connection that it accepts.
 *
 * A pause that costs nobody anything becomes longer, because connections that come slowly would miss a short one. When at
 * the end of each a connection has waited, the others cannot keep up: one of them is blocked, or idle connections are
 * spread unevenly and cost nothing. Then it accepts without regard to them, and tries again later.
 */
export class Turns {
  readonly #now: () => number;
  #length = shortest;
  #inVain = 0;
  #insistsUntil = Number.NEGATIVE_INFINITY;

  /** @param now Milliseconds on a clock that never jumps. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * A connection was accepted; now there are `own`, and `least` at the sibling with the fewest.
   *
   * @returns for how many milliseconds to accept no other; 0 is none.
   */
  accepted(own: number, least: number | undefined): number {
    if (least === undefined || own <= least * mayExceed.factor + mayExceed.connections) return this.#level();
    return this.#now() < this.#insistsUntil ? 0 : this.#length;
  }

  /** A pause is over; `waiting`: a connection was there that nobody had accepted meanwhile. */
  resumed(waiting: boolean): void {
    this.#length = waiting ? shortest : Math.min(this.#length * 2, longest);
    this.#inVain = waiting ? this.#inVain + 1 : 0;
    if (this.#inVain < patience) return;
    this.#inVain = 0;
    this.#insistsUntil = this.#now() + insistence;
  }

  #level(): number {
    this.#length = shortest;
    return 0;
  }
}
