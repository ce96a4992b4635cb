import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ProcessLink } from "#src/executors/process-link.js";
import type { TaskMessage, WorkerSettings } from "#src/executors/protocol.js";
import { WorkerBootError, WorkerCrashedError, WorkerOutOfMemoryError } from "waterspout";
import { ToldHost } from "../support/told-host.js";

/** A process that the test plays. */
class PlayedProcess extends EventEmitter {
  pid: number | undefined = 77;
  connected = true;
  held = true;
  readonly signals: unknown[] = [];
  readonly heard: unknown[] = [];
  /** What becomes of a message that is sent. */
  sending: Error | null = null;

  readonly channel = { ref: () => {}, unref: () => {} };

  ref(): void {
    this.held = true;
  }

  unref(): void {
    this.held = false;
  }

  send(message: unknown, callback: (error: Error | null) => void): void {
    this.heard.push(message);
    callback(this.sending);
  }

  kill(signal: string): void {
    this.signals.push(signal);
    this.emit("signal");
  }

  disconnect(): void {
    this.connected = false;
    this.emit("disconnect");
  }

  /** As it comes for a process that ends by itself: its line may still have something. */
  exit(code: number | null, signal: string | null = null): void {
    this.emit("exit", code, signal);
  }
}

const task: TaskMessage = { id: 4, token: "Hasher", method: "hash", args: [] };

