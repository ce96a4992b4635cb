import { type NumberRule, checkNumbers } from "../check.js";
import { ConfigurationError, HTTPError } from "../errors.js";
import { generalLog } from "../log.js";
import type { Exchange } from "./exchange.js";

/** How an application tells how it is, and when it refuses work. See `docs/health.md`. */
export interface HealthOptions {
  /** Where it is asked: `…/live` and `…/ready` below this path. Default: `"/healthz"`. */
  readonly path?: string;
  /**
   * Milliseconds that the event loop may be late, twice in succession; past it new requests are refused 503 until it is not.
   * 0: never. Default: 1,000.
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

/** Whoever is refused may come back then, in seconds: the loop is looked at several times in between. */
const retryAfter = "1";

/**
 * Whether this process can take work. The marks are looked at now and then and not for each request, which reads
 * one property.
 */
export class Health {
  readonly live: string;
  readonly ready: string;
  readonly #options: Required<Omit<HealthOptions, "path">>;
  readonly #vitals: Vitals;
  #overload: string | undefined;
  #late = 0;
  #looks = 0;
  #heavy = false;

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

  /** Why new requests are refused: `"loop"`, `"memory"`. Undefined: they are not. */
  get overload(): string | undefined {
    return this.#overload;
  }

  /** The loop was looked at: it was late by so many milliseconds. */
  look(late: number): void {
    const { maxLoopDelay, maxRssMb } = this.#options;
    this.#late = maxLoopDelay > 0 && late > maxLoopDelay ? this.#late + 1 : 0;
    if (this.#looks++ % looksPerRead === 0 && maxRssMb !== Number.POSITIVE_INFINITY) {
      this.#heavy = this.#vitals.rss() > maxRssMb * mebibyte;
    }
    this.#note(this.#late > 1 ? "loop" : this.#heavy ? "memory" : undefined, late);
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

  /** The refusal of a request that came while there is too much to do. */
  refusal(): HTTPError {
    return new HTTPError(503, `too much to do: ${this.#overload}`, { headers: { "Retry-After": retryAfter } });
  }

  #note(overload: string | undefined, late: number): void {
    if (overload === this.#overload) return;
    this.#overload = overload;
    if (overload === undefined) return generalLog.info("requests are taken again");
    const why =
      overload === "loop"
        ? `the event loop is ${Math.round(late)} ms late`
        : `more than ${this.#options.maxRssMb} MiB are in use`;
    generalLog.warn(`requests are refused: ${why}`);
  }
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
