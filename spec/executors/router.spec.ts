import { Readable } from "node:stream";
import { expect } from "chai";
import type { CancellablePromise, Class, ExecutorEnvironment, TaskExecutor, TaskOptions } from "#src/concurrent.js";
import { ExecutorRouter } from "#src/executors/router.js";
import { transferListOf } from "#src/executors/transfer.js";
import {
  ConfigurationError,
  Executor,
  Future,
  InlineExecutor,
  RunOnExecutor,
  WorkerCrashedError,
  move,
} from "waterspout";
import { expectLog } from "../support/log.js";
import { PlayedRequest } from "../support/played-request.js";
import { failure } from "../support/pools.js";
import { fixtureEnvironment } from "./fixtures/environment.js";

/** Writes down what it is asked for. */
class Recorder implements TaskExecutor {
  readonly calls: { method: string; args: readonly unknown[]; options: TaskOptions | undefined }[] = [];
  readonly life: string[] = [];
  readonly failures: Error[] = [];

  submit(_: Class, method: string, args: readonly unknown[], options?: TaskOptions): CancellablePromise<never> {
    this.calls.push({ method, args, options });
    const failed = this.failures.shift();
    return new Future<never>((resolve, reject) => (failed === undefined ? resolve("done" as never) : reject(failed)));
  }

  stream(_: Class, method: string, args: readonly unknown[], options?: TaskOptions): never {
    this.calls.push({ method, args, options });
    return Readable.from(["item"])[Symbol.asyncIterator]() as never;
  }

  async start(environment: ExecutorEnvironment): Promise<void> {
    this.life.push(`started for ${environment.processes}`);
  }

  async shutdown(): Promise<void> {
    this.life.push("shut down");
    const [failed] = this.failures;
    if (failed !== undefined) throw failed;
  }
}

const own = new Recorder();
const ofClass = new Recorder();

class Service {
  @RunOnExecutor()
  async plain(): Promise<void> {}

  @RunOnExecutor({ executor: "named" })
  async named(): Promise<void> {}

  @RunOnExecutor({ executor: own })
  async own(): Promise<void> {}
}

class Static {
  static readonly executor = ofClass;

  @RunOnExecutor()
  async plain(): Promise<void> {}
}

class Lost {
  @RunOnExecutor({ executor: "missing" })
  async run(): Promise<void> {}
}

