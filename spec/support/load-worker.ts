/** The thread in which the clients of a load run; see `load-client.ts`. */
import { setMaxListeners } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientKind, Failure, LoadMessage, LoadOptions, LoadResult, ProcessShare } from "./load-client.js";
import { type Exchange, LoadConnection, type Outcome, outcomes } from "./load-connection.js";

const pauses: Readonly<Record<ClientKind, () => number>> = {
  busy: () => 0,
  paced: () => 20,
  thinking: () => 500 + Math.random() * 2_500,
  fresh: () => 0,
  visiting: () => 20,
};
const pauseAfterFailure = 20;
const failuresKept = 100;

class LoadRun {
  readonly #options: LoadOptions;
  readonly #url: URL;
  readonly #request: Readonly<Record<"keepAlive" | "close", string>>;
  readonly #stop = new AbortController();
  readonly #started = performance.now();
  readonly #counts = new Map<ClientKind, Record<Outcome, number>>();
  readonly #times: number[] = [];
  readonly #failures: Failure[] = [];
  readonly #processes = new Map<string, { -readonly [Key in keyof ProcessShare]: ProcessShare[Key] }>();
  #sent = 0;
  #settled = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    // Each client that pauses listens for the stop.
    setMaxListeners(0, this.#stop.signal);
    this.#request = { keepAlive: this.#bytes(""), close: this.#bytes("Connection: close\r\n") };
  }

  stop(): void {
    this.#stop.abort();
  }

  async run(): Promise<LoadResult> {
    const end = setTimeout(() => this.stop(), (this.#options.seconds ?? 60) * 1000);
    const news = setInterval(() => tell({ requests: this.#settled }), 20);
    await Promise.all(this.#kinds().map((kind, index) => this.#client(kind, index)));
    clearTimeout(end);
    clearInterval(news);
    tell({ requests: this.#settled });
    return this.#result();
  }

  /** The kind of each client, by largest remainder, and mixed so that each part of a slow start has all kinds. */
  #kinds(): ClientKind[] {
    const { clients, mix = { busy: 1 } } = this.#options;
    const shares = Object.entries(mix) as [ClientKind, number][];
    const sum = shares.reduce((total, [, share]) => total + share, 0);
    const had = new Map<ClientKind, number>();
    return Array.from({ length: clients }, (_, index) => {
      const due = ([kind, share]: [ClientKind, number]): number => (share / sum) * (index + 1) - (had.get(kind) ?? 0);
      const [kind] = shares.reduce((best, entry) => (due(entry) > due(best) ? entry : best));
      had.set(kind, (had.get(kind) ?? 0) + 1);
      return kind;
    });
  }

  async #client(kind: ClientKind, index: number): Promise<void> {
    await this.#pause(index * (this.#options.openEvery ?? 0));
    let connection: LoadConnection | undefined;
    let lastPid: string | undefined;
    while (this.#mayGoOn()) {
      this.#sent++;
      if (connection?.usable !== true) [connection, lastPid] = [this.#connect(), undefined];
      const exchange = await this.#exchange(connection, kind, lastPid);
      lastPid = exchange.pid;
      await this.#pause(exchange.outcome === "ok" ? pauses[kind]() : Math.max(pauses[kind](), pauseAfterFailure));
    }
    connection?.close();
  }

  #mayGoOn(): boolean {
    return !this.#stop.signal.aborted && this.#sent < (this.#options.requests ?? Number.POSITIVE_INFINITY);
  }

  #connect(): LoadConnection {
    return new LoadConnection(this.#url, this.#options.expectedStatus ?? 200);
  }

  async #exchange(connection: LoadConnection, kind: ClientKind, lastPid: string | undefined): Promise<Exchange> {
    const sentAt = Date.now();
    const started = performance.now();
    const closes = kind === "fresh" || kind === "visiting";
    const request = closes ? this.#request.close : this.#request.keepAlive;
    const exchange = await connection.exchange(request, this.#options.timeout ?? 5_000);
    if (closes) connection.close();
    const { outcome, detail, pid } = exchange;
    this.#settled++;
    this.#countsOf(kind)[outcome]++;
    if (outcome === "ok") this.#times.push(performance.now() - started);
    else if (this.#failures.length < failuresKept) {
      this.#failures.push({ outcome, kind, detail, sentAt, failedAt: Date.now(), lastPid });
    }
    if (pid !== undefined) this.#credit(pid, lastPid === undefined);
    return exchange;
  }

  #countsOf(kind: ClientKind): Record<Outcome, number> {
    const counts = this.#counts.get(kind) ?? noCounts();
    this.#counts.set(kind, counts);
    return counts;
  }

  #credit(pid: string, isFirst: boolean): void {
    const share = this.#processes.get(pid) ?? { answers: 0, connections: 0, firstAnswer: Date.now() };
    share.answers++;
    if (isFirst) share.connections++;
    this.#processes.set(pid, share);
  }

  async #pause(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return;
    await delay(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  #bytes(fields: string): string {
    const { method = "POST" } = this.#options;
    const { host, pathname, search } = this.#url;
    const body = method === "GET" ? "" : "Content-Type: text/plain\r\nContent-Length: 16\r\n";
    const head = `${method} ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n${body}${fields}\r\n`;
    return method === "GET" ? head : `${head}0123456789abcdef`;
  }

  #result(): LoadResult {
    const times = this.#times.toSorted((a, b) => a - b);
    const counts = noCounts();
    for (const ofKind of this.#counts.values()) for (const outcome of outcomes) counts[outcome] += ofKind[outcome];
    return {
      requests: this.#settled,
      failed: this.#settled - counts.ok,
      counts,
      countsByKind: Object.fromEntries(this.#counts),
      failures: this.#failures,
      p50: times[Math.floor(times.length * 0.5)] ?? Number.NaN,
      p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
      seconds: (performance.now() - this.#started) / 1000,
      processes: Object.fromEntries(this.#processes),
    };
  }
}

function noCounts(): Record<Outcome, number> {
  return Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
}

function tell(message: LoadMessage): void {
  parentPort?.postMessage(message);
}

const load = new LoadRun(workerData as LoadOptions);
parentPort?.on("message", () => load.stop());
const result = await load.run();
tell({ result });
parentPort?.close();
