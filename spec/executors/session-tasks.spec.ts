import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { amongOthers } from "#src/context.js";
import type { TaskMessage, WorkerMessage } from "#src/executors/protocol.js";
import { decodeError } from "#src/executors/error-codec.js";
import { SessionTasks } from "#src/executors/session-tasks.js";
import { ConfigurationError, ExecutorContext } from "waterspout";
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

  it("returns a reply that is certain to be cloned, and posts another", async () => {
    expect(await tasks.attempt(message("add", { args: [1, 2] }), memory)).to.deep.equal({ ok: true, value: 3 });
    expect(posted).to.deep.equal([]);
    expect(await tasks.attempt(message("list"), memory)).to.equal(undefined);
    expect(posted).to.deep.equal([{ type: "reply", id: 1, reply: { ok: true, value: [1] } }]);
  });

  it("runs the body as its task", async () => {
    expect(await tasks.attempt(message("token"), memory)).to.deep.equal({ ok: true, value: "Service.token" });
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
      const reply = await tasks.attempt(given, memory);
      expect(reply).to.have.property("ok", false);
      if (reply?.ok === false) expect(decodeError(reply.error).message).to.equal(text);
    }
    expect(tasks.running).to.equal(0);
  });

  it("answers also when what was made for the task cannot be ended, and logs that", async () => {
    release = () => Promise.reject(new Error("the connection is gone"));
    expectLog(/ending a task failed[\s\S]*the connection is gone/);
    expect(await tasks.attempt(message("add", { args: [1, 2] }), memory)).to.deep.equal({ ok: true, value: 3 });
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
    const reply = await tasks.attempt(message("list"), { ...memory, isCancelled: () => true });
    expect(reply).to.have.property("ok", false);
    await turn();
    expect(posted).to.deep.equal([]);
  });

  it("takes a message for a task that has ended for late, not for wrong", () => {
    tasks.handle({ type: "cancel", id: 99, reason: "late" });
  });
});
