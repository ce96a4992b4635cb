import { ask, differences } from "./answers.js";
import { type LoadResult, type RequestSpec, putLoad } from "./load.js";
import type { BenchOptions } from "./options.js";
import { type Peer, commandOf } from "./peers.js";
import { Served } from "./served.js";
import { median, ratios, spread } from "./statistics.js";
import type { Row, Work } from "./work.js";

/** Work that is a request: every server gets the same one, and must answer it with the same bytes. */
export interface RequestWork {
  readonly name: string;
  readonly title: string;
  readonly request: RequestSpec;
  /** The first is what the others are compared with. */
  readonly peers: readonly [Peer, ...Peer[]];
  /** Default 32. */
  readonly connections?: number;
}

/** What one turn of one server showed. */
interface Turn {
  readonly cpu: number;
  readonly requestsPerSecond: number;
  readonly p99: number;
}

const warmUpRequests = 20_000;
/** Milliseconds, for what is slow or a machine that is busy. */
const warmUpTime = 10_000;

/** Microseconds of processor time of the server for each request, its peers taking turns. */
export function requestWork(work: RequestWork): Work {
  return {
    name: work.name,
    title: work.title,
    async measure(options) {
      const servers = new Map<Peer, Served>();
      try {
        for (const peer of work.peers) {
          const command = commandOf(peer, options.node);
          if (command !== undefined) servers.set(peer, await Served.start(command));
        }
        await refuseUnequal(work, servers);
        return rowsOf(work, await takeTurns(work, servers, options));
      } finally {
        for (const server of servers.values()) await server.stop();
      }
    },
  };
}

/** Takes those out that answer something else: whatever they would show, it would not be this work. */
async function refuseUnequal(work: RequestWork, servers: Map<Peer, Served>): Promise<void> {
  const [first] = work.peers;
  const expected = await ask(servers.get(first)?.url ?? "", work.request);
  for (const [peer, server] of servers) {
    const found = differences(expected, await ask(server.url, work.request));
    if (found.length === 0) continue;
    console.error(`NOT MEASURED ${work.name}: ${peer} answers otherwise than ${first}:\n  ${found.join("\n  ")}`);
    process.exitCode = 1;
    await server.stop();
    servers.delete(peer);
  }
}

async function takeTurns(
  work: RequestWork,
  servers: ReadonlyMap<Peer, Served>,
  { rounds, seconds }: BenchOptions,
): Promise<Map<Peer, Turn[]>> {
  const turns = new Map<Peer, Turn[]>([...servers.keys()].map((peer) => [peer, []]));
  for (const server of servers.values()) await warmUp(work, server);
  for (let round = 0; round < rounds; round++) {
    for (const [peer, server] of rotated([...servers], round)) {
      turns.get(peer)?.push(await turn(work, server, seconds));
    }
  }
  return turns;
}

/** Until its code is compiled: what the first thousands of requests cost says nothing of those that follow. */
async function warmUp(work: RequestWork, server: Served): Promise<void> {
  const started = performance.now();
  let requests = 0;
  while (requests < warmUpRequests && performance.now() - started < warmUpTime) {
    requests += (await load(work, server, 1)).requests;
  }
}

/** Each round begins with another, so that none always follows the same one. */
function rotated<T>(all: readonly T[], by: number): T[] {
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
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

function rowsOf(work: RequestWork, turns: ReadonlyMap<Peer, readonly Turn[]>): Row[] {
  const cpus = (peer: Peer): number[] => (turns.get(peer) ?? []).map(({ cpu }) => cpu);
  return [...turns].map(([peer, all]) => {
    const compared = ratios(cpus(work.peers[0]), cpus(peer));
    return {
      work: work.name,
      subject: peer,
      figure: median(cpus(peer)),
      unit: "CPU µs / request",
      ratio: median(compared),
      spread: spread(compared),
      requestsPerSecond: median(all.map(({ requestsPerSecond }) => requestsPerSecond)),
      p99: median(all.map(({ p99 }) => p99)),
    };
  });
}
