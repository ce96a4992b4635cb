import { expect } from "chai";
import type { ControlMessage, WorkerMessage } from "#src/executors/protocol.js";
import { encodeError } from "#src/executors/error-codec.js";
import { WorkerLink, type WorkerLinkHost } from "#src/executors/worker-link.js";
import { WorkerBootError, WorkerCrashedError } from "waterspout";
import { expectLog } from "../support/log.js";
import { until } from "../support/pools.js";

const task = { id: 1, token: "Hasher", method: "hash", args: [] };

/** A worker that the test plays. */
class PlayedLink extends WorkerLink {
  override readonly noun = "thread";
  ending = "exit code 3";
  exitCode: number | undefined = 3;
  alive = true;
  reachable = true;
  begun = true;
  readonly done: string[] = [];

  assign(): void {}
  control(): void {}
  began = (): boolean => this.begun;
  recall = (): boolean => !this.begun;
  utilization = (): number => 0;

  say(message: WorkerMessage): void {
    this.handle(message);
  }

  end(): void {
    this.alive = false;
    this.finish();
  }

  protected post(message: ControlMessage): void {
    this.done.push(message.type);
  }

  protected kill(): void {
    this.done.push("kill");
  }

  protected part(): void {
    this.done.push("part");
  }

  protected hold(held: boolean): void {
    this.done.push(held ? "hold" : "let go");
  }
}

describe("WorkerLink", () => {
  let told: string[];
  let failures: Error[];
  let link: PlayedLink;

  beforeEach(() => {
    told = [];
    failures = [];
    const host: WorkerLinkHost = {
      ready: () => void told.push("ready"),
      bootFailed: (_, error) => void (told.push("bootFailed"), failures.push(error)),
      retiring: () => void told.push("retiring"),
      reply: (id) => void told.push(`reply ${id}`),
      item: (_, value) => void told.push(`item ${String(value)}`),
      stuck: () => void told.push("stuck"),
      ended: () => void told.push("ended"),
      vacated: () => void told.push("vacated"),
    };
    link = new PlayedLink(7, host, 60_000);
  });

  it("is usable from when it is ready until it retires, cannot be reached or is ended", () => {
    const usable = [link.usable];
    link.say({ type: "ready" });
    usable.push(link.usable);
    link.reachable = false;
    usable.push(link.usable);
    link.reachable = true;
    link.say({ type: "retiring" });
    usable.push(link.usable);
    expect(usable).to.deep.equal([false, true, false, false]);
    expect(told).to.deep.equal(["ready", "retiring"]);
  });

  it("hands on replies and items", () => {
    link.say({ type: "reply", id: 4, reply: { ok: true, value: 1 } });
    link.say({ type: "item", id: 4, value: "row" });
    expect(told).to.deep.equal(["reply 4", "item row"]);
  });

  it("keeps this process alive while it has tasks, and counts those that it ended", () => {
    link.take(1);
    link.take(2);
    link.release(1, true);
    link.release(2, false);
    expect([link.done, link.running, link.completed]).to.deep.equal([["hold", "let go"], 0, 1]);
  });

  it("parts when it has disposed all and its last task has been heard of", async () => {
    link.say({ type: "ready" });
    link.take(1);
    const stopped = link.stop();
    link.say({ type: "stopped" });
    await stopped;
    expect(link.done).to.not.include("part");
    link.release(1, true);
    expect(link.done.slice(-2)).to.deep.equal(["let go", "part"]);
  });

  describe("that cannot start", () => {
    it("fails with what it said, once, and keeps its place until it is given up", () => {
      link.say({ type: "bootFailed", error: encodeError(new WorkerBootError("no database")) });
      link.end();
      expect([told, failures.map(({ message }) => message)]).to.deep.equal([["bootFailed", "ended"], ["no database"]]);
      expect(link.blocked(4)).to.equal(4);
      link.terminate();
      expect(told).to.deep.equal(["bootFailed", "ended", "vacated"]);
    });

    it("fails with how it ended when it said nothing", () => {
      link.end();
      expect(failures[0]).to.be.instanceOf(WorkerBootError);
      expect(failures[0]?.message).to.equal("a worker thread ended while it started: exit code 3");
    });

    it("is not ready any more, whatever it says", () => {
      link.say({ type: "bootFailed", error: encodeError(new WorkerBootError("no")) });
      link.say({ type: "ready" });
      expect(link.stage).to.equal("failed");
    });
  });

  describe("that is ended", () => {
    it("has no place left for tasks but those that it has", () => {
      link.say({ type: "ready" });
      link.take(1);
      expect(link.blocked(4)).to.equal(0);
      link.terminate();
      link.terminate();
      expect([link.blocked(4), link.usable, link.done.filter((each) => each === "kill")]).to.deep.equal([
        3,
        false,
        ["kill"],
      ]);
      link.end();
      expect([told.slice(1), link.crashed]).to.deep.equal([["ended", "vacated"], false]);
    });

    it("and does not go is stuck, and lost until it does", async () => {
      link.say({ type: "ready" });
      link.terminate();
      await until(() => told.includes("stuck"));
      expect([link.stage, link.blocked(4)]).to.deep.equal(["lost", 4]);
      link.end();
      expect(told).to.deep.equal(["ready", "stuck", "ended", "vacated"]);
    });
  });

  describe("that ends by itself", () => {
    it("has crashed, and its tasks are told how it ended", () => {
      link.say({ type: "ready" });
      link.end();
      expect(link.crashed).to.equal(true);
      const error = link.crashOf(task);
      expect(error).to.be.instanceOf(WorkerCrashedError).and.to.include({ exitCode: 3, retryable: false });
      expect(error.message).to.equal("the thread that ran Hasher.hash ended: exit code 3");
    });

    it("after it has retired has not crashed", () => {
      link.say({ type: "ready" });
      link.say({ type: "retiring" });
      link.end();
      expect(link.crashed).to.equal(false);
    });

    it("over an error that nobody caught tells no task that error, and each may be repeated", () => {
      expectLog(/a worker failed outside of its tasks[\s\S]*a stranger's/);
      link.say({ type: "ready" });
      link.say({ type: "uncaught", error: encodeError(new Error("a stranger's")) });
      link.end();
      const error = link.crashOf(task);
      expect([link.crashed, error.cause]).to.deep.equal([true, undefined]);
      expect(error).to.include({ retryable: true });
      expect(error.message).to.not.include("a stranger's");
    });

    it("lets a task be repeated that it had not begun", () => {
      link.say({ type: "ready" });
      link.begun = false;
      link.end();
      expect(link.crashOf(task)).to.include({ retryable: true });
    });
  });

  describe("with tasks before their turn", () => {
    it("begins with them in their order, each when it has ended one", () => {
      link.take(1);
      for (const id of [2, 3]) link.addAhead(id);
      expect([link.running, link.messagesAhead]).to.deep.equal([1, 2]);
      expect([link.beginAhead(), link.running, link.messagesAhead]).to.deep.equal([2, 2, 1]);
      link.release(1, true);
      expect([link.beginAhead(), link.beginAhead(), link.running, link.messagesAhead]).to.deep.equal([
        3,
        undefined,
        2,
        0,
      ]);
    });

    it("counts one that is recalled until it answers, and does not begin with it", () => {
      link.take(1);
      for (const id of [2, 3]) link.addAhead(id);
      link.release(2, false);
      expect([link.running, link.messagesAhead, link.completed]).to.deep.equal([1, 2, 0]);
      expect([link.beginAhead(), link.messagesAhead]).to.deep.equal([3, 0]);
    });
  });
});
