import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect } from "chai";
import type { CallOptions, Class, ExecutorEnvironment } from "#src/concurrent.js";
import { argumentError } from "#src/executors/faults.js";
import { LocalExecutor } from "#src/executors/local-executor.js";
import type { QueueOptions } from "#src/executors/queue-options.js";
import { machineTime } from "#src/executors/machine-time.js";
import type { Reply, TaskControl } from "#src/executors/protocol.js";
import type { RunReceiver, RunRequest, Workers, WorkersHost } from "#src/executors/workers.js";
import {
  CancelledError,
  ConfigurationError,
  DeadlineExceededError,
  ExecutorClosedError,
  QueueFullError,
  SerializationError,
  WorkerBootError,
  type TaskEvent,
  type WorkerEvent,
  WorkerCrashedError,
  carryContext,
} from "waterspout";
import { PlayedRequest } from "../support/played-request.js";
import { failure } from "../support/pools.js";
import { fixtureEnvironment } from "./fixtures/environment.js";

/** Workers that do what the test says. */
class ScriptedWorkers implements Workers {
  capacity: number;
  broken: Error | undefined;
  host!: WorkersHost;
  readonly requests: RunRequest[] = [];
  readonly controls: TaskControl[] = [];
  readonly killed: number[] = [];
  stopped = 0;
  /** Tasks that were sent before their turn; how many may be; and with which of them the worker has begun unseen. */
  readonly ahead: number[] = [];
  mayHaveAhead = 0;
  readonly begun = new Set<number>();
  readonly #receivers = new Map<number, RunReceiver>();
  #last: number | undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  async start(_: ExecutorEnvironment, host: WorkersHost): Promise<void> {
    this.host = host;
  }

  run(request: RunRequest, receiver: RunReceiver): void {
    this.requests.push(request);
    this.#receivers.set(request.message.id, receiver);
  }

  takesAhead(depth: number): boolean {
    return this.ahead.length < Math.min(depth, this.mayHaveAhead);
  }

  sendAhead(request: RunRequest, receiver: RunReceiver): void {
    this.ahead.push(request.message.id);
    this.#receivers.set(request.message.id, receiver);
  }

  recall(id: number): boolean {
    if (this.begun.has(id)) return false;
    this.ahead.splice(this.ahead.indexOf(id), 1);
    return true;
  }

  control(message: TaskControl): void {
    this.controls.push(message);
  }

  kill(id: number): void {
    this.killed.push(id);
  }

  async stop(): Promise<void> {
    this.stopped++;
  }

  stats(): [] {
    return [];
  }

  /** Ends the task that was sent as the `index`th; its worker begins with the task `next`. */
  async reply(index: number, reply: Reply = { ok: true, value: index }, next?: number): Promise<void> {
    await this.replyTo(this.#id(index), reply, next);
  }

  async replyTo(id = 0, reply: Reply = { ok: true, value: undefined }, next?: number): Promise<void> {
    this.#last = next;
    this.#receivers.get(id)?.replied(reply, next === undefined ? undefined : this.#receivers.get(next));
    await turn();
  }

  /** Ends the task that began last. */
  async replyToLast(next?: number): Promise<void> {
    await this.replyTo(this.#last ?? this.#id(this.requests.length - 1), undefined, next);
  }

  async failTo(id = 0, error: Error): Promise<void> {
    this.#receivers.get(id)?.failed(error);
    await turn();
  }

  async crash(index: number, error: Error): Promise<void> {
    this.#receivers.get(this.#id(index))?.failed(error);
    await turn();
  }

  get methods(): string[] {
    return this.requests.map(({ message }) => message.method);
  }

  #id(index: number): number {
    return this.requests[index]?.message.id ?? 0;
  }
}

class ScriptedExecutor extends LocalExecutor {}

/** Any method may be called: nothing runs it. */
interface Anything {
  [method: string]: (...args: unknown[]) => Promise<unknown>;
}
const Target = class Target {} as unknown as Class<Anything>;

