import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { type ExecutorContextValue, amongOthers, runInRequest } from "#src/context.js";
import { type CallRouter, type ExecutorCall, bindCalls, knownExecutorClasses } from "#src/decorators/calls.js";
import { RunOnExecutor } from "#src/decorators/run-on-executor.js";
import { ConfigurationError } from "#src/errors.js";
import { executorMethodsOf } from "#src/metadata.js";
import { PlayedRequest } from "../support/played-request.js";

/** Keeps the calls it is given and answers them itself. */
class RecordingRouter implements CallRouter {
  readonly calls: ExecutorCall[] = [];

  async call(call: ExecutorCall): Promise<unknown> {
    this.calls.push(call);
    return "from the executor";
  }

  async *stream(call: ExecutorCall): AsyncGenerator {
    this.calls.push(call);
    yield "first";
    yield "second";
  }
}

class Thumbnails {
  readonly quality: number = 80;

  @RunOnExecutor({ deadline: 5_000, priority: 1 })
  async resize(image: string, width: number): Promise<string> {
    return `${image} at ${width} by ${this.constructor.name} with ${this.quality}`;
  }

  @RunOnExecutor()
  async *tiles(count: number): AsyncGenerator<string> {
    for (let index = 0; index < count; index++) yield `tile ${index} at ${this.quality}`;
  }

  @RunOnExecutor()
  async both(image: string): Promise<string[]> {
    return [await this.resize(image, 1), await this.resize(image, 2)];
  }
}

class SharpThumbnails extends Thumbnails {
  override readonly quality = 95;
}

const task: ExecutorContextValue = {
  signal: new AbortController().signal,
  cancelled: false,
  deadline: undefined,
  requestId: undefined,
  traceparent: undefined,
  token: "Thumbnails.resize",
};

function bound<T extends Thumbnails>(instance: T): { instance: T; router: RecordingRouter } {
  const router = new RecordingRouter();
  bindCalls(instance, { router });
  return { instance, router };
}

async function refusal(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => expect.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ConfigurationError);
  return error as Error;
}

