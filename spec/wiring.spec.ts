import { expect } from "chai";
import { workerApplication } from "#src/wiring.js";
import { type ApplicationDefinition, type HandlerClass, RequestHandler, RunOnExecutor, group, route } from "waterspout";
// After waterspout, which brings the reflect-metadata that it needs.
import { injectable } from "tsyringe";
import { WorkHandler, events, storesMade } from "./support/noted-services.js";
import { refusal } from "./support/refusal.js";

@injectable()
class Service {
  @RunOnExecutor()
  async work(): Promise<void> {}
}

@injectable()
class Injected extends RequestHandler {
  constructor(readonly service: Service) {
    super();
  }

  get(): void {}
}

class Plain extends RequestHandler {
  get(): void {}
}

@injectable()
class Around {
  constructor(readonly service: Service) {}

  handle(): void {}
}

function definitionOf(definition: object = {}): ApplicationDefinition {
  return { handlers: [WorkHandler], ...definition };
}

describe("workerApplication", () => {
  beforeEach(() => {
    events.length = 0;
  });

  it("configures as executor, and makes no service before a task needs it", async () => {
    const before = storesMade();
    const roles: string[] = [];
    const configure = (_: object, { role }: { role: string }): void => void roles.push(role);
    const worker = await workerApplication(definitionOf({ configure }));
    expect(roles).to.deep.equal(["executor"]);
    expect(storesMade()).to.equal(before);
    await worker.dispose();
    expect(events).to.deep.equal([]);
  });

  it("makes an instance for each task, which shares the worker's singletons and has a scope of its own", async () => {
    const worker = await workerApplication(definitionOf());
    const [one, other] = [worker.acquire("WorkHandler"), worker.acquire("WorkHandler")];
    const [first, second] = [one.instance as WorkHandler, other.instance as WorkHandler];
    expect(first).not.to.equal(second);
    expect(first.store).to.equal(second.store);
    expect(first.visit).not.to.equal(second.visit);
    await one.release?.();
    expect(events).to.deep.equal(["visit disposed"]);
    await other.release?.();
    await worker.dispose();
    expect(events).to.deep.equal(["visit disposed", "visit disposed", "store disposed"]);
  });

  it("has the same hash as the server's registry for the same application", async () => {
    const [one, other] = await Promise.all([workerApplication(definitionOf()), workerApplication(definitionOf())]);
    expect(one.registryHash).to.equal(other.registryHash);
    await Promise.all([one.dispose(), other.dispose()]);
  });

  const ways: Record<string, (target: HandlerClass) => ApplicationDefinition> = {
    "a line of the table": (target) => ({ handlers: [route("/table", target)] }),
    "a group in a group": (target) => ({ handlers: [group("/a", [group("/b", [route("/c", target)])])] }),
    "the default handler": (target) => ({ handlers: [], defaultHandler: target }),
    "a middleware's service": () => ({ handlers: [route("/", Plain)], middleware: [Around] }),
  };
  for (const [way, define] of Object.entries(ways)) {
    it(`knows the executor methods that come by ${way}`, async () => {
      const [worker, without] = await Promise.all([
        workerApplication(define(Injected)),
        workerApplication({ handlers: [route("/", Plain)] }),
      ]);
      expect(worker.registryHash).not.to.equal(without.registryHash);
      await Promise.all([worker.dispose(), without.dispose()]);
    });
  }

  it("says that configure failed in an executor", async () => {
    const configure = (): never => {
      throw new RangeError("no database");
    };
    const failure = await refusal(workerApplication(definitionOf({ configure })));
    expect(failure.message).to.equal('configure() failed in the role "executor": no database');
  });
});
