import { expect } from "chai";
import { ConfigurationError, InlineExecutor } from "waterspout";
import { fixtureEnvironment } from "./fixtures/environment.js";

// What it has in common with the others is in contract.spec.ts.
describe("InlineExecutor", () => {
  class Service {
    async add(a: number, b: number): Promise<number> {
      return a + b;
    }

    async push(list: number[]): Promise<number[]> {
      list.push(3);
      return list;
    }
  }

  async function started(): Promise<InlineExecutor> {
    const executor = new InlineExecutor();
    await executor.start(
      fixtureEnvironment("./none.js", { acquire: () => ({ instance: new Service(), release: undefined }) }),
    );
    return executor;
  }

  it("refuses options that mean nothing", () => {
    expect(() => new InlineExecutor({ concurrency: 0 })).to.throw(ConfigurationError, "InlineExecutor: concurrency");
    expect(() => new InlineExecutor({ maxThreads: 4 } as never)).to.throw(
      ConfigurationError,
      'unknown option "maxThreads"',
    );
  });

  it("copies what a thread would copy, there and back", async () => {
    await using executor = await started();
    const list = [1, 2];
    const result = await executor.submit(Service, "push", [list]);
    expect([list, result]).to.deep.equal([
      [1, 2],
      [1, 2, 3],
    ]);
  });

  it("runs as many at once as it may, 64 unless it is told, in this process", async () => {
    await using executor = await started();
    const future = executor.submit(Service, "add", [1, 2]);
    expect(executor.stats()).to.deep.include({ capacity: 64, running: 1, lost: 0 });
    expect(executor.stats().workers[0]).to.include({ id: process.pid, stage: "ready", running: 1, completed: 0 });
    expect(await future).to.equal(3);
    expect(executor.stats().workers[0]).to.include({ running: 0, completed: 1 });
  });

  it("has no place after a task that could not be sent", async () => {
    await using executor = await started();
    await executor.submit(Service, "add", [1, (() => 2) as never]).catch(() => undefined);
    expect(executor.stats()).to.include({ running: 0, failed: 1 });
    expect(await executor.submit(Service, "add", [1, 2])).to.equal(3);
  });
});
