import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, type MessagePort, type Worker, receiveMessageOnPort } from "node:worker_threads";
import { expect } from "chai";
import type { TaskMessage, WorkerMessage } from "#src/executors/protocol.js";
import { ThreadLink } from "#src/executors/thread-link.js";
import { ThreadSlot, TaskSlots, type Ticket } from "#src/executors/task-slots.js";
import { type ThreadTask, unpackTask } from "#src/executors/thread-protocol.js";
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

const task: TaskMessage = { id: 4, token: "Hasher", method: "hash", args: [] };
const outOfMemory = Object.assign(new Error("Worker terminated due to reaching memory limit"), {
  code: "ERR_WORKER_OUT_OF_MEMORY",
});

describe("ThreadLink", () => {
  let host: ToldHost;
  let thread: PlayedThread;
  let theirs: MessagePort;
  let slots: TaskSlots;

  beforeEach(() => {
    host = new ToldHost();
    thread = new PlayedThread();
    slots = TaskSlots.of(1);
  });

  afterEach(() => theirs.close());

  function linkOf(launched: unknown = thread): ThreadLink {
    const { port1, port2 } = new MessageChannel();
    theirs = port2;
    return new ThreadLink(
      { launched: launched as Worker | Error, id: 9, port: port1, slots, bootTimeout: 60_000 },
      host,
    );
  }

  /** What the thread would read next. */
  function received(): ReturnType<typeof unpackTask> {
    return unpackTask(receiveMessageOnPort(theirs)?.message as ThreadTask);
  }

  /** A link to a thread that has a task. */
  function busyLink(): { readonly link: ThreadLink; readonly run: Ticket } {
    const link = linkOf();
    link.take(task.id);
    link.assign({ message: task, transferList: [], args: [] });
    return { link, run: received().ticket };
  }

  function say(message: WorkerMessage): void {
    theirs.postMessage(message);
  }

  describe("a task", () => {
    it("has a slot while it runs, in which the thread says that it has begun", () => {
      const { link, run } = busyLink();
      expect(link.began(task.id)).to.equal(false);
      slots.begin(run);
      expect(link.began(task.id)).to.equal(true);
      link.release(task.id, true);
      expect([link.began(task.id), slots.take().slot]).to.deep.equal([false, run.slot]);
    });

    it("is told in its slot, too, what a thread that is busy does not read", async () => {
      const { link, run } = busyLink();
      const heard: unknown[] = [];
      theirs.on("message", (message) => heard.push(message));
      const memory = new ThreadSlot(slots, run);
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

    it("is sent as it is, its memory moved", () => {
      const link = linkOf();
      const bytes = new Uint8Array(4);
      const message = { ...task, args: [bytes] };
      link.assign({ message, transferList: [bytes.buffer], args: [bytes] });
      const { ticket, message: arrived } = received();
      expect([ticket, arrived.args]).to.deep.equal([{ slot: 0, generation: 1 }, [new Uint8Array(4)]]);
      expect(bytes.byteLength).to.equal(0);
    });

    it("that cannot be sent throws, and leaves its slot to the next when it is released", () => {
      const link = linkOf();
      link.take(task.id);
      const message = { ...task, args: [() => undefined] };
      expect(() => link.assign({ message, transferList: [], args: message.args })).to.throw("could not be cloned");
      link.release(task.id, false);
      expect(slots.take().slot).to.equal(0);
    });

    it("has its items before its reply", async () => {
      busyLink();
      say({ type: "item", id: task.id, value: "row" });
      say({ type: "reply", id: task.id, reply: { ok: true, value: 1 } });
      await until(() => host.replies.length > 0);
      expect(host.told).to.deep.equal(["item 4", "reply 4"]);
      expect(host.replies).to.deep.equal([{ ok: true, value: 1 }]);
    });

    it("keeps this process alive while it runs", () => {
      const link = linkOf();
      const port = process.getActiveResourcesInfo;
      const active = (): number => port().filter((kind) => kind === "MessagePort").length;
      const before = active();
      say({ type: "ready" });
      link.take(task.id);
      const running = active();
      link.release(task.id, true);
      expect([running - before, active() - before]).to.deep.equal([0, -1]);
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
      slots.begin(run);
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
      slots.begin(run);
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
