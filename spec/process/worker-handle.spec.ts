import { EventEmitter, once } from "node:events";
import cluster, { type Worker } from "node:cluster";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import type { ChildEnding } from "#src/process/ending.js";
import type { ChildFigures, PrimaryMessage } from "#src/process/messages.js";
import { WorkerHandle, type WorkerListener } from "#src/process/worker-handle.js";

/** A child as node:cluster shows it, which the test plays. */
class PlayedChild extends EventEmitter {
  connected = true;
  readonly heard: PrimaryMessage[] = [];
  readonly signals: string[] = [];

  readonly process = {
    pid: 123 as number | undefined,
    stdio: [],
    kill: (signal: string) => {
      this.signals.push(signal);
      this.emit("signal");
    },
    send: (message: PrimaryMessage) => void this.heard.push(message),
  };

  isConnected(): boolean {
    return this.connected;
  }

  say(message: object): void {
    this.emit("message", { waterspout: "none", ...message });
  }

  ready(info: object = {}): void {
    this.say({ waterspout: "ready", info });
  }

  fail(reason: string): void {
    this.say({ waterspout: "boot-failure", reason });
  }

  /** As Node does it: the exit is told, and the line is read to its end afterwards. */
  exit(status: number | null, signal: string | null = null): void {
    this.emit("exit", status, signal);
  }

  hangUp(): void {
    this.connected = false;
    this.emit("disconnect");
  }
}

const figures: ChildFigures = {
  requests: 4,
  rss: 1,
  eventLoopDelay: 0,
  blockedLoops: 0,
  droppedConnections: 0,
  lostThreads: 0,
  draining: false,
  inspected: false,
};

