/**
 * A server that is asked for three times what it can do: `npm run load:shedding [-- <seconds>]`, 20 unless it says otherwise.
 * It fails when the answers of a second (goodput) are fewer than 90 % of what clients get that wait for their answers, when
 * a refusal takes more than 20 ms (p99) or has no Retry-After, or when the health is not answered. Both loads take turns,
 * and the median of the rounds decides. It does so for work on an
 * executor with the default marks, and for work on the event loop with a mark that lets one request into each turn.
 *
 * Clients and server share the machine: what else runs on it counts against the server.
 */
import { fork } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startApplication } from "waterspout/testing";
import { positiveInteger } from "../support/argument.js";
import { OpenLoad, type OpenLoadResult } from "../support/open-load.js";

/** Of each load in all. */
const seconds = positiveInteger("seconds", process.argv[2], 20);
/** An odd number. */
const rounds = 7;

if (process.send === undefined) await run();
else await serve();

async function serve(): Promise<void> {
  const maxLoopDelay = Number(process.argv[3]);
  const health = maxLoopDelay > 0 ? { maxLoopDelay } : {};
  const app = await startApplication(new URL("./shedding-application.js", import.meta.url), { health });
  process.send?.(app.url);
}

async function run(): Promise<void> {
  const work = hashesOf(5);
  await scenario("5 ms on the executor", `/executor/${work}`, 8 * availableParallelism());
  await scenario("3 ms on the event loop", `/loop/${Math.round(work * 0.6)}`, 8, 2);
}

/** An overload, and what clients got that waited for their answers, before it and behind it. */
interface Round {
  readonly overload: OpenLoadResult;
  readonly peak: number;
}

/**
 * @param clients as many as keep the server busy.
 * @param maxLoopDelay of the server that gets too much. The peak is that of one without a mark: a client that is refused
 * would wait no longer.
 */
async function scenario(what: string, path: string, clients: number, maxLoopDelay = 0): Promise<void> {
  await using calm = await start(0);
  await using shedding = await start(maxLoopDelay);
  const waiting = new OpenLoad(calm.url + path);
  const load = new OpenLoad(shedding.url + path);
  for (const warming of [waiting, load]) await warming.closed(clients, 2);
  let before = await waiting.closed(clients, seconds / rounds);
  const onset = await load.open(3 * before.goodput, 2);
  console.log(`${what}:\n  3 times as much, the first two seconds: ${shown(onset)}`);
  const health = watchHealth(`${shedding.url}/healthz/live`);
  const seen: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const overload = await load.open(3 * before.goodput, seconds / rounds);
    const after = await waiting.closed(clients, seconds / rounds);
    seen.push({ overload, peak: (before.goodput + after.goodput) / 2 });
    console.log(`  ${clients} clients that wait: ${shown(before)}\n  3 times as much: ${shown(overload)}`);
    before = after;
  }
  const asked = await health.end();
  const recovered = await load.closed(1, 1);
  for (const used of [waiting, load]) used.close();
  judge(seen);
  console.log(`  health: ${asked.answers} answers, ${asked.slowest.toFixed(1)} ms at most`);
  check(asked.failed === 0 && asked.answers > 0, `the health was not answered ${asked.failed} times`);
  check(recovered.refused.count < recovered.sent / 10, "it refuses when the load is gone");
  for (const { others } of [onset, before, recovered, ...seen.map(({ overload }) => overload)]) {
    check(Object.keys(others).length === 0, `other answers came: ${JSON.stringify(others)}`);
  }
}

/** By the median of the rounds: the machine becomes slower and faster, and is busy with something else at times. */
function judge(seen: readonly Round[]): void {
  const shares = seen.map(({ overload, peak }) => overload.goodput / peak);
  const refusals = seen.map(({ overload }) => overload.refused.p99);
  const percent = shares.map((share) => (100 * share).toFixed(1)).join(", ");
  console.log(`  goodput: ${(100 * median(shares)).toFixed(1)} % of the peak (${percent})`);
  console.log(`  refusals, p99: ${median(refusals).toFixed(1)} ms`);
  check(median(shares) >= 0.9, "goodput is below 90 % of the peak");
  check(median(refusals) <= 20, "refusals take more than 20 ms");
  const refused = seen.map(({ overload }) => overload.refused.count / overload.sent);
  check(median(refused) > 1 / 3, "too little was refused for an overload");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A server of its own process. */
async function start(maxLoopDelay: number): Promise<AsyncDisposable & { readonly url: string }> {
  const server = fork(fileURLToPath(import.meta.url), [String(seconds), String(maxLoopDelay)], {
    env: { ...process.env, NODE_ENV: "production" },
    // The log is written as in production, and kept by nobody.
    stdio: ["ignore", "inherit", "ignore", "ipc"],
  });
  const exited = once(server, "exit").then(([code]) => check(code === null, `a server exited with ${String(code)}`));
  const [url] = (await Promise.race([once(server, "message"), exited.then(() => [""])])) as [string];
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await exited;
    },
  };
}

/** Asks for the health ten times a second. */
function watchHealth(url: string): { end(): Promise<{ answers: number; failed: number; slowest: number }> } {
  const seen = { answers: 0, failed: 0, slowest: 0 };
  const stop = new AbortController();
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const started = performance.now();
      const { ok } = await fetch(url);
      if (ok) seen.answers++;
      else seen.failed++;
      seen.slowest = Math.max(seen.slowest, performance.now() - started);
      await sleep(100);
    }
  };
  const watched = watch();
  return {
    async end() {
      stop.abort();
      await watched;
      return seen;
    },
  };
}

/** How many rounds of hashing take so many milliseconds here, by the fastest of some tries. */
function hashesOf(milliseconds: number): number {
  const hashes = 5_000;
  const times = Array.from({ length: 30 }, () => {
    const started = performance.now();
    pbkdf2Sync("password", "salt", hashes, 32, "sha256");
    return performance.now() - started;
  });
  return Math.round((hashes * milliseconds) / Math.min(...times));
}

function shown({ sent, accepted, refused, goodput }: OpenLoadResult): string {
  const taken = `${goodput.toFixed(0)}/s answered (p50 ${accepted.p50.toFixed(1)} ms, p99 ${accepted.p99.toFixed(1)} ms)`;
  if (refused.count === 0) return `${sent} requests, ${taken}`;
  const { p50, p99, max } = refused;
  const times = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, at most ${max.toFixed(1)} ms`;
  return `${sent} requests, ${taken}, ${refused.count} refused (${times})`;
}

function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}
