import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "../support/raw-client.js";
import type { Report } from "./application.js";
import type { WatchedServer } from "./watched-server.js";

/** What a flood has done. */
export interface Flood {
  readonly report: Report;
  /** How long the requests of somebody else took meanwhile, shortest first. Milliseconds. */
  readonly others: readonly number[];
  /** Connections that could not be opened, or were answered otherwise. */
  readonly refused: number;
}

/** Sends so many requests on one connection, and reads none of the answers. */
export async function pipelined(server: WatchedServer, requests: number): Promise<Flood> {
  const client = new RawClient(server.port);
  const others: number[] = [];
  const report = await server.during(async () => {
    await client.connected();
    client.socket.pause();
    client.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\n".repeat(requests));
    // It goes on as long as the server has not given up: whoever reads nothing does not learn that by itself.
    for (let asked = 0; asked < 10; asked++) others.push(await timed(server));
  });
  client.close();
  return { report, others: others.toSorted((a, b) => a - b), refused: 0 };
}

/** Opens so many connections in each second and sends nothing on them; somebody else asks all the while. */
export async function storm(server: WatchedServer, perSecond: number, seconds: number): Promise<Flood> {
  const clients: RawClient[] = [];
  const others: number[] = [];
  const report = await server.during(async () => {
    const started = performance.now();
    while (clients.length < perSecond * seconds) {
      const due = ((performance.now() - started) / 1000) * perSecond;
      while (clients.length < Math.min(due, perSecond * seconds)) clients.push(new RawClient(server.port));
      others.push(await timed(server));
      await sleep(1);
    }
    await Promise.all(clients.map((client) => client.end()));
  });
  const refused = clients.filter(({ error }) => error !== undefined).length;
  return { report, others: others.toSorted((a, b) => a - b), refused };
}

/** Opens so many connections and sends a header section on each that never ends; somebody else asks meanwhile. */
export async function slowHeaders(server: WatchedServer, connections: number): Promise<Flood> {
  const clients = Array.from({ length: connections }, () => new RawClient(server.port));
  const others: number[] = [];
  const report = await server.during(async () => {
    for (const client of clients) client.send("GET /p HTTP/1.1\r\nHost: a\r\nX: ");
    const ends = Promise.all(clients.map((client) => client.end()));
    for (let asked = 0; asked < 50; asked++) others.push(await timed(server));
    await ends;
  });
  // On a busy machine the first byte may come too late, and such a connection is closed without a word.
  const refused = clients.filter(({ received }) => !/^(?:HTTP\/1\.1 408 |$)/.test(received)).length;
  return { report, others: others.toSorted((a, b) => a - b), refused };
}

/** @returns how long a request took that is in nobody's way. */
async function timed(server: WatchedServer): Promise<number> {
  const started = performance.now();
  const answer = await server.next();
  if (!answer.endsWith("served")) throw new Error(`the others are not served: ${answer}`);
  return performance.now() - started;
}
