import { Subscribers } from "../subscribers.js";
import { type Peers, type Running, frameworks, nodeHttp, waterspout, withPeers } from "../peers.js";
import type { Served } from "../served.js";
import { median, ratioOf } from "../statistics.js";
import { takeTurns } from "../turns.js";
import type { Row, Work } from "../work.js";

const peers: Peers = { waterspout, "node:http": nodeHttp, ...frameworks };
const clients = 100;

/** What one turn of one server showed. */
interface Turn {
  readonly cpu: number;
  readonly eventsPerSecond: number;
}

/** Server-sent events to many clients at once: each is published by a request, and the next when all have got it. */
export const events: Work = {
  name: "events",
  title: `events to ${clients} clients`,
  measure: (options) =>
    withPeers(peers, options, async (running) => {
      await refuseUnequal(running);
      for (const server of running.values()) await turn(server, 2);
      const turns = await takeTurns(running, options, (server) => turn(server, options.seconds));
      const [ours = []] = turns.values();
      return [...turns].map(([subject, all]) => rowOf(subject, ours, all));
    }),
};

async function turn(server: Served, seconds: number): Promise<Turn> {
  const subscribers = await Subscribers.open(server.url, clients);
  const started = performance.now();
  const before = server.cpu();
  let count = 0;
  while (performance.now() - started < seconds * 1000) {
    await subscribers.publish();
    count += clients;
  }
  const turned = {
    cpu: (server.cpu() - before) / count,
    eventsPerSecond: (count / (performance.now() - started)) * 1000,
  };
  await subscribers.close();
  return turned;
}

/** The heads of these answers go out once, so that the events alone must be equal. */
async function refuseUnequal(running: Running): Promise<void> {
  const texts = new Map<string, string>();
  for (const [name, server] of running) {
    const subscribers = await Subscribers.open(server.url, 1);
    texts.set(name, await subscribers.publish());
    await subscribers.close();
  }
  const [expected = ""] = texts.values();
  for (const [name, text] of texts) {
    if (linesOf(text) === linesOf(expected)) continue;
    console.error(`NOT MEASURED events: ${name} sends ${JSON.stringify(text)} for ${JSON.stringify(expected)}`);
    process.exitCode = 1;
    await running.get(name)?.stop();
    running.delete(name);
  }
}

/** In any order: it means nothing. */
function linesOf(event: string): string {
  return event.split("\n").toSorted().join("\n");
}

function rowOf(subject: string, ours: readonly Turn[], all: readonly Turn[]): Row {
  const cpus = all.map(({ cpu }) => cpu);
  const oursCpu = ours.map(({ cpu }) => cpu);
  return {
    work: "events",
    subject,
    figure: median(cpus),
    least: Math.min(...cpus),
    unit: "CPU µs / event",
    ratio: ratioOf(oursCpu, cpus),
    requestsPerSecond: median(all.map(({ eventsPerSecond }) => eventsPerSecond)),
    note: "requests/s are events",
  };
}