async function collect(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The decorator as JavaScript calls it, without the types that refuse the same mistakes. */
function decorate(options: object, target: object, key: string | symbol, descriptor?: PropertyDescriptor): void {
  const decorator = RunOnExecutor(options) as unknown as (
    target: object,
    key: string | symbol,
    descriptor?: PropertyDescriptor,
  ) => void;
  decorator(target, key, descriptor);
}

const descriptor = (): PropertyDescriptor => ({ value: async () => 1, configurable: true, writable: true });

describe("RunOnExecutor", () => {
  describe("when the class is read", () => {
    it("records the method with its options", () => {
      expect(executorMethodsOf(Thumbnails).get("resize")).to.deep.equal({ deadline: 5_000, priority: 1 });
      expect(executorMethodsOf(Thumbnails).get("tiles")).to.deep.equal({});
    });

    it("remembers the class, so that a worker finds it", () => {
      expect(knownExecutorClasses().has(Thumbnails)).to.equal(true);
    });

    it("refuses a static method", () => {
      class Service {}
      expect(() => decorate({}, Service, "run", descriptor())).to.throw(
        ConfigurationError,
        "static Service.run: only a public instance method",
      );
    });

    it("refuses a method whose name is a symbol", () => {
      class Service {}
      expect(() => decorate({}, Service.prototype, Symbol("run"), descriptor())).to.throw(
        ConfigurationError,
        "Service.Symbol(run): only a public instance method with a plain name",
      );
    });

    it("refuses what is no method", () => {
      class Service {}
      expect(() => decorate({}, Service.prototype, "size", { get: () => 1 })).to.throw(
        ConfigurationError,
        "Service.size",
      );
      expect(() => decorate({}, Service.prototype, "field")).to.throw(ConfigurationError, "Service.field");
    });

    it("refuses an option that it does not know, naming those it knows", () => {
      class Service {}
      expect(() => decorate({ dedline: 1 }, Service.prototype, "run", descriptor())).to.throw(
        ConfigurationError,
        /Service\.run: unknown option "dedline"; known are executor, deadline, /,
      );
    });

    it("refuses numbers that no clock, queue or loop can use", () => {
      class Service {}
      for (const [options, message] of [
        [
          { deadline: Infinity },
          "Service.run: deadline must be a number of at least 1 and at most 2147483647, got Inf",
        ],
        [{ deadline: 0 }, "Service.run: deadline must be a number of at least 1"],
        [{ queueTimeout: "5s" }, "Service.run: queueTimeout must be a number of at least 1"],
        [{ priority: Number.NaN }, "Service.run: priority must be a finite number, got NaN"],
        [{ idempotent: true, retry: { attempts: 0 } }, "Service.run: retry: attempts must be an integer of at least 1"],
        [{ idempotent: true, retry: { delay: 5 } }, 'Service.run: retry: unknown option "delay"'],
        [{ idempotent: true, retry: true }, "Service.run: retry: the options must be an object, got true"],
      ] as const) {
        expect(() => decorate(options, Service.prototype, "run", descriptor())).to.throw(ConfigurationError, message);
      }
    });

    it("refuses to repeat a call whose arguments are given away", () => {
      class Service {}
      const options = { idempotent: true, retry: {}, transfer: true };
      expect(() => decorate(options, Service.prototype, "run", descriptor())).to.throw(
        ConfigurationError,
        "Service.run: `retry` needs the arguments again, and `transfer` gives them away: choose one",
      );
    });

    it("records nothing of what it refuses", () => {
      class Service {}
      expect(() => decorate({ dedline: 1 }, Service.prototype, "run", descriptor())).to.throw(ConfigurationError);
      expect(executorMethodsOf(Service).size).to.equal(0);
      expect(knownExecutorClasses().has(Service)).to.equal(false);
    });
  });

  describe("a call", () => {
    it("goes to the application's router instead of the body", async () => {
      const { instance, router } = bound(new Thumbnails());
      expect(await instance.resize("cat", 10)).to.equal("from the executor");
      expect(router.calls).to.deep.equal([
        {
          instance,
          target: Thumbnails,
          method: "resize",
          args: ["cat", 10],
          options: { deadline: 5_000, priority: 1 },
          request: undefined,
        },
      ]);
    });

    it("names the class of the instance, not the one that declares the method", async () => {
      const { instance, router } = bound(new SharpThumbnails());
      await instance.resize("cat", 10);
      expect(router.calls[0]?.target).to.equal(SharpThumbnails);
    });

    it("hands a generator over as a stream", async () => {
      const { instance, router } = bound(new Thumbnails());
      expect(await collect(instance.tiles(3))).to.deep.equal(["first", "second"]);
      expect(router.calls[0]).to.include({ method: "tiles", target: Thumbnails });
    });

    it("belongs to the request of the instance's binding", async () => {
      const request = new PlayedRequest();
      const router = new RecordingRouter();
      const instance = new Thumbnails();
      bindCalls(instance, { router, request });
      await runInRequest(new PlayedRequest(), () => instance.resize("cat", 10));
      expect(router.calls[0]?.request).to.equal(request);
    });

    it("belongs to the request in whose course it is made when the instance has none", async () => {
      const request = new PlayedRequest();
      const { instance, router } = bound(new Thumbnails());
      await runInRequest(request, () => instance.resize("cat", 10));
      expect(router.calls[0]?.request).to.equal(request);
    });

    it("goes where the instance was bound last, also when it is frozen", async () => {
      const [first, last] = [new RecordingRouter(), new RecordingRouter()];
      const instance = Object.freeze(new Thumbnails());
      for (const router of [first, last]) bindCalls(instance, { router });
      await instance.resize("cat", 10);
      expect([first.calls.length, last.calls.length]).to.deep.equal([0, 1]);
    });

    it("fails on an instance that belongs to no application, and says how to get one", async () => {
      const error = await refusal(new Thumbnails().resize("cat", 10));
      expect(error.message).to.match(/Thumbnails\.resize\(\) runs on an executor/);
      expect(error.message).to.include("application.container.resolve(Thumbnails)");
      expect((await refusal(collect(new Thumbnails().tiles(1)))).message).to.match(/^Thumbnails\.tiles\(\) runs/);
    });

    it("fails through its promise, or at its first item, when the router refuses it", async () => {
      const refuse = (): never => {
        throw new ConfigurationError("no such executor");
      };
      const instance = new Thumbnails();
      bindCalls(instance, { router: { call: refuse, stream: refuse } });
      expect((await refusal(instance.resize("cat", 10))).message).to.equal("no such executor");
      expect((await refusal(collect(instance.tiles(1)))).message).to.equal("no such executor");
    });
  });

  describe("inside a task", () => {
    it("runs the body on the instance that the call was made on", async () => {
      const { instance, router } = bound(new SharpThumbnails());
      const result = await amongOthers.run(task, () => instance.resize("cat", 10));
      expect(result).to.equal("cat at 10 by SharpThumbnails with 95");
      expect(router.calls).to.deep.equal([]);
    });

    it("runs a generator's body", async () => {
      const items = await amongOthers.run(task, () => collect(new Thumbnails().tiles(2)));
      expect(items).to.deep.equal(["tile 0 at 80", "tile 1 at 80"]);
    });

    it("runs decorated methods that the body calls in the same place", async () => {
      const results = await amongOthers.run(task, () => new Thumbnails().both("cat"));
      expect(results).to.deep.equal(["cat at 1 by Thumbnails with 80", "cat at 2 by Thumbnails with 80"]);
    });
  });

  it("runs the body on a worker, also outside a task", async () => {
    const module = (path: string): string => JSON.stringify(import.meta.resolve(`#src/${path}`));
    const worker = new Worker(
      `import(${module("decorators/calls.js")}).then(async ({ becomeWorker }) => {
        const { RunOnExecutor } = await import(${module("decorators/run-on-executor.js")});
        class Service { async run(value) { return [this.constructor.name, value]; } }
        const descriptor = Object.getOwnPropertyDescriptor(Service.prototype, "run");
        RunOnExecutor()(Service.prototype, "run", descriptor);
        Object.defineProperty(Service.prototype, "run", descriptor);
        becomeWorker();
        require("node:worker_threads").parentPort.postMessage(await new Service().run(1));
      });`,
      { eval: true },
    );
    const [message] = await new Promise<unknown[]>((resolve, reject) => {
      worker.once("message", (value) => resolve([value]));
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the worker ended without a message")));
    });
    await worker.terminate();
    expect(message).to.deep.equal(["Service", 1]);
  });
});
