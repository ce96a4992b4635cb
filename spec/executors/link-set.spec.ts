import { expect } from "chai";
import { LinkSet } from "#src/executors/link-set.js";
import { type LinkStage, WorkerLink, type WorkerLinkHost } from "#src/executors/worker-link.js";
import { ExecutorClosedError, WorkerBootError } from "waterspout";
import { expectLog } from "../support/log.js";
import { failure, until } from "../support/pools.js";

const nobody = new Proxy({} as WorkerLinkHost, { get: () => () => undefined });

/** A link to nothing. */
class FakeLink extends WorkerLink {
  override readonly noun = "thread";
  readonly ending = "";
  protected readonly exitCode = undefined;
  protected readonly alive = false;
  protected readonly reachable = true;
  terminated = false;

  constructor(id: number, stage: LinkStage = "booting") {
    super(id, nobody, 60_000);
    this.stage = stage;
  }

  assign(): void {}
  control(): void {}
  began = (): boolean => true;
  recall = (): boolean => false;
  utilization = (): number => 0.5;

  override terminate(): void {
    this.terminated = true;
  }

  protected post(): void {}
  protected kill(): void {}
  protected part(): void {}
  protected hold(): void {}
}

describe("LinkSet", () => {
  let links: LinkSet;

  const add = (id: number, stage?: LinkStage): FakeLink => {
    const link = new FakeLink(id, stage);
    links.add(link);
    return link;
  };

  beforeEach(() => {
    links = new LinkSet();
  });

  it("counts by stages", () => {
    for (const [id, stage] of (["ready", "ready", "lost", "failed"] as const).entries()) add(id, stage);
    expect([links.size, links.count("ready"), links.count("lost", "failed"), links.count("booting")]).to.deep.equal([
      4, 2, 2, 0,
    ]);
  });

  it("shows what each is doing", () => {
    add(7, "ready");
    expect(links.stats()).to.deep.equal([
      { id: 7, stage: "ready", running: 0, completed: 0, utilization: 0.5, usedHeap: 0 },
    ]);
  });

  describe("#untilReady", () => {
    it("resolves when so many are ready", async () => {
      const [first, second] = [add(1), add(2)];
      let isReady = false;
      const ready = links.untilReady(2, 60_000).then(() => (isReady = true));
      first.stage = "ready";
      links.ready();
      await Promise.resolve();
      expect(isReady).to.equal(false);
      second.stage = "ready";
      links.ready();
      await ready;
    });

    it("does not wait for none", () => links.untilReady(0, 1));

    it("rejects with the error of the first that failed, which is not logged as well", async () => {
      const error = new WorkerBootError("no database");
      const ready = failure(links.untilReady(1, 60_000));
      links.bootFailed(add(1, "failed"), error);
      expect(await ready).to.equal(error);
    });

    it("rejects when it takes too long", async () => {
      expect((await failure(links.untilReady(1, 1))).message).to.equal("no worker was ready after 1 ms");
    });

    it("rejects when all are stopped, also afterwards", async () => {
      const ready = failure(links.untilReady(1, 60_000));
      await links.stop();
      expect(await ready).to.be.instanceOf(ExecutorClosedError);
      expect(await failure(links.untilReady(1, 60_000))).to.be.instanceOf(ExecutorClosedError);
    });
  });

  describe("after a failed start", () => {
    const error = new WorkerBootError("no database");

    it("is broken until the back-off is over, when the failed one is ended", async () => {
      expectLog(/a worker could not start[\s\S]*no database/);
      const link = add(1, "failed");
      expect(links.bootFailed(link, error)).to.equal(true);
      expect([links.broken, link.terminated]).to.deep.equal([error, false]);
      await until(() => link.terminated);
      expect(links.broken).to.equal(undefined);
    });

    it("is not broken while another is ready", () => {
      expectLog(/a worker could not start/);
      add(1, "ready");
      expect(links.bootFailed(add(2, "failed"), error)).to.equal(false);
      expect(links.broken).to.equal(undefined);
    });

    it("is whole again when one is made, and when one is ready", () => {
      expectLog(/a worker could not start/, /a worker could not start/);
      links.bootFailed(add(1, "failed"), error);
      add(2);
      expect(links.broken).to.equal(undefined);
      links.bootFailed(add(3, "failed"), error);
      links.ready();
      expect(links.broken).to.equal(undefined);
    });

    it("says nothing once all are to be stopped", async () => {
      await links.stop();
      expect(links.bootFailed(add(1, "failed"), error)).to.equal(false);
    });
  });
});
