import { type ChildProcess, fork } from "node:child_process";
import { on, once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { ChildFigures } from "#src/process/messages.js";

// That a child which gives no sign is killed, and what its watchdog tells, is in spec/system/liveness.spec.ts.
describe("followSupervision", () => {
  let child: ChildProcess;
  let messages: AsyncIterableIterator<[ChildFigures]>;
  const supervision = { waterspout: "supervision", statusInterval: 10, livenessTimeout: 0 };

  beforeEach(() => {
    child = fork(fileURLToPath(new URL("./fixtures/heart.js", import.meta.url)), { execArgv: [] });
    messages = on(child, "message") as typeof messages;
  });

  afterEach(() => child.kill("SIGKILL"));

  async function next(): Promise<ChildFigures> {
    const { value } = (await messages.next()) as IteratorYieldResult<[ChildFigures]>;
    return value[0];
  }

  it("says nothing before it is told how often", async () => {
    child.send({ waterspout: "supervision", statusInterval: "often" });
    child.send({ ...supervision, waterspout: "other" });
    child.send("ping");
    expect(await next()).to.equal("pong");
    child.send({ ...supervision, statusInterval: 60_000 });
    expect(await next(), "at once").to.be.an("object");
  });

  it("adds up what its servers tell, from the first moment on and again and again", async () => {
    child.send(supervision);
    for (let time = 0; time < 3; time++) {
      const { rss, eventLoopDelay, ...rest } = await next();
      expect(rest).to.deep.equal({
        requests: 7,
        blockedLoops: 1,
        droppedConnections: 2,
        lostThreads: 0,
        draining: false,
        inspected: false,
      });
      expect(rss).to.be.above(2 ** 20);
      expect(eventLoopDelay).to.be.at.least(0);
    }
  });

  it("drains when all servers do", async () => {
    child.send(supervision);
    child.send("drain");
    child.send("ping");
    while ((await next()) !== ("pong" as unknown)) {}
    expect((await next()).draining).to.equal(false);
    child.send("drain");
    while (!(await next()).draining) {}
  });

  it("does not keep a process that has nothing else to do", async () => {
    child.send(supervision);
    await next();
    child.disconnect();
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });
});