describe("WorkerHandle", () => {
  const fork = cluster.fork;
  let told: string[];
  let ending: ChildEnding | undefined;
  let child: PlayedChild;
  let forkedWith: object | undefined;

  const listener: WorkerListener = {
    childReady: () => void told.push("ready"),
    childFailedToBoot: (handle) => void told.push(`failed: ${handle.bootFailure}`),
    childStalled: () => void told.push("stalled"),
    childGone: (_, how) => {
      told.push("gone");
      ending = how;
    },
  };

  beforeEach(() => {
    told = [];
    ending = undefined;
    child = new PlayedChild();
    cluster.fork = (environment) => {
      forkedWith = environment;
      return child as unknown as Worker;
    };
  });

  afterEach(() => {
    cluster.fork = fork;
    // Clears the timers of handles that a test left in the middle.
    child.connected = false;
    child.exit(0);
  });

  function handleOf(times: { bootTimeout?: number; killMargin?: number } = {}): WorkerHandle {
    const place = { taskId: 2, generation: 1 };
    return new WorkerHandle(place, listener, { bootTimeout: 60_000, killMargin: 60_000, ...times });
  }

  it("forks a child that knows its task id, and is known by it", () => {
    const handle = handleOf();
    expect(forkedWith).to.deep.equal({ WATERSPOUT_TASK_ID: "2" });
    expect([handle.name, handle.stage, handle.pid, handle.generation]).to.deep.equal([
      "child 2 (pid 123)",
      "starting",
      123,
      1,
    ]);
  });

  it("tells once that the child is ready, with what it said of itself", async () => {
    const handle = handleOf();
    expect([handle.wasReady, handle.info]).to.deep.equal([false, {}]);
    child.ready({ threads: 4 });
    child.ready({ threads: 5 });
    expect(await handle.ready).to.equal(true);
    expect([told, handle.stage, handle.wasReady, handle.info]).to.deep.equal([
      ["ready"],
      "ready",
      true,
      { threads: 4 },
    ]);
  });

  it("keeps what the child last told, and takes nothing else for a sign of life", async () => {
    const handle = handleOf();
    const before = handle.lastHeard;
    await turn();
    child.emit("message", { waterspout: "status", figures: {} });
    child.emit("message", "of the application");
    expect([handle.figures, handle.lastHeard]).to.deep.equal([undefined, before]);
    child.say({ waterspout: "status", figures });
    expect(handle.figures).to.deep.equal(figures);
    expect(handle.lastHeard).to.be.above(before);
  });

  it("tells the child something only while its line is open", () => {
    const handle = handleOf();
    const message: PrimaryMessage = { waterspout: "supervision", statusInterval: 1, livenessTimeout: 0 };
    handle.tell(message);
    child.connected = false;
    handle.tell(message);
    expect(child.heard).to.deep.equal([message]);
  });

  describe("of a child that cannot start", () => {
    it("gives its reason once, and kills it when it does not end by itself", async () => {
      const handle = handleOf({ killMargin: 5 });
      const killed = once(child, "signal");
      child.fail("no database");
      child.fail("nor a cache");
      child.ready();
      expect([told, handle.stage, await handle.ready]).to.deep.equal([["failed: no database"], "starting", false]);
      await killed;
      expect([child.signals, handle.expired]).to.deep.equal([["SIGKILL"], true]);
    });

    it("ends its patience after bootTimeout", async () => {
      const handle = handleOf({ bootTimeout: 20 });
      await once(child, "signal");
      expect(await handle.ready).to.equal(false);
      expect([child.signals, told]).to.deep.equal([["SIGKILL"], ["failed: not ready within 0.02 s"]]);
      child.ready();
      expect(handle.wasReady).to.equal(false);
    });

    it("has all the time when it is ready", async () => {
      handleOf({ bootTimeout: 5, killMargin: 5 });
      child.ready();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(child.signals).to.deep.equal([]);
    });
  });

  describe("#term", () => {
    it("asks once, and kills at the deadline", async () => {
      const handle = handleOf();
      child.ready();
      handle.term(5);
      handle.term(60_000);
      expect([child.signals, handle.asked, handle.stage]).to.deep.equal([["SIGTERM"], true, "stopping"]);
      await once(child, "signal");
      expect([child.signals, handle.expired]).to.deep.equal([["SIGTERM", "SIGKILL"], true]);
    });

    it("kills nobody who has ended in time", async () => {
      const handle = handleOf();
      child.ready();
      handle.term(5);
      child.hangUp();
      child.exit(0);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect([child.signals, handle.expired]).to.deep.equal([["SIGTERM"], false]);
    });

    it("wants to know nothing more of the start", () => {
      const handle = handleOf({ bootTimeout: 5 });
      handle.term(60_000);
      child.fail("interrupted");
      child.ready();
      expect([told, handle.wasReady]).to.deep.equal([[], false]);
    });
  });

  describe("#kill", () => {
    it("does not ask", () => {
      const handle = handleOf();
      handle.kill();
      expect([child.signals, handle.asked, handle.stage]).to.deep.equal([["SIGKILL"], false, "stopping"]);
    });

    it("sends nothing to a process that is gone, whose number another one may have", () => {
      const handle = handleOf();
      child.hangUp();
      child.exit(0);
      handle.kill();
      handle.term(1);
      expect([child.signals, handle.stage]).to.deep.equal([[], "gone"]);
    });
  });

  describe("the end of a child", () => {
    it("is told once, and how", async () => {
      const handle = handleOf();
      child.ready();
      child.hangUp();
      child.exit(null, "SIGSEGV");
      child.exit(3);
      expect(await handle.gone).to.deep.equal({ kind: "killed", signal: "SIGSEGV" });
      expect(told).to.deep.equal(["ready", "gone"]);
    });

    it("comes after what it said last, which its exit may overtake", async () => {
      const handle = handleOf();
      child.exit(3);
      child.fail("no licence");
      expect(told).to.deep.equal(["failed: no licence"]);
      child.hangUp();
      expect(told).to.deep.equal(["failed: no licence", "gone"]);
      expect([await handle.ready, ending]).to.deep.equal([false, { kind: "exited", status: 3 }]);
    });

    it("is told when its line is held open by what it has started", async () => {
      const handle = handleOf();
      child.ready();
      child.exit(0);
      expect(told).to.deep.equal(["ready"]);
      await handle.gone;
      expect(told).to.deep.equal(["ready", "gone"]);
    });

    it("is no error that comes while it runs: a signal or a message that did not arrive", () => {
      const handle = handleOf();
      child.ready();
      child.emit("error", new Error("kill EPERM"));
      expect([told, handle.stage]).to.deep.equal([["ready"], "ready"]);
    });
  });

  describe("of a fork that fails", () => {
    const shortage = Object.assign(new Error("fork ENOMEM"), { code: "ENOMEM" });

    it("says so in a turn to come, whoever told it", async () => {
      cluster.fork = () => {
        throw shortage;
      };
      const handle = handleOf();
      expect([told, handle.pid, handle.name]).to.deep.equal([[], undefined, "child 2"]);
      expect(await handle.gone).to.deep.equal({ kind: "not forked", error: shortage });
      expect([told, await handle.ready]).to.deep.equal([["gone"], false]);
    });

    it("or by an error of a child that never was", async () => {
      child.process.pid = undefined;
      const handle = handleOf();
      child.emit("error", shortage);
      expect(await handle.gone).to.deep.equal({ kind: "not forked", error: shortage });
    });
  });
});
