import { type IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { IdleWatch, type WatchedConnection, announceKeepAlive } from "#src/http/idle-watch.js";
import { until } from "../support/until.js";

/** A connection on which nothing has happened since the time that it is given. */
class Idle implements WatchedConnection {
  since: number;
  asked = 0;
  closed = 0;
  readonly socket = { destroySoon: (): void => void (this.closed += 1) };

  constructor(since: number) {
    this.since = since;
  }

  quietSince(now: number): number {
    this.asked += 1;
    return Math.min(this.since, now);
  }
}

describe("IdleWatch", () => {
  let connections: Map<string, Idle>;

  beforeEach(() => {
    connections = new Map();
  });

  function opened(name: string, since: number): Idle {
    const connection = new Idle(since);
    connections.set(name, connection);
    return connection;
  }

  it("closes what has been quiet for so long, and nothing else", async () => {
    const watch = new IdleWatch(10_000, 5, connections);
    const now = performance.now();
    const [quiet, busy, young] = [opened("a", now - 10_001), opened("b", Infinity), opened("c", now)];
    watch.watch();
    await until(() => quiet.closed > 0 && busy.asked > 1);
    connections.delete("a");
    expect([busy.closed, young.closed]).to.deep.equal([0, 0]);
    connections.clear();
  });

  it("asks again when what waited in the kernel was read", async () => {
    const watch = new IdleWatch(10_000, 5, connections);
    const connection = opened("a", performance.now() - 10_001);
    connection.quietSince = (now: number) => ((connection.asked += 1) === 1 ? connection.since : now);
    watch.watch();
    await until(() => connection.asked >= 3);
    expect(connection.closed).to.equal(0);
    connections.clear();
  });

  it("looks until there is none, and again when it is told of one", async () => {
    const watch = new IdleWatch(10_000, 5, connections);
    const first = opened("a", Infinity);
    watch.watch();
    await until(() => first.asked > 0);
    connections.clear();
    await wait(20);
    await turn();
    const second = opened("b", Infinity);
    await wait(20);
    expect(second.asked).to.equal(0);
    watch.watch();
    await until(() => second.asked > 0);
    connections.clear();
  });

  it("closes nothing with a timeout of 0", async () => {
    const connection = opened("a", 0);
    new IdleWatch(0, 1, connections).watch();
    await wait(20);
    expect(connection.asked).to.equal(0);
  });
});

describe("announceKeepAlive", () => {
  it("has the answer say so", () => {
    const response = new ServerResponse({ method: "GET", httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage);
    announceKeepAlive(response, 5_900);
    response.writeHead(200);
    expect(Reflect.get(response, "_header")).to.include("\r\nKeep-Alive: timeout=5\r\n");
  });
});
