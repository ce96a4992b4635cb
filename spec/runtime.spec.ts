import { expect } from "chai";
import { setImmediate as turn } from "node:timers/promises";
import { ConfigurationError, ExecutorClosedError, StartError } from "#src/errors.js";
import { servedWith } from "#src/modules.js";
import { ApplicationRuntime } from "#src/runtime.js";
import { workerApplication } from "#src/wiring.js";
import type { ExecutorEnvironment } from "#src/concurrent.js";
import { Application, Executor, InlineExecutor, IOLoop, RequestHandler, Route, RunOnExecutor } from "waterspout";
// After waterspout, which brings the reflect-metadata that it needs.
import { inject } from "tsyringe";
import { WorkHandler, events, storesMade } from "./support/noted-services.js";
import { refusal } from "./support/refusal.js";

class NotingExecutor extends InlineExecutor {
  override async start(environment: Parameters<InlineExecutor["start"]>[0]): Promise<void> {
    await super.start(environment);
    events.push(`executor started for ${environment.processes} of task ${String(environment.taskId)}`);
  }

  override async shutdown(options: object = {}): Promise<void> {
    events.push("executor ended");
    await super.shutdown(options);
  }
}

function applicationOf(definition: object = {}): Application {
  return new Application({ handlers: [WorkHandler], executors: { default: new NotingExecutor() }, ...definition });
}

describe("ApplicationRuntime", () => {
  beforeEach(() => {
    events.length = 0;
  });

  it("configures, then starts the executors, and ends them before the services", async () => {
    const configure = async (_: object, context: object): Promise<void> => {
      await turn();
      events.push(`configured ${JSON.stringify(context)}`);
    };
    const runtime = await ApplicationRuntime.start(applicationOf({ configure }), 3);
    await runtime.stop(0);
    expect(events).to.deep.equal([
      'configured {"role":"server","taskId":0}',
      "executor started for 3 of task null",
      "executor ended",
      "store disposed",
    ]);
  });

  it("may be stopped twice", async () => {
    const runtime = await ApplicationRuntime.start(applicationOf(), 1);
    await Promise.all([runtime.stop(0), runtime.stop(0)]);
    expect(events.filter((event) => event === "store disposed")).to.have.length(1);
  });

  it("sets the loop's default executor", async () => {
    const executor = new NotingExecutor();
    const runtime = await ApplicationRuntime.start(applicationOf({ executors: { default: executor } }), 1);
    const number = await IOLoop.current().runInExecutor(null, WorkHandler, "work");
    expect(number).to.equal(storesMade());
    await runtime.stop(0);
    const failure = await refusal(IOLoop.current().runInExecutor(null, WorkHandler, "work"));
    expect(failure).to.be.instanceOf(ExecutorClosedError);
  });

  it("takes a default executor that was registered in configure", async () => {
    const executor = new NotingExecutor();
    const configure = (container: { registerInstance(token: object, value: object): void }): void =>
      container.registerInstance(Executor, executor);
    const runtime = await ApplicationRuntime.start(applicationOf({ executors: {}, configure }), 1);
    expect(executor.stats().capacity).to.be.above(0);
    await runtime.stop(0);
  });

  describe("with options of a server's own", () => {
    class Audit {
      handle(): void {}
      @RunOnExecutor()
      async write(): Promise<void> {}
    }

    /** What an executor is told of an application that is served with options. */
    async function environmentOf(exported: object, options: object): Promise<ExecutorEnvironment> {
      let environment: ExecutorEnvironment | undefined;
      class AskedExecutor extends InlineExecutor {
        override async start(given: ExecutorEnvironment): Promise<void> {
          environment = given;
          await super.start(given);
        }
      }
      const definition = { handlers: [WorkHandler], module: "/app.js", ...exported };
      const executors = { default: new AskedExecutor() };
      const application = new Application(servedWith(definition, { executors, ...options }));
      const runtime = await ApplicationRuntime.start(application, 1);
      await runtime.stop(0);
      const worker = await workerApplication(definition);
      expect(environment?.registryHash, "as a worker has it").to.equal(worker.registryHash);
      await worker.dispose();
      return environment as ExecutorEnvironment;
    }

    it("has the same classes as workers, whatever the options take away", async () => {
      const environment = await environmentOf({ middleware: [Audit] }, { middleware: [] });
      expect(environment.module).to.match(/app\.js$/);
    });

    it("may have middleware that workers know already", async () => {
      const environment = await environmentOf({ middleware: [Audit] }, { middleware: [Audit, Audit] });
      expect(environment.module).to.match(/app\.js$/);
    });

    it("refuses workers for what they cannot know, and runs it in this thread", async () => {
      const environment = await environmentOf({}, { middleware: [Audit] });
      expect(() => environment.module).to.throw(ConfigurationError, "workers cannot know Audit");
      expect(environment.tokenOf(Audit)).to.equal("Audit");
      expect(environment.acquire("Audit").instance).to.be.instanceOf(Audit);
    });
  });

  it("gives services the default executor by its class", async () => {
    @Route("/ask")
    class AskHandler extends RequestHandler {
      constructor(@inject(Executor as never) readonly executor: object) {
        super();
      }
      get(): void {}
    }
    const executor = new NotingExecutor();
    const application = applicationOf({ handlers: [AskHandler], executors: { default: executor } });
    const runtime = await ApplicationRuntime.start(application, 1);
    expect(application.container.resolve(AskHandler).executor).to.equal(executor);
    await runtime.stop(0);
  });

  it("says that configure failed, and leaves the application's own errors as they are", async () => {
    const cause = new RangeError("no database");
    const failing = applicationOf({ configure: () => Promise.reject(cause) });
    const failure = await refusal(ApplicationRuntime.start(failing, 1));
    expect(failure).to.be.instanceOf(StartError);
    expect(failure.message).to.equal('configure() failed in the role "server": no database');
    expect(failure.cause).to.equal(cause);
    const own = new ConfigurationError("set DATABASE_URL");
    const configure = (): never => {
      throw own;
    };
    expect(await refusal(ApplicationRuntime.start(applicationOf({ configure }), 1))).to.equal(own);
  });

  it("leaves nothing behind when it cannot start", async () => {
    const broken = new NotingExecutor();
    broken.start = () => Promise.reject(new StartError("no licence"));
    const executors = { default: new NotingExecutor(), broken };
    expect((await refusal(ApplicationRuntime.start(applicationOf({ executors }), 1))).message).to.equal("no licence");
    expect(events).to.include.members(["executor ended", "store disposed"]);
  });
});