describe("ProcessLink", () => {
  let host: ToldHost;
  let child: PlayedProcess;

  beforeEach(() => {
    host = new ToldHost();
    child = new PlayedProcess();
  });

  function linkOf(launched: unknown = child, maxOldSpaceMb?: number): ProcessLink {
    return new ProcessLink(
      { launched: launched as ChildProcess | Error, id: 77, bootTimeout: 60_000, maxOldSpaceMb },
      host,
    );
  }

  /** One that is ready and has a task. */
  function busyLink(maxOldSpaceMb?: number): ProcessLink {
    const link = linkOf(child, maxOldSpaceMb);
    child.emit("message", { type: "ready" });
    link.take(task.id);
    link.assign({ message: task, transferList: [], args: [] });
    return link;
  }

  it("tells the process what it is, its tasks, and what concerns them", () => {
    const link = linkOf();
    const settings = { module: "file:///app.js" } as WorkerSettings;
    link.begin(settings);
    link.assign({ message: task, transferList: [], args: [] });
    link.control({ type: "cancel", id: 4, reason: "left" });
    expect(child.heard).to.deep.equal([settings, task, { type: "cancel", id: 4, reason: "left" }]);
  });

  it("takes nothing for an answer that others write to the line", () => {
    linkOf();
    for (const message of [null, "watch", 4, { "watch:import": ["file:///app.js"] }]) child.emit("message", message);
    expect(host.told).to.deep.equal([]);
  });

  it("gives arrays memory of their own, which they share with others when they arrive", async () => {
    linkOf();
    const pool = new Uint8Array([1, 2, 3, 4]).buffer;
    const reply = { ok: true, value: new Uint8Array(pool, 1, 2) };
    child.emit("message", { type: "reply", id: 4, reply });
    const { value } = host.replies[0] as { readonly value: Uint8Array };
    expect([value.buffer.byteLength, [...value]]).to.deep.equal([2, [2, 3]]);
  });

  it("keeps this process alive while it has tasks, and no longer", () => {
    const link = linkOf();
    const held = [child.held];
    child.emit("message", { type: "ready" });
    held.push(child.held);
    link.take(4);
    held.push(child.held);
    link.release(4, true);
    expect([...held, child.held]).to.deep.equal([true, false, true, false]);
  });

  it("is busy for as long as it has tasks", async () => {
    const link = busyLink();
    await turn();
    link.utilization();
    await turn();
    expect(link.utilization()).to.equal(1);
    link.release(task.id, true);
    link.utilization();
    await turn();
    expect(link.utilization()).to.equal(0);
  });

  describe("a process that ends", () => {
    it("has answered what is still on its line", () => {
      busyLink();
      child.exit(0);
      child.emit("message", { type: "reply", id: 4, reply: { ok: true, value: 1 } });
      expect(host.told).to.deep.equal(["ready", "reply 4"]);
      expect(host.replies.map(({ ok }) => ok)).to.deep.equal([true]);
      child.disconnect();
      expect(host.told).to.deep.equal(["ready", "reply 4", "ended", "vacated"]);
    });

    it("has ended also when something that it started holds its line", async () => {
      busyLink();
      child.exit(0);
      // Its own timer keeps nobody alive.
      await Promise.all([once(child, "disconnect"), new Promise((resolve) => setTimeout(resolve, 1_100))]);
      expect(host.told).to.deep.equal(["ready", "ended", "vacated"]);
    });

    it("is killed when only its line has ended", async () => {
      busyLink();
      child.disconnect();
      expect(host.told).to.deep.equal(["ready"]);
      await Promise.all([once(child, "signal"), new Promise((resolve) => setTimeout(resolve, 1_100))]);
      expect(child.signals).to.deep.equal(["SIGKILL"]);
      child.exit(null, "SIGKILL");
      expect(host.told).to.deep.equal(["ready", "ended", "vacated"]);
    });

    it("is not asked any more", () => {
      const link = busyLink();
      child.disconnect();
      const before = child.heard.length;
      link.control({ type: "cancel", id: 4, reason: "late" });
      expect([child.heard.length - before, link.usable]).to.deep.equal([0, false]);
    });

    for (const [code, signal, ending] of [
      [3, null, "exit code 3"],
      [null, "SIGSEGV", "SIGSEGV"],
      [null, "SIGKILL", "SIGKILL, perhaps by a system that was out of memory"],
      [null, null, "for an unknown reason"],
    ] as const) {
      it(`crashes its tasks: ${ending}`, () => {
        const link = busyLink();
        child.connected = false;
        child.exit(code, signal);
        const error = link.crashOf(task);
        expect(error).to.be.instanceOf(WorkerCrashedError);
        expect(error).to.have.property("exitCode", code ?? undefined);
        expect(error.message).to.equal(`the process that ran Hasher.hash ended: ${ending}`);
        expect(link.crashed).to.equal(true);
      });
    }

    it("by SIGABRT may have had too little memory, where that is limited", () => {
      for (const [maxOldSpaceMb, kind] of [
        [64, WorkerOutOfMemoryError],
        [undefined, WorkerCrashedError],
      ] as const) {
        child = new PlayedProcess();
        const link = busyLink(maxOldSpaceMb);
        child.connected = false;
        child.exit(null, "SIGABRT");
        expect(link.crashOf(task).constructor).to.equal(kind);
      }
    });
  });

  describe("a process that never was", () => {
    const refusal = Object.assign(new Error("spawn EAGAIN"), { code: "EAGAIN" });

    it("fails in a turn to come, when the system refuses it at once", async () => {
      const link = linkOf(refusal);
      expect([host.told, link.usable]).to.deep.equal([[], false]);
      await turn();
      expect(host.told).to.deep.equal(["ended", "bootFailed"]);
      expect(host.failure).to.be.instanceOf(WorkerBootError).and.to.include({ cause: refusal });
      expect(host.failure?.message).to.equal("a worker process could not be started: spawn EAGAIN");
    });

    it("or a little later", () => {
      child.pid = undefined;
      linkOf();
      child.emit("error", refusal);
      expect([host.told, host.failure?.cause]).to.deep.equal([["ended", "bootFailed"], refusal]);
    });

    it("is not one that could not be killed", () => {
      busyLink();
      child.emit("error", new Error("kill EPERM"));
      expect(host.told).to.deep.equal(["ready"]);
    });
  });
});