describe("ExecutorRouter", () => {
  let byName: { default: Recorder; named: Recorder };
  let registered: Map<unknown, unknown>;
  let router: ExecutorRouter;
  const environment = fixtureEnvironment("./none.js", { processes: 3 });

  beforeEach(() => {
    byName = { default: new Recorder(), named: new Recorder() };
    registered = new Map();
    router = new ExecutorRouter(byName, (token) => registered.get(token));
    for (const { calls, life } of [own, ofClass]) calls.length = life.length = 0;
  });

  const call = (method: string, options: object = {}, given: object = {}): Promise<unknown> =>
    router.call({ instance: {}, target: Service, method, args: [1], options, request: undefined, ...given });

  describe("chooses", () => {
    it("the decorator's executor, by itself or by its name", async () => {
      await call("own", { executor: own });
      await call("named", { executor: "named" });
      expect([own.calls.length, byName.named.calls.length, byName.default.calls.length]).to.deep.equal([1, 1, 0]);
    });

    it("else the class's, else the default", async () => {
      await call("plain", {}, { target: Static });
      await call("plain");
      expect([ofClass.calls.length, byName.default.calls.length]).to.deep.equal([1, 1]);
    });

    it("for each decorated method and each class by itself, also when it has chosen before", async () => {
      await router.start([], environment);
      const [overridden, overriding] = [{ executor: "named" }, { executor: own }];
      for (const options of [overriding, overridden, overriding]) await call("same", options);
      await call("plain", {}, { target: Static });
      const shared = {};
      await call("plain", shared, { target: Static });
      await call("plain", shared);
      expect([own.calls.length, byName.named.calls.length]).to.deep.equal([2, 1]);
      expect([ofClass.calls.length, byName.default.calls.length]).to.deep.equal([2, 1]);
    });

    it("what the container has under a token", async () => {
      const [token, found] = [Symbol("pool"), new Recorder()];
      registered.set(token, found);
      await call("plain", { executor: token });
      expect(found.calls).to.have.lengthOf(1);
    });

    it("what the container has as Executor where none is called default", async () => {
      const found = new Recorder();
      registered.set(Executor, found);
      router = new ExecutorRouter({ named: byName.named }, (token) => registered.get(token));
      await call("plain");
      expect(found.calls).to.have.lengthOf(1);
      expect(router.useDefault()).to.equal(found);
    });
  });

  describe("refuses", () => {
    it("a name that stands for no executor", () => {
      expect(() => new ExecutorRouter({ default: 4 as never }, () => undefined)).to.throw(
        ConfigurationError,
        "executors.default is no executor but 4: give it one, such as new ThreadPoolExecutor(4)",
      );
    });

    it("at the start a method whose executor does not exist, and names those that do", async () => {
      const error = await failure(router.start([Lost], environment));
      expect(error).to.be.instanceOf(ConfigurationError);
      expect(error.message).to.match(/^Lost\.run runs on executor "missing", .*\(known: "default", "named"\)/);
    });
  });

  describe("hands a task", () => {
    it("the decorator's options and those of the request", async () => {
      const told = { requestId: "r-1", traceparent: "00-t", timeLeft: 500 };
      const request = new PlayedRequest(told);
      await call("plain", { deadline: 5, priority: 2, executor: "default" }, { request });
      const { options } = byName.default.calls[0] ?? {};
      expect(options).to.include({ ...told, signal: request.signal, deadline: 5, priority: 2 });
      expect(options).to.not.have.property("executor");
      options?.onStart?.(7);
      expect(request.waits).to.deep.equal([7]);
    });

    it("the request itself where the executor is one of ours, which asks it for what it needs", async () => {
      const inline = new InlineExecutor();
      const submitted: unknown[] = [];
      inline.submit = ((_: Class, __: string, ___: unknown, options: TaskOptions) => submitted.push(options)) as never;
      const request = new PlayedRequest({ requestId: "r-1" });
      await call("plain", { deadline: 5, executor: inline }, { request });
      expect(submitted).to.deep.equal([{ deadline: 5, request }]);
      expect(request.hasSignal).to.equal(false);
    });

    it("that is detached neither the request's signal nor its time", async () => {
      const request = new PlayedRequest({ requestId: "r-1", timeLeft: 500 });
      await call("plain", { onDisconnect: "detach" }, { request });
      expect(byName.default.calls[0]?.options).to.include({ requestId: "r-1" });
      expect(byName.default.calls[0]?.options).to.not.have.any.keys("signal", "timeLeft");
    });

    it("of a generator over as a stream", async () => {
      const items = router.stream({
        instance: {},
        target: Service,
        method: "plain",
        args: [],
        options: {},
        request: undefined,
      });
      expect((await items.next()).value).to.equal("item");
    });
  });

  it("makes a call again, with its arguments whole and what is left of its deadline", async () => {
    const bytes = move(new Uint8Array(4));
    byName.default.failures.push(new WorkerCrashedError("it crashed"));
    const options = { idempotent: true, retry: { minDelay: 0 }, deadline: 60_000 };
    expect(await call("plain", options, { args: [bytes] })).to.equal("done");
    const [first, second] = byName.default.calls;
    expect(first?.args).to.deep.equal(second?.args);
    expect(second?.options?.deadline).to.be.at.most(60_000);
    expect(transferListOf([bytes], false), "not moved any more").to.deep.equal([]);
  });

  describe("starts", () => {
    it("each executor that is named or needed, once", async () => {
      await router.start([Service, Static], environment);
      for (const { life } of [own, ofClass, byName.default, byName.named]) {
        expect(life).to.deep.equal(["started for 3"]);
      }
    });

    it("one that is reached only at run time when it is first called", async () => {
      const late = new Recorder();
      await router.start([], environment);
      await call("plain", { executor: late });
      await call("plain", { executor: late });
      expect(late.life).to.deep.equal(["started for 3"]);
    });

    it("none after the shutdown", async () => {
      const late = new Recorder();
      await router.start([], environment);
      await router.shutdown(0, 0);
      await call("plain", { executor: late });
      expect(late.life).to.deep.equal([]);
    });
  });

  it("shuts down all that it started, also when one fails", async () => {
    await router.start([Service], environment);
    byName.default.failures.push(new Error("stuck"));
    expectLog(/an executor could not be shut down[\s\S]*stuck/);
    await router.shutdown(0, 0);
    for (const { life } of [own, byName.default, byName.named]) expect(life.at(-1)).to.equal("shut down");
  });
});
