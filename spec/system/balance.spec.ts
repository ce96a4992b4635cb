import { expect } from "chai";
import type { ServeOptions } from "waterspout";
import { type LoadResult, startLoad, summary } from "../support/load-client.js";
import { RawClient } from "../support/raw-client.js";
import { ServedProgram } from "../support/served-program.js";

describe("connections and processes", function () {
  // Processes come up one after the other where others use the machine, too.
  this.timeout(60_000);
  let served: ServedProgram;

  afterEach(() => served[Symbol.asyncDispose]());

  /** Starts it and gives the URL as soon as all children serve. */
  async function serve(options: ServeOptions): Promise<string> {
    const fixture = new URL("./fixtures/pid-server.js", import.meta.url);
    served = new ServedProgram(fixture, [JSON.stringify({ drainLinger: 0, ...options })]);
    await served.program.line(/listening on/, 50_000);
    return served.url("/");
  }

  async function readyPids(count: number): Promise<number[]> {
    const lines = await served.program.lines(/^ready \d+$/, count, 50_000);
    return lines.map((line) => Number(line.slice("ready ".length)));
  }

  function kill(pid: number | undefined): void {
    process.kill(pid ?? Number.NaN, "SIGKILL");
  }

  async function portIsOpen(url: string): Promise<boolean> {
    const client = new RawClient(Number(new URL(url).port));
    await client.connected().catch(() => {});
    client.close();
    return client.error !== "ECONNREFUSED";
  }

  describe("balance", () => {
    /** How many of 64 connections each child has, as a share of all. */
    function shares({ processes }: LoadResult): number[] {
      return Object.values(processes).map(({ connections }) => connections / 64);
    }

    for (const [processes, least] of [
      [2, 0.25],
      [5, 0.08],
    ] as const) {
      it(`gives each of ${processes} children ${least * 100} % or more of 64 connections, in a burst and one by one`, async () => {
        const url = await serve({ processes });
        for (const openEvery of [0, 5]) {
          await using load = startLoad({ url, clients: 64, mix: { paced: 1 }, openEvery });
          await load.reached(640);
          const result = await load.stop();
          expect(result.failed, summary(result)).to.equal(0);
          expect(shares(result)).to.have.length(processes);
          expect(Math.min(...shares(result)), JSON.stringify(shares(result))).to.be.at.least(least);
        }
        await served.stop();
      });
    }

    it("does not wait for a child that is blocked", async () => {
      const url = await serve({ processes: 2 });
      let back = false;
      const blocked = fetch(`${url}blocked/5000`).then((response) => ((back = true), response.headers.get("x-pid")));
      // A connection may still be accepted by the child that is about to be blocked, and waits there then.
      await using load = startLoad({ url, clients: 8, mix: { fresh: 1 }, requests: 400, timeout: 10_000 });
      await load.reached(300);
      expect(back).to.equal(false);
      const result = await load.stop();
      expect(result.failed, summary(result)).to.equal(0);
      expect(await blocked).to.match(/^\d+$/);
      await served.stop();
    });

    it("leaves connections to node:cluster with round-robin", async () => {
      const url = await serve({ processes: 2, balance: "round-robin" });
      const { processes } = await startLoad({ url, clients: 8, requests: 40, mix: { fresh: 1 } }).result;
      const pids = await readyPids(2);
      expect(Object.keys(processes).map(Number)).to.have.members(pids);
      await served.stop();
    });
  });

  describe("kill -9", () => {
    // Two that ask without a pause are enough to be in the middle of something, and leave the machine to the new children.
    const mix = { busy: 1, fresh: 1, paced: 8, visiting: 6 };

    it("of a child loses what that child was answering, and nothing hangs or is refused", async () => {
      const url = await serve({ processes: 3 });
      await using load = startLoad({ url, clients: 16, mix });
      const victims = await readyPids(3);
      for (const [index, pid] of victims.entries()) {
        await load.reached(load.requests + 100);
        kill(pid);
        await readyPids(4 + index);
      }
      await load.reached(load.requests + 100);
      const result = await load.stop();
      expect(result.counts, JSON.stringify(result.failures)).to.include({
        hung: 0,
        refused: 0,
        status: 0,
        malformed: 0,
      });
      // Each client has one request under way.
      expect(result.failed).to.be.at.most(16 * victims.length);
      const others = result.failures.filter(
        ({ lastPid }) => lastPid !== undefined && !victims.includes(Number(lastPid)),
      );
      expect(others).to.deep.equal([]);
      await served.stop();
    });

    it("of all children at once lets clients that connect wait for the next, on the same port", async () => {
      const url = await serve({ processes: 2 });
      await using load = startLoad({ url, clients: 16, mix, timeout: 15_000 });
      await load.reached(100);
      for (const pid of await readyPids(2)) kill(pid);
      await readyPids(4);
      await load.reached(load.requests + 100);
      const result = await load.stop();
      expect(result.counts, JSON.stringify(result.failures)).to.include({ hung: 0, refused: 0, status: 0 });
      expect(result.failed).to.be.at.most(16);
      await served.stop();
    });

    it("of the primary ends the children, and the port is free", async () => {
      const url = await serve({ processes: 2 });
      const load = startLoad({ url, clients: 8, mix });
      await load.reached(100);
      served.program.kill("SIGKILL");
      await served.ended();
      expect(await served.program.survivors(10_000)).to.deep.equal([]);
      expect(await portIsOpen(url)).to.equal(false);
      await load.stop();
    });
  });

  describe("SIGTERM", () => {
    it("closes the port at once, while children serve what they have", async () => {
      const url = await serve({ processes: 2, drainLinger: 2_000 });
      const client = new RawClient(Number(new URL(url).port));
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").until(/hello$/);
      served.program.kill("SIGTERM");
      while (await portIsOpen(url)) await new Promise(setImmediate);
      client.received = "";
      expect(await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").end()).to.match(/Connection: close[^]*hello$/);
      expect(await served.ended()).to.deep.equal({ code: 0, signal: null });
    });
  });
});
