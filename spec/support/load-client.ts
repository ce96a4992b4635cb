import { Worker } from "node:worker_threads";
import type { Outcome } from "./load-connection.js";

export type { Outcome } from "./load-connection.js";

/**
 * How a client behaves. `busy`: keep-alive, the next request follows the answer at once. `paced`: keep-alive, 20 ms after
 * it. `thinking`: keep-alive, 0.5 to 3 s after it. `fresh`: a connection for each request, at once. `visiting`: the same, 20 ms
 * after the answer.
 */
export type ClientKind = "busy" | "paced" | "thinking" | "fresh" | "visiting";

/** What is asked, how often and by whom. */
export interface LoadOptions {
  /** `http://host:port/path`; each request is a POST with a body of 16 bytes, unless `method` says GET. */
  readonly url: string;
  readonly method?: "GET" | "POST";
  /** Clients at the same time, each with one request at a time. */
  readonly clients: number;
  /** Of the clients, how many are of a kind, in proportion to each other. Default: all `busy`. */
  readonly mix?: Readonly<Partial<Record<ClientKind, number>>>;
  /** Milliseconds from the start of one client to the next. Default: 0, all at once. */
  readonly openEvery?: number;
  /** It ends after this many requests … Default: no number. */
  readonly requests?: number;
  /** … or after this many seconds, whichever is first. Default: 60. */
  readonly seconds?: number;
  /** Milliseconds after which a request has hung. Default: 5000. */
  readonly timeout?: number;
  /** Default: 200. */
  readonly expectedStatus?: number;
}

/** How often each outcome came; all are there. */
export type Counts = Readonly<Record<Outcome, number>>;

/** A request that was not `ok`. */
export interface Failure {
  readonly outcome: Outcome;
  readonly kind: ClientKind;
  readonly detail: string;
  /** By `Date.now()`. */
  readonly sentAt: number;
  readonly failedAt: number;
  /** Which process had answered on this connection before; undefined for the first request of a connection. */
  readonly lastPid: string | undefined;
}

/** What one process has answered. */
export interface ProcessShare {
  readonly answers: number;
  /** Connections whose first answer was its. */
  readonly connections: number;
  /** When its first answer came, by `Date.now()`. */
  readonly firstAnswer: number;
}

export interface LoadResult {
  readonly requests: number;
  /** Requests that were not `ok`. */
  readonly failed: number;
  readonly counts: Counts;
  readonly countsByKind: Readonly<Partial<Record<ClientKind, Counts>>>;
  /** The first hundred. */
  readonly failures: readonly Failure[];
  /** Milliseconds that requests took which were `ok`. */
  readonly p50: number;
  readonly p99: number;
  readonly seconds: number;
  /** By process id, of those that told it: see `Exchange.pid`. */
  readonly processes: Readonly<Record<string, ProcessShare>>;
}

/** What the thread of a load tells. */
export type LoadMessage = { readonly requests: number } | { readonly result: LoadResult };

/**
 * Starts clients against a server, in a thread of their own so that nothing in this one delays them. Nothing is ever sent
 * twice; after a failure the client waits 20 ms and goes on with a new connection.
 *
 * @example
 * await using load = startLoad({ url, clients: 32, mix: { busy: 4, paced: 3, thinking: 2, fresh: 1 }, seconds: 30 });
 * await load.reached(1000);
 * process.kill(child, "SIGKILL");
 * await load.reached(10_000);
 * const { counts } = await load.stop();
 */
export function startLoad(options: LoadOptions): Load {
  return new Load(options);
}

/** A load that runs, and its result. */
export class Load {
  /** Settles when all requests have their outcome. */
  readonly result: Promise<LoadResult>;
  readonly #worker: Worker;
  readonly #waiting = new Set<() => void>();
  #requests = 0;
  #ended = false;

  constructor(options: LoadOptions) {
    this.#worker = new Worker(new URL("./load-worker.js", import.meta.url), { workerData: options });
    this.result = new Promise((resolve, reject) => {
      this.#worker.on("error", reject);
      this.#worker.on("exit", () => reject(new Error("the load ended without a result")));
      this.#worker.on("message", (message: LoadMessage) => {
        if ("result" in message) resolve(message.result);
        else this.#requests = message.requests;
        this.#look();
      });
    });
    const end = (): void => {
      this.#ended = true;
      this.#look();
    };
    this.result.then(end, end);
  }

  /** Requests that have their outcome; up to 20 ms late. */
  get requests(): number {
    return this.#requests;
  }

  /** Resolves when `requests` have their outcome. Rejects when the load ends before. */
  reached(requests: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#requests < requests && !this.#ended) return;
        this.#waiting.delete(look);
        if (this.#requests >= requests) resolve();
        else reject(new Error(`the load ended after ${this.#requests} requests, before ${requests}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Sends no further request, and waits for those that are under way. */
  stop(): Promise<LoadResult> {
    this.#worker.postMessage("stop");
    return this.result;
  }

  /** For `await using`: a test that fails leaves no load behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

/** One line for a console: `40213 requests in 10.0 s, 4021/s, 3 failed (2 reset, 1 hung), p50 1.2 ms, p99 4.0 ms`. */
export function summary({ requests, failed, counts, p50, p99, seconds }: LoadResult): string {
  const kinds = Object.entries(counts).filter(([outcome, count]) => outcome !== "ok" && count > 0);
  const list = kinds.map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  return (
    `${requests} requests in ${seconds.toFixed(1)} s, ${(requests / seconds).toFixed(0)}/s, ` +
    `${failed} failed${list === "" ? "" : ` (${list})`}, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
  );
}
