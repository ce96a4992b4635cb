import { setTimeout as sleep } from "node:timers/promises";
import { LoadConnection } from "./load-connection.js";

/** What came of a load. Times are milliseconds from the request's last byte to the answer's. */
export interface OpenLoadResult {
  readonly sent: number;
  /** Of the requests that were answered 200. */
  readonly accepted: Times;
  /** Of those that were answered 503 with a Retry-After. */
  readonly refused: Times;
  /** What came of all others, and how often. */
  readonly others: Readonly<Record<string, number>>;
  /** Answers with 200 in a second, of all that was sent in the time of the load. */
  readonly goodput: number;
}

export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Longer than any answer may take. Milliseconds. */
const timeout = 10_000;

/** Clients of one server, over connections that are kept. */
export class OpenLoad {
  readonly #url: URL;
  readonly #request: string;
  readonly #idle: LoadConnection[] = [];
  readonly #accepted: number[] = [];
  readonly #refused: number[] = [];
  readonly #others: Record<string, number> = {};
  #sent = 0;

  constructor(url: string) {
    this.#url = new URL(url);
    this.#request = `GET ${this.#url.pathname} HTTP/1.1\r\nHost: ${this.#url.host}\r\n\r\n`;
  }

  /** So many clients that send the next request when the last one is answered. */
  async closed(clients: number, seconds: number): Promise<OpenLoadResult> {
    const started = performance.now();
    const end = started + seconds * 1000;
    const client = async (): Promise<void> => {
      while (performance.now() < end) await this.#ask();
    };
    await Promise.all(Array.from({ length: clients }, client));
    return this.#result((performance.now() - started) / 1000);
  }

  /** So many requests a second, whatever becomes of those before: people who do not know of each other. */
  async open(rate: number, seconds: number): Promise<OpenLoadResult> {
    const started = performance.now();
    const pending = new Set<Promise<void>>();
    for (let due = 0; due < rate * seconds; await sleep(1)) {
      const now = (performance.now() - started) / 1000;
      for (due = Math.min(now, seconds) * rate; this.#sent < due;) {
        const asked = this.#ask().finally(() => pending.delete(asked));
        pending.add(asked);
      }
    }
    const took = (performance.now() - started) / 1000;
    await Promise.all(pending);
    return this.#result(took);
  }

  close(): void {
    for (const connection of this.#idle) connection.close();
  }

  async #ask(): Promise<void> {
    this.#sent++;
    const connection = this.#connection();
    const started = performance.now();
    const { outcome, detail, retryAfter, reusable } = await connection.exchange(this.#request, timeout);
    const took = performance.now() - started;
    if (reusable) this.#idle.push(connection);
    if (outcome === "ok") this.#accepted.push(took);
    else if (detail === "503" && retryAfter) this.#refused.push(took);
    else this.#others[`${outcome} ${detail}`] = (this.#others[`${outcome} ${detail}`] ?? 0) + 1;
  }

  #connection(): LoadConnection {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) if (kept.usable) return kept;
    return new LoadConnection(this.#url, 200);
  }

  #result(seconds: number): OpenLoadResult {
    const [accepted, refused] = [timesOf(this.#accepted), timesOf(this.#refused)];
    const result = {
      sent: this.#sent,
      accepted,
      refused,
      others: { ...this.#others },
      goodput: accepted.count / seconds,
    };
    this.#accepted.length = this.#refused.length = this.#sent = 0;
    for (const name of Object.keys(this.#others)) delete this.#others[name];
    return result;
  }
}

function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { count: times.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
