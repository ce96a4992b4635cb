import { pbkdf2Sync } from "node:crypto";
import { availableParallelism } from "node:os";
import { putLoad } from "../load.js";
import type { BenchOptions } from "../options.js";
import { taskPeers, waterspoutTasks, withPeers } from "../peers.js";
import { latencies } from "../probe.js";
import { refuseUnequal } from "../request-work.js";
import type { Served } from "../served.js";
import { median, percentile, ratioOf } from "../statistics.js";
import { takeTurns } from "../turns.js";
import type { Row, Work } from "../work.js";

/** A p99 needs more requests than a mean: turns are so many times as long as others. */
const turnLength = 3;

/** One turn: the light route alone, then beside what takes all threads. */
interface Turn {
  readonly idle: number;
  readonly busy: number;
  readonly hashesPerSecond: number;
}

/** Five milliseconds of a processor, in a thread, and a light route beside it. */
export const hash: Work = {
  name: "hash",
  title: "light route beside hashes of 5 ms",
  async measure(options) {
    const path = `/hash?rounds=${roundsOf(5)}`;
    const rows: Row[] = [];
    for (let threads = 1; threads <= availableParallelism(); threads++)
      rows.push(...(await measure(threads, path, options)));
    return rows;
  },
};

function measure(threads: number, path: string, options: BenchOptions): Promise<Row[]> {
  const peers = { ...taskPeers(threads), "waterspout, niceness 0": waterspoutTasks(threads, 0) };
  return withPeers(peers, options, async (running) => {
    await refuseUnequal("hash", { path }, running);
    await refuseUnequal("hash", { path: "/light" }, running);
    for (const server of running.values()) await turn(server, path, 1);
    const turns = await takeTurns(running, options, (server) => turn(server, path, turnLength * options.seconds));
    const [ours = []] = turns.values();
    return [...turns].map(([name, all]) => rowOf(`${name}, ${threads} thread${threads === 1 ? "" : "s"}`, ours, all));
  });
}

async function turn({ url }: Served, path: string, seconds: number): Promise<Turn> {
  const idle = percentile(await latencies(`${url}/light`, seconds), 99);
  const load = putLoad({ url, request: { path }, connections: 16, seconds });
  const busy = percentile(await latencies(`${url}/light`, seconds), 99);
  const { requests, seconds: time, failed } = await load;
  if (failed > 0) throw new Error(`${failed} of ${requests} hashes of ${url} failed`);
  return { idle, busy, hashesPerSecond: requests / time };
}

function rowOf(subject: string, ours: readonly Turn[], all: readonly Turn[]): Row {
  const busy = all.map((one) => one.busy);
  const timesIdle = median(all.map((one) => one.busy / one.idle));
  return {
    work: "hash",
    subject,
    figure: median(busy),
    least: Math.min(...busy),
    unit: "ms p99, light route",
    ratio: ratioOf(
      ours.map((one) => one.busy),
      busy,
    ),
    requestsPerSecond: median(all.map(({ hashesPerSecond }) => hashesPerSecond)),
    timesIdle,
    note: `idle ${median(all.map(({ idle }) => idle)).toFixed(2)} ms: × ${timesIdle.toFixed(1)}; requests/s are hashes`,
  };
}

/** How many rounds take so many milliseconds here, when nothing else runs. */
function roundsOf(milliseconds: number): number {
  const rounds = 2_000;
  const times = Array.from({ length: 20 }, () => {
    const started = performance.now();
    pbkdf2Sync("password", "salt", rounds, 32, "sha256");
    return performance.now() - started;
  });
  return Math.round((rounds * milliseconds) / Math.min(...times));
}