describe("LocalExecutor", () => {
  let workers: ScriptedWorkers;
  let executor: ScriptedExecutor;

  const start = async (
    capacity = 1,
    options: QueueOptions = {},
    given: Partial<ExecutorEnvironment> = {},
    workAhead?: number,
  ) => {
    workers = new ScriptedWorkers(capacity);
    executor = new ScriptedExecutor(() => workers, { cancelGrace: 10, ...options }, workAhead);
    await executor.start(fixtureEnvironment("./hostile.js", given));
  };

  beforeEach(() => start());

  describe("#submit", () => {
    it("rejects through the future what it refuses, whatever is wrong", async () => {
      const trapped = new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error("a trap");
          },
        },
      );
      const ended = new PlayedRequest();
      ended.end(new Error("the client left"));
      for (const [future, type, message] of [
        [
          () => executor.submit(Target, "run", [], { priority: Number.NaN }),
          ConfigurationError,
          "Target.run: priority must be a finite number, got NaN",
        ],
        [
          () => executor.submit(Target, "run", [], { deadline: Infinity }),
          ConfigurationError,
          "Target.run: deadline must be a number of at least 1 and at most 2147483647",
        ],
        [
          () => executor.submit(Target, "run", [], { signal: AbortSignal.abort() }),
          CancelledError,
          "the task was cancelled before it was submitted",
        ],
        [
          () => executor.submit(Target, "run", [], { request: ended } satisfies CallOptions as object),
          CancelledError,
          "the task was cancelled before it was submitted",
        ],
        [() => executor.submit(Target, "run", [trapped]), SerializationError, "Target.run: argument 0 is a Proxy"],
        [() => executor.submit(Target, "run", undefined as never), SerializationError, "Target.run"],
        [() => executor.submit(undefined as unknown as typeof Target, "run", []), TypeError, "undefined"],
      ] as const) {
        const error = await failure(future());
        expect(error).to.be.instanceOf(type);
        expect(error.message).to.include(message);
      }
      await turn();
      expect(executor.stats()).to.include({ running: 0, queued: 0 });
    });

    it("rejects what the environment does not know", async () => {
      await start(
        1,
        {},
        {
          tokenOf: () => {
            throw new ConfigurationError("two classes of one name");
          },
        },
      );
      expect((await failure(executor.submit(Target, "run", []))).message).to.equal("two classes of one name");
    });

    it("goes on after a task whose arguments trap it, though others wait", async () => {
      const first = executor.submit(Target, "first", []);
      const revoked = Proxy.revocable({}, {});
      const second = failure(executor.submit(Target, "second", [revoked.proxy]));
      const third = executor.submit(Target, "third", []);
      revoked.revoke();
      await workers.reply(0);
      expect(await second).to.be.instanceOf(SerializationError);
      await workers.reply(1);
      expect(await Promise.all([first, third])).to.deep.equal([0, 1]);
    });

    it("names the carried value that cannot be sent", async () => {
      const storage = new AsyncLocalStorage<unknown>();
      carryContext("spec:logger", storage);
      const future = failure(storage.run({ log: () => undefined }, () => executor.submit(Target, "run", [1])));
      const [request] = workers.requests;
      if (request === undefined) throw new Error("nothing was sent");
      await workers.crash(0, argumentError(request.args, request.message, new Error("clone")));
      const error = await future;
      expect(error.message).to.include("the carried value of spec:logger.log is a function");
    });
  });

  describe("a task that is sent ahead", () => {
    const events: string[] = [];
    const listeners = ["submit", "start", "end", "error"].map((name) => ({
      name: `waterspout.executor.${name}`,
      listen: (event: unknown) => events.push(`${name} ${(event as TaskEvent).token}`),
    }));

    beforeEach(async () => {
      // Tasks of a microsecond, whatever the machine does.
      await start(1, {}, {}, Infinity);
      void executor.submit(Target, "first", []);
      await workers.reply(0);
      workers.mayHaveAhead = 7;
      events.length = 0;
      for (const { name, listen } of listeners) subscribe(name, listen);
    });

    afterEach(() => {
      for (const { name, listen } of listeners) unsubscribe(name, listen);
    });

    it("starts after the end of the one before it, and once", async () => {
      const futures = ["a", "b"].map((method) => executor.submit(Target, method, []));
      await workers.reply(1, undefined, workers.ahead[0]);
      await workers.replyTo(workers.ahead[0]);
      await Promise.all(futures);
      expect(events).to.deep.equal([
        "submit Target.a",
        "start Target.a",
        "submit Target.b",
        "end Target.a",
        "start Target.b",
        "end Target.b",
      ]);
      expect(workers.requests).to.have.lengthOf(2);
    });

    it("that has begun before it is known is not late, and starts once", async () => {
      void executor.submit(Target, "a", []);
      const future = executor.submit(Target, "b", [], { queueTimeout: 1 });
      workers.begun.add(workers.ahead[0] ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await workers.reply(1, undefined, workers.ahead[0]);
      await workers.replyTo(workers.ahead[0]);
      expect(await future).to.equal(undefined);
      expect(events.filter((event) => event === "start Target.b")).to.have.lengthOf(1);
      expect(executor.stats()).to.include({ running: 0, queued: 0, failed: 0 });
    });

    it("does not run beside others when a more urgent one cannot go before it", async () => {
      void executor.submit(Target, "a", []);
      void executor.submit(Target, "b", []);
      workers.begun.add(workers.ahead[0] ?? 0);
      void executor.submit(Target, "urgent", [], { priority: 1 });
      expect(executor.stats()).to.include({ running: 1, queued: 2 });
      for (const next of [...workers.ahead, undefined]) await workers.replyToLast(next);
    });

    it("may come back from any number of workers that did not come to it", async () => {
      void executor.submit(Target, "a", []);
      const future = executor.submit(Target, "b", []);
      for (let round = 0; round < 20; round++) await workers.replyTo(workers.ahead.splice(0)[0], { ok: "refused" });
      await workers.reply(1, undefined, workers.ahead[0]);
      await workers.replyTo(workers.ahead[0]);
      expect(await future).to.equal(undefined);
    });

    it("is no measure of how long tasks take when it was never begun", async () => {
      void executor.submit(Target, "a", []);
      const lost = failure(executor.submit(Target, "b", []));
      const { runTime } = executor.stats();
      await workers.failTo(workers.ahead[0], new Error("its argument"));
      expect((await lost).message).to.equal("its argument");
      expect(executor.stats().runTime).to.deep.equal(runTime);
      await workers.reply(1);
    });
  });

  describe("a task", () => {
    it("is told what is left of its caller's time when it starts, not when it was submitted", async () => {
      const submitted = machineTime();
      void executor.submit(Target, "first", []);
      void executor.submit(Target, "second", [], { timeLeft: 60_000, deadline: 50_000 });
      void executor.submit(Target, "third", [], { timeLeft: 60_000 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await workers.reply(0);
      await workers.reply(1);
      await workers.reply(2);
      const [, second, third] = workers.requests;
      expect(second?.message.deadline).to.equal(50_000);
      // Its time went on from the submission, and not from the start.
      for (const { message } of [second, third].filter((sent) => sent !== undefined)) {
        expect((message.until ?? 0) - submitted).to.be.within(60_000, 60_015);
      }
      expect(executor.stats().queueWait.p99).to.be.at.least(15);
    });

    it("of a request has from it, when it starts, what its worker is told, and tells it how long it waited", async () => {
      const request = new PlayedRequest({ requestId: "r-1", traceparent: "00-t", timeLeft: 700 });
      void executor.submit(Target, "run", [], { deadline: 900, request } satisfies CallOptions as object);
      expect(workers.requests[0]?.message).to.include({ requestId: "r-1", traceparent: "00-t", deadline: 900 });
      expect(workers.requests[0]?.message.until).to.be.closeTo(machineTime() + 700, 100);
      expect(request.waits).to.have.lengthOf(1);
      expect([request.hasSignal, request.watchers.size]).to.deep.equal([false, 1]);
      await workers.reply(0);
      expect(request.watchers.size).to.equal(0);
    });

    it("that was refused takes its place in the queue again, before those that came later", async () => {
      await start(2);
      const futures = ["a", "b", "c"].map((method) => executor.submit(Target, method, []));
      await workers.reply(1, { ok: "refused" });
      await workers.reply(0, { ok: "refused" });
      expect(workers.methods).to.deep.equal(["a", "b", "b", "a"]);
      for (const index of [2, 3, 4]) await workers.reply(index);
      expect(await Promise.all(futures)).to.deep.equal([3, 2, 4]);
    });

    it("that was refused still has its queueTimeout, counted from its submission", async () => {
      const future = executor.submit(Target, "run", [], { queueTimeout: 20 });
      workers.capacity = 0;
      await workers.reply(0, { ok: "refused" });
      const error = await failure(future);
      expect(error).to.be.instanceOf(DeadlineExceededError).and.to.include({ phase: "queued" });
    });

    it("that was refused has what the worker gave back of its memory", async () => {
      const bytes = Buffer.from([1, 2]);
      void executor.submit(Target, "run", [bytes, "text"]);
      await workers.reply(0, { ok: "refused", args: [Uint8Array.of(1, 2), "text"] });
      const [buffer, text] = workers.requests[1]?.args ?? [];
      expect(Buffer.isBuffer(buffer)).to.equal(true);
      expect([buffer, text]).to.deep.equal([bytes, "text"]);
      await workers.reply(1);
    });

    it("is not given to one worker after the other for ever", async () => {
      const future = failure(executor.submit(Target, "run", []));
      for (let index = 0; index < 11; index++) await workers.reply(index, { ok: "refused" });
      expect(await future)
        .to.be.instanceOf(WorkerCrashedError)
        .and.to.include({ retryable: true });
      expect(workers.requests).to.have.lengthOf(11);
    });

    it("whose reply cannot be read is rejected, and its place is free", async () => {
      const future = failure(executor.submit(Target, "run", []));
      await workers.reply(0, { ok: true, value: { aborted: false }, marks: { buffers: [], signals: [0] } });
      expect(await future).to.be.instanceOf(SerializationError);
      expect(executor.stats()).to.include({ running: 0, failed: 1, completed: 0 });
    });

    it("that is cancelled while it runs keeps its place, is told, and then killed", async () => {
      const future = executor.submit(Target, "run", []);
      const error = failure(future);
      future.cancel("enough");
      expect(executor.stats()).to.include({ running: 1, cancelled: 1 });
      expect(workers.controls).to.deep.equal([{ type: "cancel", id: 1, reason: "Target.run was cancelled: enough" }]);
      expect(workers.killed).to.deep.equal([]);
      while (workers.killed.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(workers.killed).to.deep.equal([1]);
      expect(await error).to.be.instanceOf(CancelledError);
      await workers.reply(0);
      expect(executor.stats()).to.include({ running: 0, cancelled: 1, completed: 0 });
    });
  });

  describe("with a full queue", () => {
    it("says when to come back: after the queue at the pace of the latest tasks", async () => {
      await start(1, { maxQueue: 2 });
      void executor.submit(Target, "first", []);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await workers.reply(0);
      const futures = [1, 2, 3].map(() => executor.submit(Target, "next", []));
      const error = await failure(executor.submit(Target, "last", []));
      expect(error).to.be.instanceOf(QueueFullError).and.to.include({ retryAfter: 1 });
      expect(error.message).to.equal("the queue is full: 2 waiting, maxQueue is 2");
      for (const index of [1, 2, 3]) await workers.reply(index);
      await Promise.all(futures);
    });

    it("refuses for little: no stack is taken, and no signal asked for that a request would have to make", async () => {
      await start(1, { maxQueue: 0 });
      const running = executor.submit(Target, "first", []);
      let asked = 0;
      const options = {
        get signal() {
          asked++;
          return new AbortController().signal;
        },
      };
      const { stack } = await failure(executor.submit(Target, "next", [], options));
      expect([asked, stack]).to.deep.equal([0, "QueueFullError: the queue is full: 0 waiting, maxQueue is 0"]);
      await workers.reply(0);
      await running;
      await Promise.all([executor.submit(Target, "last", [], options), workers.reply(1)]);
      expect(asked).to.be.above(0);
    });

    it("takes 10,000 tasks and lets each go that is cancelled", async () => {
      await start(1, { maxQueue: 10_000 });
      const futures = Array.from({ length: 10_001 }, () => executor.submit(Target, "run", []));
      const rejected = futures.slice(1).map((future) => future.catch((error: unknown) => error));
      for (const future of futures.slice(1)) future.cancel();
      expect(executor.stats()).to.include({ queued: 0, cancelled: 10_000 });
      await workers.reply(0);
      expect(await Promise.all(rejected)).to.have.lengthOf(10_000);
      expect(workers.requests).to.have.lengthOf(1);
    });
  });

  describe("without a worker", () => {
    it("rejects what is queued, and refuses what comes as long as it lasts", async () => {
      workers.capacity = 0;
      const queued = failure(executor.submit(Target, "run", []));
      const reason = new WorkerBootError("no database");
      workers.broken = reason;
      workers.host.bootFailed(reason);
      expect(await queued).to.equal(reason);
      expect(await failure(executor.submit(Target, "run", []))).to.equal(reason);
      workers.broken = undefined;
      workers.capacity = 1;
      const future = executor.submit(Target, "run", []);
      await workers.reply(0);
      expect(await future).to.equal(0);
    });

    it("runs what is queued when there is room again", async () => {
      workers.capacity = 0;
      const future = executor.submit(Target, "run", []);
      workers.capacity = 1;
      workers.host.roomAgain();
      await workers.reply(0);
      expect(await future).to.equal(0);
    });
  });

  describe("#shutdown", () => {
    it("waits for what is queued, also while nothing can run", async () => {
      workers.capacity = 0;
      const future = executor.submit(Target, "run", []);
      const shutdown = executor.shutdown();
      await turn();
      workers.capacity = 1;
      workers.host.roomAgain();
      await workers.reply(0);
      expect(await future).to.equal(0);
      await shutdown;
      expect(workers.stopped).to.equal(1);
    });

    it("ends when the last that it waits for is cancelled or cannot be run", async () => {
      workers.capacity = 0;
      const first = executor.submit(Target, "run", []);
      const shutdown = executor.shutdown();
      first.cancel();
      await failure(first);
      await shutdown;
      await start(0);
      const second = failure(executor.submit(Target, "run", []));
      const another = executor.shutdown();
      workers.host.bootFailed(new WorkerBootError("no database"));
      expect(await second).to.be.instanceOf(WorkerBootError);
      await another;
    });

    it("is hurried by a second call, and not slowed down by it", async () => {
      const running = failure(executor.submit(Target, "run", []));
      const queued = failure(executor.submit(Target, "run", []));
      const shutdown = executor.shutdown();
      void executor.shutdown({ deadline: 60_000 });
      void executor.shutdown({ cancelFutures: true });
      expect(await queued).to.be.instanceOf(CancelledError);
      expect(executor.stats().running).to.equal(1);
      expect(executor.shutdown({ wait: false })).to.equal(shutdown);
      expect(await running).to.be.instanceOf(CancelledError);
      await shutdown;
      expect(workers.stopped).to.equal(1);
    });

    it("refuses what comes, and a second start", async () => {
      await executor.shutdown();
      expect(await failure(executor.submit(Target, "run", []))).to.be.instanceOf(ExecutorClosedError);
      expect(await failure(executor.start(fixtureEnvironment("./hostile.js")))).to.be.instanceOf(ExecutorClosedError);
    });
  });

  it("reports its workers under its own name", async () => {
    const events: WorkerEvent[] = [];
    const note = (event: unknown): void => void events.push(event as WorkerEvent);
    subscribe("waterspout.executor.worker-spawn", note);
    subscribe("waterspout.executor.worker-exit", note);
    workers.host.spawned(7);
    workers.host.exited(7);
    unsubscribe("waterspout.executor.worker-spawn", note);
    unsubscribe("waterspout.executor.worker-exit", note);
    expect(events).to.deep.equal([
      { executor, worker: 7 },
      { executor, worker: 7 },
    ]);
    expect(events[0]?.executor).to.equal(executor);
  });
});
