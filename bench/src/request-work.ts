import { ask, differences } from "./answers.js";
import { type LoadResult, type RequestSpec, putLoad } from "./load.js";
import { type Peers, type Running, withPeers } from "./peers.js";
import type { Served } from "./served.js";
import { median, ratioOf } from "./statistics.js";
import { type Turns, takeTurns } from "./turns.js";
import type { Row, Work } from "./work.js";

/** Work that is a request: every server gets the same one, and must answer it with the same bytes. */
export interface RequestWork {
  readonly name: string;
  readonly title: string;
  readonly request: RequestSpec;
  readonly peers: Peers;
  /** Default 32. */
  readonly connections?: number;
  /** Whether the answers tell something that cannot be equal. Default: they do not. */
  readonly differ?: boolean;
}

/** What one turn of one server showed. */
interface Turn {
  readonly cpu: number;
  readonly requestsPerSecond: number;
  readonly p99: number;
}

const warmUpRequests = 60_000;
/** Milliseconds, for what is slow or a machine that is busy. */
const warmUpTime = 30_000;

/** Microseconds of processor time of the server for each request, its peers taking turns. */
export function requestWork(work: RequestWork): Work {
  return {
    name: work.name,
    title: work.title,
    measure: (options) =>
      withPeers(work.peers, options, async (running) => {
        if (work.differ !== true) await refuseUnequal(work.name, work.request, running);
        for (const server of running.values()) await warmUp(work, server);
        return rowsOf(work, await takeTurns(running, options, (server) => turn(work, server, options.seconds)));
      }),
  };
}

/** Takes those out that answer something else than the first: whatever they would show, it would not be this work. */
export async function refuseUnequal(work: string, request: RequestSpec, running: Running): Promise<void> {
  const [[first, reference] = ["", undefined]] = running;
  const expected = await ask(reference?.url ?? "", request);
  for (const [name, server] of running) {
    const found = differences(expected, await ask(server.url, request));
    if (found.length === 0) continue;
    console.error(`NOT MEASURED ${work}: ${name} answers otherwise than ${first}:\n  ${found.join("\n  ")}`);
    process.exitCode = 1;
    await server.stop();
    running.delete(name);
  }
}

/** Until its code is compiled: what the first thousands of requests cost says nothing of those that follow. */
async function warmUp(work: RequestWork, server: Served): Promise<void> {
  const started = performance.now();
  let requests = 0;
  while (requests < warmUpRequests && performance.now() - started < warmUpTime) {
    requests += (await load(work, server, 1)).requests;
  }
}

async function turn(work: RequestWork, server: Served, seconds: number): Promise<Turn> {
  const before = server.cpu();
  const result = await load(work, server, seconds);
  return {
    cpu: (server.cpu() - before) / result.requests,
    requestsPerSecond: result.requests / result.seconds,
    p99: result.p99,
  };
}

async function load({ request, connections = 32 }: RequestWork, { url }: Served, seconds: number): Promise<LoadResult> {
  const result = await putLoad({ url, request, connections, seconds });
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests to ${url} failed`);
  return result;
}

function rowsOf(work: RequestWork, turns: Turns<Turn>): Row[] {
  const [ours = []] = [...turns.values()].map((all) => all.map(({ cpu }) => cpu));
  return [...turns].map(([subject, all]) => {
    const cpus = all.map(({ cpu }) => cpu);
    return {
      work: work.name,
      subject,
      figure: median(cpus),
      least: Math.min(...cpus),
      unit: "CPU µs / request",
      ratio: ratioOf(ours, cpus),
      requestsPerSecond: median(all.map(({ requestsPerSecond }) => requestsPerSecond)),
      p99: median(all.map(({ p99 }) => p99)),
    };
  });
}
