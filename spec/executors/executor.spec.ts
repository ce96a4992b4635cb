import { expect } from "chai";
import type { ExecutorStats, ShutdownOptions, TaskOptions } from "waterspout";
import { Executor, Future } from "waterspout";

const stats: ExecutorStats = {
  capacity: 2,
  queued: 0,
  running: 0,
  lost: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  queueWait: { p50: 0, p95: 0, p99: 0 },
  runTime: { p50: 0, p95: 0, p99: 0 },
  workers: [],
};

/** An executor with nothing of its own beyond what it must have. */
class Least extends Executor {
  readonly submitted: unknown[] = [];
  readonly shutdowns: (ShutdownOptions | undefined)[] = [];
  waiting = 0;
  most = 0;

  override submit(_: unknown, method: string, args: readonly unknown[], options?: TaskOptions): Future<never> {
    this.submitted.push([method, args, options]);
    this.most = Math.max(this.most, ++this.waiting);
    return new Future((resolve) => setImmediate(() => resolve(--this.waiting as never)));
  }

  override stream(): never {
    throw new Error("not here");
  }

  override stats(): ExecutorStats {
    return stats;
  }

  override async start(): Promise<void> {}

  override async shutdown(options?: ShutdownOptions): Promise<void> {
    this.shutdowns.push(options);
  }
}

class Service {
  async square(value: number): Promise<number> {
    return value * value;
  }
}

describe("Executor", () => {
  it("maps by submitting each input with the options of a task, as many at a time as it runs at once", async () => {
    const executor = new Least();
    const results: number[] = [];
    for await (const result of executor.map(Service, "square", [1, 2, 3], { deadline: 5 })) results.push(result);
    expect(results).to.have.lengthOf(3);
    expect(executor.submitted).to.deep.equal([1, 2, 3].map((value) => ["square", [value], { deadline: 5 }]));
    expect(executor.most).to.equal(2);
  });

  it("maps with the concurrency that it is told", async () => {
    const executor = new Least();
    for await (const _ of executor.map(Service, "square", [1, 2, 3], { concurrency: 1 })) void _;
    expect(executor.most).to.equal(1);
  });

  it("shuts down at the end of its block", async () => {
    const executor = new Least();
    {
      await using used = executor;
      void used;
    }
    expect(executor.shutdowns).to.deep.equal([undefined]);
  });

  it("has an empty queue unless it says otherwise", () => {
    expect(new Least().queueFill).to.equal(0);
  });
});
