import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import { expect } from "chai";
import { decodeError } from "#src/executors/error-codec.js";
import type { TaskMessage, WorkerMessage } from "#src/executors/protocol.js";
import { ThreadLink, type ThreadParts } from "#src/executors/thread-link.js";
import { SlotMemory, TaskSlots, type ThreadResult } from "#src/executors/thread-protocol.js";
import { WorkerBootError, WorkerCrashedError, WorkerOutOfMemoryError } from "waterspout";
import { ToldHost } from "../support/told-host.js";
import { until } from "../support/until.js";

/** A thread that the test plays. */
class PlayedThread extends EventEmitter {
  terminated = 0;
  utilization = 0;
  readonly performance = {
    eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: this.utilization }),
  };

  async terminate(): Promise<number> {
    this.terminated++;
    return 1;
  }
}

/** What the pool was given, with the reply to come. */
interface Sent {
  readonly slot: number;
  readonly message: TaskMessage;
  answer(result: ThreadResult): void;
  fail(error: unknown): void;
}

const task: TaskMessage = { id: 4, token: "Hasher", method: "hash", args: [] };
const outOfMemory = Object.assign(new Error("Worker terminated due to reaching memory limit"), {
  code: "ERR_WORKER_OUT_OF_MEMORY",
});

describe("ThreadLink", () => {
  let host: ToldHost;
  let sent: Sent[];
  let thread: PlayedThread;
  let theirs: MessagePort;
  let slots: TaskSlots;

  beforeEach(() => {
    host = new ToldHost();
    sent = [];
    thread = new PlayedThread();
    slots = TaskSlots.of(1);
  });

  afterEach(() => theirs.close());

  function linkOf(launched: unknown = thread): ThreadLink {
    const { port1, port2 } = new MessageChannel();
    theirs = port2;
    const send: ThreadParts["send"] = (slot, message) =>
      new Promise((answer, fail) => sent.push({ slot, message, answer, fail }));
    return new ThreadLink(
      { launched: launched as Worker | Error, id: 9, port: port1, slots, send, bootTimeout: 60_000 },
      host,
    );
  }

  /** A link to a thread that has a task. */
  function busyLink(): { readonly link: ThreadLink; readonly run: Sent } {
    const link = linkOf();
    link.take(task.id);
    link.assign({ message: task, transferList: [], args: [] });
    return { link, run: sent[0] as Sent };
  }

  function say(message: WorkerMessage): void {
    theirs.postMessage(message);
  }

  describe("a task", () => {
    it("has a slot while it runs, in which the thread says that it has begun", () => {
      const { link, run } = busyLink();
      expect(link.began(task.id)).to.equal(false);
      slots.begin(run.slot);
      expect(link.began(task.id)).to.equal(true);
      link.release(task.id, true);
      expect([link.began(task.id), slots.take()]).to.deep.equal([false, run.slot]);
    });

    it("is told in its slot, too, what a thread that is busy does not read", async () => {
      const { link, run } = busyLink();
      const heard: unknown[] = [];
      theirs.on("message", (message) => heard.push(message));
      const memory = new SlotMemory(slots, run.slot);
      link.control({ type: "cancel", id: task.id, reason: "left" });
      link.control({ type: "abortArgument", id: task.id, index: 2 });
      link.control({ type: "credit", id: task.id, count: 1 });
      expect([memory.isCancelled(), memory.isArgumentAborted(2), memory.isArgumentAborted(1)]).to.deep.equal([
        true,
        true,
        false,
      ]);
      await until(() => heard.length === 3);
    });

    it("is told nothing when the thread does not have it any more, for another has its slot", async () => {
      const { link, run } = busyLink();
      const heard: unknown[] = [];
      theirs.on("message", (message) => heard.push(message));
      link.release(task.id, true);
      link.control({ type: "cancel", id: task.id, reason: "late" });
      void link.stop();
      await until(() => heard.length > 0);
      expect(slots.isCancelled(run.slot)).to.equal(false);
      expect(heard[0]).to.deep.equal({ type: "stop" });
    });

    it("has what it printed and streamed before its reply, whichever line is read first", async () => {
      const { run } = busyLink();
      say({ type: "item", id: task.id, value: "row" });
      run.answer({ ok: true, value: 1 });
      await until(() => host.replies.length > 0);
      expect(host.told).to.deep.equal(["item 4", "reply 4"]);
      expect(host.replies).to.deep.equal([{ ok: true, value: 1 }]);
    });

    it("is answered with an error when the thread says that it has answered, and has not", async () => {
      const { run } = busyLink();
      run.answer(undefined);
      await until(() => host.replies.length > 0);
      const [reply] = host.replies;
      if (reply?.ok !== false) throw new Error("no error");
      expect(decodeError(reply.error).message).to.include("Hasher.hash");
    });

    it("that cannot be sent is the sender's fault", async () => {
      const { run } = busyLink();
      run.fail(new Error("cannot be cloned"));
      await turn();
      expect(host.told).to.deep.equal(["unsent 4"]);
    });

    it("that the pool gives up with its thread is nobody's", async () => {
      const { run } = busyLink();
      thread.emit("error", outOfMemory);
      run.fail(new Error("the thread has ended"));
      await turn();
      expect(host.told).to.deep.equal([]);
    });
  });

  describe("a thread that ends", () => {
    it("was heard to its last word before, which its exit may overtake", () => {
      busyLink();
      say({ type: "ready" });
      say({ type: "reply", id: task.id, reply: { ok: true, value: 1 } });
      thread.emit("exit", 0);
      expect(host.told).to.deep.equal(["ready", "reply 4", "ended", "vacated"]);
    });

    it("crashes its tasks with its exit code", () => {
      const { link, run } = busyLink();
      say({ type: "ready" });
      slots.begin(run.slot);
      thread.emit("exit", 3);
      const error = link.crashOf(task);
      expect(error).to.be.instanceOf(WorkerCrashedError).and.to.include({ exitCode: 3, retryable: false });
      expect([error.message, link.usable, link.utilization()]).to.deep.equal([
        "the thread that ran Hasher.hash ended: exit code 3",
        false,
        0,
      ]);
    });

    it("for want of memory says so to the task that had begun, and lets the others be repeated", () => {
      slots = TaskSlots.of(2);
      const { link, run } = busyLink();
      link.assign({ message: { ...task, id: 5 }, transferList: [], args: [] });
      slots.begin(run.slot);
      thread.emit("error", outOfMemory);
      thread.emit("exit", 1);
      expect(link.crashOf(task)).to.be.instanceOf(WorkerOutOfMemoryError).and.to.include({ cause: outOfMemory });
      expect(link.crashOf({ ...task, id: 5 }))
        .to.be.instanceOf(WorkerCrashedError)
        .and.to.include({ retryable: true });
    });

    it("is not ended again", () => {
      const link = linkOf();
      say({ type: "ready" });
      thread.emit("exit", 0);
      link.terminate();
      expect(thread.terminated).to.equal(0);
    });
  });

  it("ends the thread when its pool does", () => {
    const link = linkOf();
    link.terminate();
    expect(thread.terminated).to.equal(1);
  });

  it("fails in a turn to come where the system makes no thread", async () => {
    const refusal = new Error("ERR_WORKER_INIT_FAILED");
    const link = linkOf(refusal);
    expect(host.told).to.deep.equal([]);
    await turn();
    expect([host.told, link.usable, link.utilization()]).to.deep.equal([["ended", "bootFailed"], false, 0]);
    expect(host.failure).to.be.instanceOf(WorkerBootError).and.to.include({ cause: refusal });
    expect(host.failure?.message).to.equal("a worker thread could not be started: ERR_WORKER_INIT_FAILED");
  });
});
