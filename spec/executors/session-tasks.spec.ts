import { expect } from "chai";
import { amongOthers } from "#src/context.js";
import type { Reply, TaskMessage, WorkerMessage } from "#src/executors/protocol.js";
import { decodeError } from "#src/executors/error-codec.js";
import type { TaskMemory } from "#src/executors/running-task.js";
import { SessionTasks } from "#src/executors/session-tasks.js";
import { CancelledError, ConfigurationError, ExecutorContext, SerializationError } from "waterspout";
import { expectLog } from "../support/log.js";

const memory = { isCancelled: () => false, isArgumentAborted: () => false };

describe("SessionTasks", () => {
  const posted: WorkerMessage[] = [];
  const released: string[] = [];
  let release: () => Promise<void>;
  let tasks: SessionTasks;

  class Service {
    async add(a: number, b: number): Promise<number> {
      return a + b;
    }

    async token(): Promise<string | undefined> {
      return ExecutorContext.current()?.token;
    }

    async list(): Promise<number[]> {
      return [1];
    }

    async closure(): Promise<object> {
      return { log: () => undefined };
    }

    async fail(): Promise<never> {
      throw new RangeError("no");
    }

    async *count(): AsyncGenerator<number, string> {
      yield 1;
      yield 2;
      return "all";
    }
  }

  const message = (method: string, given: Partial<TaskMessage> = {}): TaskMessage => ({
    id: 1,
    token: "Service",
    method,
    args: [],
    ...given,
  });

  beforeEach(() => {
    posted.length = 0;
    released.length = 0;
    release = async () => void released.push("released");
    tasks = new SessionTasks({
      // As a port does it: what cannot be cloned throws.
      post: (each) => void posted.push(structuredClone(each)),
      acquire: (token) => {
        if (token !== "Service") throw new Error(`no ${token}`);
        return { instance: new Service(), release };
      },
      runner: amongOthers,
      ended: () => void released.push(`ended, ${tasks.running} left`),
    });
  });

  /** Runs a call. @returns its reply, the only thing that is posted. */
  async function replyTo(given: TaskMessage, read: TaskMemory = memory): Promise<Reply> {
    posted.length = 0;
    await tasks.run(given, read);
    const [first] = posted;
    if (posted.length !== 1 || first?.type !== "reply") throw new Error("not one reply was posted");
    return first.reply;
  }

  it("posts one reply for each call", async () => {
    expect(await replyTo(message("add", { args: [1, 2] }))).to.deep.equal({ ok: true, value: 3 });
    expect(await replyTo(message("list"))).to.deep.equal({ ok: true, value: [1] });
  });

  it("posts an error for a result that cannot be cloned", async () => {
    const reply = await replyTo(message("closure"));
    if (reply.ok !== false) throw new Error("it was posted");
    expect(decodeError(reply.error)).to.be.instanceOf(SerializationError).and.to.include({ path: "result.log" });
  });

  it("runs the body as its task", async () => {
    expect(await replyTo(message("token"))).to.deep.equal({ ok: true, value: "Service.token" });
    expect(ExecutorContext.current()).to.equal(undefined);
  });

  it("answers every failure with an error: of the body, of the instance, of the name", async () => {
    for (const [given, text] of [
      [message("fail"), "no"],
      [message("add", { token: "Other" }), "no Other"],
      [message("missing"), 'Service has no method "missing" to run on an executor'],
      [message("constructor"), 'Service has no method "constructor" to run on an executor'],
      [message("toString"), 'Service has no method "toString" to run on an executor'],
    ] as const) {
      const reply = await replyTo(given);
      expect(reply).to.have.property("ok", false);
      if (reply.ok === false) expect(decodeError(reply.error).message).to.equal(text);
    }
    expect(tasks.running).to.equal(0);
  });

  it("answers also when what was made for the task cannot be ended, and logs that", async () => {
    release = () => Promise.reject(new Error("the connection is gone"));
    expectLog(/ending a task failed[\s\S]*the connection is gone/);
    expect(await replyTo(message("add", { args: [1, 2] }))).to.deep.equal({ ok: true, value: 3 });
  });

  it("tells its owner before the reply, when the task is no longer counted", async () => {
    await tasks.run(message("add", { args: [1, 2] }), memory);
    expect(released).to.deep.equal(["released", "ended, 0 left"]);
    expect(posted).to.have.lengthOf(1);
  });

  it("posts the items of a generator before its end", async () => {
    await tasks.run(message("count", { stream: true }), memory);
    expect(posted).to.deep.equal([
      { type: "item", id: 1, value: 1 },
      { type: "item", id: 1, value: 2 },
      { type: "reply", id: 1, reply: { ok: true, value: "all" } },
    ]);
  });

  it("refuses a generator that is not streamed, and a stream of what is none", async () => {
    for (const [given, text] of [
      [message("count"), "Service.count is a generator: call it with stream"],
      [message("add", { stream: true }), "Service.add is no generator: call it with submit"],
    ] as const) {
      posted.length = 0;
      await tasks.run(given, memory);
      const [first] = posted;
      if (first?.type !== "reply" || first.reply.ok !== false) throw new Error("no error was posted");
      const error = decodeError(first.reply.error);
      expect(error).to.be.instanceOf(ConfigurationError).and.to.include({ message: text });
    }
  });

  it("does not begin with a task that is cancelled already", async () => {
    const reply = await replyTo(message("list"), { ...memory, isCancelled: () => true });
    if (reply.ok !== false) throw new Error("it ran");
    expect(decodeError(reply.error)).to.be.instanceOf(CancelledError);
  });

  it("takes a message for a task that has ended for late, not for wrong", () => {
    tasks.handle({ type: "cancel", id: 99, reason: "late" });
  });
});
