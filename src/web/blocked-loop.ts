import { functionLocation } from "../function-location.js";
import { applicationLog } from "../log.js";
import { loopDelay } from "../loop-delay.js";

/** How long nothing more is said about a method that was named. Milliseconds. */
const quiet = 10_000;

/** What is known of a method that has held the loop. */
interface Offender {
  /** Before this time no line of it is written. */
  readonly until: number;
  /** How often it held the loop since its last line. */
  readonly unsaid: number;
}

/**
 * Names the handlers that hold the event loop, and with it every other request, for longer than the threshold: one line of
 * the log for each method in ten seconds. For development: it reads the clock once or twice in a request.
 *
 * What runs before a method's first `await` is measured exactly. What runs behind one is seen when the method has ended, by
 * the loop's not having turned since: to within 50 ms. A piece between two `await`s shows in the delay of the loop alone.
 */
export class BlockedLoopWatch {
  readonly #threshold: number;
  readonly #now: () => number;
  readonly #free: () => number;
  readonly #offenders = new Map<string, Offender>();
  /** When the loop was last known to be in Waterspout's hands. */
  #seen = 0;

  /**
   * @param threshold milliseconds.
   * @param now the clock of `performance.now()`.
   * @param free see `LoopDelay.free`.
   */
  constructor(threshold: number, now = () => performance.now(), free = () => loopDelay.free) {
    this.#threshold = threshold;
    this.#now = now;
    this.#free = free;
  }

  /** To be called before code of the application, when the loop has turned since the last call of any of these. */
  enter(now: number = this.#now()): void {
    this.#seen = now;
  }

  /** To be called when code of the application has returned, in the turn of the last call of any of these. */
  ran(owner: string, code: Function | undefined): void {
    const since = this.#seen;
    this.#seen = this.#now();
    if (this.#seen - since > this.#threshold) this.#held(nameOf(owner, code), code, this.#seen - since, "");
  }

  /** To be called when what it returned is settled. */
  resumed(owner: string, code: Function | undefined): void {
    this.came(owner, code, " behind an await");
  }

  /** To be called where the loop may have turned or not since the last call of any of these. */
  came(owner: string, code: Function | undefined, how = ""): void {
    const since = Math.max(this.#seen, this.#free());
    this.#seen = this.#now();
    const held = this.#seen - since;
    if (held > this.#threshold) this.#held(nameOf(owner, code), code, held, how);
  }

  #held(name: string, code: Function | undefined, held: number, how: string): void {
    const { until, unsaid } = this.#offenders.get(name) ?? { until: 0, unsaid: 0 };
    const speaks = this.#seen >= until;
    this.#offenders.set(name, speaks ? { until: this.#seen + quiet, unsaid: 0 } : { until, unsaid: unsaid + 1 });
    if (speaks) void advise(`${name} held the event loop for ${Math.round(held)} ms${how}`, code, unsaid);
  }
}

/** `ReportHandler.get`; an anonymous function goes by its owner. */
function nameOf(owner: string, code: Function | undefined): string {
  return code === undefined || code.name === "" ? owner : `${owner}.${code.name}`;
}

async function advise(what: string, code: Function | undefined, unsaid: number): Promise<void> {
  const location = code && (await functionLocation(code));
  const where = location === undefined ? "" : ` (${location})`;
  const often = unsaid === 0 ? "" : `, and ${unsaid} times since this was last said`;
  applicationLog.warn(
    `${what}${where}${often}: nothing else was served meanwhile; move what blocks into a method with @RunOnExecutor and await it`,
  );
}
