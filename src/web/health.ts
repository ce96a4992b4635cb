import { type NumberRule, checkNumbers } from "../check.js";
import { ConfigurationError, HTTPError } from "../errors.js";
import { generalLog } from "../log.js";
import type { Exchange } from "./exchange.js";

/** How an application tells how it is, and when it refuses work. See `docs/health.md`. */
export interface HealthOptions {
  /** Where it is asked: `…/live` and `…/ready` below this path. Default: `"/healthz"`. */
  readonly path?: string;
  /**
   * Milliseconds that the event loop may be late. When it is later than that, each turn of it takes new requests for so long,
   * and refuses the rest of them 503, until turns are shorter again. 0: never. Default: 1,000.
   */
  readonly maxLoopDelay?: number;
  /** Memory of the process (RSS) in MiB; past it new requests are refused 503. Default: no limit. */
  readonly maxRssMb?: number;
  /** How full the fullest queue of an executor may be, from 0 to 1, for the application to be ready. Default: 1. */
  readonly maxQueueFill?: number;
}

const rules: Readonly<Record<keyof Omit<HealthOptions, "path">, NumberRule>> = {
  maxLoopDelay: { from: 0 },
  maxRssMb: { from: 1 },
  maxQueueFill: { from: 0, to: 1 },
};

/** What is looked at, so that specs can set it. */
export interface Vitals {
  /** The memory of this process, in bytes. */
  rss(): number;
  /** How full the fullest queue of the application's executors is: 0 to 1. */
  queueFill(): number;
}

/** Reading the memory costs more than a look at the loop; it is read at every so many looks. */
const looksPerRead = 20;

const mebibyte = 2 ** 20;

/** Made once: a refusal must cost little. Whoever is refused may come back in a second: the loop is looked at often until then. */
const refusals = { loop: tooMuch("loop"), memory: tooMuch("memory") } satisfies Record<Overload, HTTPError>;

type Overload = "loop" | "memory";

/**
 * Whether this process can take work. The marks are looked at now and then and not for each request, which reads two
 * properties. Only while the loop is late each request asks how long the turn has gone on in which it comes: at least so long
 * it has waited itself, for all that one turn serves was there at its start. Refusing what has waited, in the turn in which it
 * comes, neither lets the loop idle nor keeps those waiting for long who are refused.
 */
export class Health {
  readonly live: string;
  readonly ready: string;
  readonly #options: Required<Omit<HealthOptions, "path">>;
  readonly #vitals: Vitals;
  #overload: Overload | undefined;
  #late = false;
  #looks = 0;
  #heavy = false;
  /** When the turn of the loop took its first request; undefined between turns, and while the loop is in time. */
  #turn: number | undefined;
  /** Whether a request was refused since the last look at the loop. */
  #refused = false;

  /** @throws ConfigurationError for a path that is none, and for a number out of range. */
  constructor(options: HealthOptions, vitals: Vitals) {
    const { path = "/healthz", maxLoopDelay = 1_000, maxRssMb = Number.POSITIVE_INFINITY, maxQueueFill = 1 } = options;
    const { path: _, ...numbers } = options;
    checkNumbers("health", numbers, rules);
    this.live = `${checkedPath(path)}/live`;
    this.ready = `${path}/ready`;
    this.#options = { maxLoopDelay, maxRssMb, maxQueueFill };
    this.#vitals = vitals;
  }

  /** Why new requests are refused, all of them or some. Undefined: they are not. */
  get overload(): Overload | undefined {
    return this.#overload;
  }

  /** The loop was looked at: it was late by so many milliseconds. */
  look(late: number): void {
    const { maxLoopDelay, maxRssMb } = this.#options;
    // A loop that refuses is not late, because it does.
    this.#late = maxLoopDelay > 0 && (late > maxLoopDelay || this.#refused);
    this.#refused = false;
    if (this.#looks++ % looksPerRead === 0 && maxRssMb !== Number.POSITIVE_INFINITY) {
      this.#heavy = this.#vitals.rss() > maxRssMb * mebibyte;
    }
    if (this.#heavy) this.#note("memory", `more than ${maxRssMb} MiB are in use`);
    else if (!this.#late || this.#overload === "memory") this.#note(undefined);
  }

  /** The answer to a request that came at `now` while there is too much to do; undefined: it is to be served. */
  refusalAt(now: number): HTTPError | undefined {
    if (this.#heavy) return refusals.memory;
    if (!this.#late) return undefined;
    const waited = this.#turnUntil(now);
    if (waited <= this.#options.maxLoopDelay) return undefined;
    this.#refused = true;
    this.#note("loop", `the event loop has been held for ${Math.round(waited)} ms, again`);
    return refusals.loop;
  }

  /** Why the application is not ready; empty when it is. */
  reasons(draining: boolean): string[] {
    const queue = this.#vitals.queueFill();
    // At the mark itself only a full queue is too full: an empty one is never.
    const full = queue > 0 && queue >= this.#options.maxQueueFill;
    return [
      ...(draining ? ["draining"] : []),
      ...(this.#overload === undefined ? [] : [this.#overload]),
      ...(full ? ["queue"] : []),
    ];
  }

  /** How long the turn of the loop has gone on since it took its first request, which is never refused. Milliseconds. */
  #turnUntil(now: number): number {
    if (this.#turn === undefined) {
      this.#turn = now;
      setImmediate(() => (this.#turn = undefined));
    }
    return now - this.#turn;
  }

  #note(overload: Overload | undefined, why?: string): void {
    if (overload === this.#overload) return;
    this.#overload = overload;
    if (why === undefined) generalLog.info("requests are taken again");
    else generalLog.warn(`requests are refused: ${why}`);
  }
}

function tooMuch(overload: Overload): HTTPError {
  return new HTTPError(503, `too much to do: ${overload}`, { headers: { "Retry-After": "1" } });
}

function checkedPath(path: unknown): string {
  if (typeof path === "string" && /^(?:\/[\w.~-]+)+$/.test(path)) return path;
  throw new ConfigurationError(
    `health: path must be like "/healthz", without a slash at its end, got ${JSON.stringify(path)}`,
  );
}

/**
 * Answers a question for the application's health. It is no request of the application's: no handler, no middleware, no
 * line in the access log.
 */
export function answerHealth({ live }: Health, reasons: readonly string[], { request, response }: Exchange): void {
  const { method, path } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.setStatus(405);
    response.setHeader("Allow", "GET, HEAD");
    return void response.finish();
  }
  const status = path === live || reasons.length === 0 ? 200 : 503;
  response.setStatus(status);
  response.setHeader("Content-Type", "application/json; charset=UTF-8");
  response.setHeader("Cache-Control", "no-store");
  response.write(JSON.stringify(status === 200 ? { status: "ok" } : { status: "unavailable", reasons }));
  void response.finish();
}
