import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import type { LocalExecutor } from "#src/executors/local-executor.js";
import type { QueueOptions } from "#src/executors/queue-options.js";
import {
  CancelledError,
  DeadlineExceededError,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  WorkerBootError,
  WorkerCrashedError,
  move,
} from "waterspout";
import { expectLog, untilLogged } from "../support/log.js";
import { Notes, blockHere, failure, until, workerEvents } from "../support/pools.js";
import { fixtureEnvironment } from "./fixtures/environment.js";
import { Hostile } from "./fixtures/hostile.js";

interface Options extends QueueOptions {
  readonly max?: number;
  readonly min?: number;
  readonly idleTimeout?: number;
  readonly concurrency?: number;
  readonly bootTimeout?: number;
  readonly maxTasksPerWorker?: number;
}

const kinds: Record<string, (options: Options) => LocalExecutor> = {
  thread: ({ max, min, ...options }) =>
    new ThreadPoolExecutor({ maxThreads: max ?? 1, minThreads: min ?? 1, ...options }),
  process: ({ max, min, ...options }) =>
    new ProcessPoolExecutor({ maxProcesses: max ?? 1, minProcesses: min ?? 1, ...options }),
};

for (const [noun, make] of Object.entries(kinds)) {
  describe(`WorkerPool (${noun})`, () => {
    const executors: LocalExecutor[] = [];
    let notes: Notes;

    const start = async (options: Options = {}, registryHash?: string): Promise<LocalExecutor> => {
      const executor = make({ cancelGrace: 5_000, ...options });
      executors.push(executor);
      await executor.start(fixtureEnvironment("./hostile.js", registryHash === undefined ? {} : { registryHash }));
      return executor;
    };

    const allRefused = async (executor: LocalExecutor, reason: RegExp): Promise<void> => {
      for (const future of [1, 2, 3].map(() => failure(executor.submit(Hostile, "where", [])))) {
        const error = await future;
        expect(error).to.be.instanceOf(WorkerBootError);
        expect(error.message).to.match(reason);
      }
    };

    beforeEach(async () => {
      notes = await Notes.make();
    });

    afterEach(async () => {
      delete process.env["SPEC_BOOT_FAULT"];
      await Promise.all(executors.splice(0).map((executor) => executor.shutdown({ wait: false })));
      delete process.env["SPEC_DISPOSE"];
      await notes.remove();
    });

    describe("with maxTasksPerWorker", () => {
      it("loses no task and no answer, however late it comes to read", async () => {
        const executor = await start({ maxTasksPerWorker: 1 });
        const used: number[] = [];
        for (let task = 0; task < 3; task++) {
          const future = executor.submit(Hostile, "where", []);
          blockHere(100);
          used.push(await future);
        }
        expect(new Set(used).size).to.equal(3);
      });

      it("runs what a worker had not begun when it retired elsewhere, with what was moved to it", async () => {
        const executor = await start({ maxTasksPerWorker: 1, concurrency: 2 });
        const sums = [1, 2, 3, 4].map((fill) =>
          executor.submit(Hostile, "sum", [move(new Uint8Array(1_000).fill(fill))]),
        );
        expect(await Promise.all(sums)).to.deep.equal([1_000, 2_000, 3_000, 4_000]);
      });

      it("does not wait for a worker that cannot dispose its services", async () => {
        process.env["SPEC_DISPOSE"] = "hang";
        const executor = await start({ maxTasksPerWorker: 1, cancelGrace: 100 });
        const used = await Promise.all([1, 2, 3].map(() => executor.submit(Hostile, "use", [notes.file])));
        expect(new Set(used).size).to.equal(3);
      });
    });

    describe("disposes the services of a worker", () => {
      it("that retires", async () => {
        const executor = await start({ maxTasksPerWorker: 1 });
        const used = await executor.submit(Hostile, "use", [notes.file]);
        expect(await notes.atLeast(1)).to.deep.equal([`disposed ${used}`]);
      });

      it("that has had nothing to do for longer than idleTimeout", async () => {
        const executor = await start({ max: 2, idleTimeout: 50 });
        const held = [1, 2].map(() => executor.submit(Hostile, "hold", [notes.file]));
        await notes.atLeast(2);
        const gone = workerEvents("exit", 1);
        for (const future of held) future.cancel();
        for (const future of held) await failure(future);
        await gone;
        expect((await notes.lines()).slice(2).map((line) => line.split(" ")[0])).to.deep.equal(["disposed"]);
        expect(executor.stats().workers).to.have.lengthOf(1);
      });

      it("at a shutdown, after the tasks that are still cleaning up", async () => {
        const executor = await start();
        const future = executor.submit(Hostile, "cleanUp", [notes.file]);
        await notes.atLeast(1);
        const shutdown = executor.shutdown({ wait: false });
        expect(await failure(future)).to.be.instanceOf(CancelledError);
        await shutdown;
        const [, cleaned, disposed] = await notes.lines();
        expect([cleaned, disposed?.split(" ")[0]]).to.deep.equal(["cleaned up", "disposed"]);
      });
    });

    describe("with workers that cannot start", () => {
      for (const [fault, reason] of [
        ["throw", /^a worker could not start from file:.*hostile\.js: .*no database$/],
        ["exit", /^a worker (thread|process) ended while it started: exit code 7$/],
        ["reject beside", /^a worker could not start from file:.*hostile\.js: no database$/],
      ] as const) {
        it(`(${fault}) rejects what is queued and what comes, and makes another later`, async () => {
          const executor = await start({ min: 0, maxQueue: 4 });
          process.env["SPEC_BOOT_FAULT"] = fault;
          expectLog(/a worker could not start/);
          const gone = workerEvents("exit", 1);
          await allRefused(executor, reason);
          delete process.env["SPEC_BOOT_FAULT"];
          expect(await failure(executor.submit(Hostile, "where", []))).to.be.instanceOf(WorkerBootError);
          await gone;
          expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
        });
      }

      for (const fault of ["hang", "spin"]) {
        it(`(${fault}) rejects what is queued after bootTimeout, and ends them`, async () => {
          const executor = await start({ min: 0, maxQueue: 4, bootTimeout: 500 });
          process.env["SPEC_BOOT_FAULT"] = fault;
          expectLog(/a worker could not start/);
          const gone = workerEvents("exit", 1);
          await allRefused(executor, /^a worker was not ready after 500 ms/);
          await gone;
        });
      }

      it("leaves what is queued to those that are ready", async () => {
        const executor = await start({ max: 2, maxQueue: 4 });
        process.env["SPEC_BOOT_FAULT"] = "throw";
        expectLog(/a worker could not start/);
        const held = executor.submit(Hostile, "hold", [notes.file]);
        await notes.atLeast(1);
        const futures = [1, 2, 3].map(() => executor.submit(Hostile, "where", []));
        await untilLogged(/a worker could not start/);
        held.cancel();
        await failure(held);
        const [first, ...others] = await Promise.all(futures);
        expect(others).to.deep.equal([first, first]);
      });

      it("refuses a worker that has other classes, and runs nothing in it", async () => {
        const executor = await start({ min: 0 }, "of another build");
        expectLog(/a worker could not start/);
        const error = await failure(executor.submit(Hostile, "note", [notes.file, "ran"]));
        expect(error).to.be.instanceOf(WorkerBootError);
        expect(error.message).to.match(/^the worker has other classes with executor methods than the server/);
        expect(await notes.lines()).to.deep.equal([]);
      });

      it("ends a start that waits for them when it is shut down", async () => {
        process.env["SPEC_BOOT_FAULT"] = "hang";
        const executor = make({});
        const starting = failure(executor.start(fixtureEnvironment("./hostile.js")));
        const queued = failure(executor.submit(Hostile, "where", []));
        await workerEvents("spawn", 1);
        await executor.shutdown({ deadline: 10 });
        expect((await starting).message).to.equal("the executor was shut down while it started");
        expect(await queued).to.be.instanceOf(CancelledError);
        expect(executor.stats().workers).to.deep.equal([]);
      });
    });

    describe("with a worker that fails outside of its tasks", () => {
      it("is in no hurry to replace one that does so again and again", async () => {
        process.env["SPEC_BOOT_FAULT"] = "reject soon";
        for (let times = 0; times < 4; times++) expectLog(/a worker failed outside of its tasks and is replaced/);
        const started = performance.now();
        const spawned = workerEvents("spawn", 5);
        const executor = await start();
        await spawned;
        await executor.shutdown({ wait: false });
        // 100, 200, 400 and 800 ms, whatever the machine does.
        expect(performance.now() - started).to.be.at.least(1_500);
      });

      it("says that one ended by itself, and replaces it", async () => {
        process.env["SPEC_BOOT_FAULT"] = "exit soon";
        expectLog(new RegExp(`a ${noun} ended by itself and is replaced: exit code 7`));
        const gone = workerEvents("exit", 1);
        const executor = await start();
        delete process.env["SPEC_BOOT_FAULT"];
        await gone;
        expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
      });

      it("gives the rejection that nobody handled to no later task", async () => {
        const executor = await start();
        expectLog(/a worker failed outside of its tasks[\s\S]*nobody's/);
        const gone = workerEvents("exit", 1);
        const first = await executor.submit(Hostile, "leaveRejection", []);
        await gone;
        expect(await executor.submit(Hostile, "where", [])).to.not.equal(first);
      });

      it("rejects the task that runs there, as one that may be repeated", async () => {
        const executor = await start();
        expectLog(/a worker failed outside of its tasks[\s\S]*nobody's/);
        const error = await failure(executor.submit(Hostile, "rejectBeside", []));
        expect(error).to.be.instanceOf(WorkerCrashedError).and.to.include({ retryable: true, exitCode: 1 });
        expect(error.message).to.equal(
          `the ${noun} that ran Hostile.rejectBeside ended: an error outside of any call was not caught there`,
        );
        expect(error.cause).to.equal(undefined);
      });
    });

    describe("ending a worker whose task does not stop", () => {
      it("blames no neighbour: it may be repeated", async () => {
        const executor = await start({ concurrency: 2, cancelGrace: 50 });
        const neighbour = executor.submit(Hostile, "hold", [notes.file]);
        await notes.atLeast(1);
        expectLog(/Hostile\.spin did not stop when it was asked to/);
        const spinning = executor.submit(Hostile, "spin", [notes.file]);
        await notes.atLeast(2);
        spinning.cancel();
        const errors = await Promise.all([failure(spinning), failure(neighbour)]);
        expect(errors[0]).to.be.instanceOf(CancelledError);
        expect(errors[1]).to.be.instanceOf(WorkerCrashedError).and.to.include({ retryable: true });
        expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
      });

      it("also ends one that a task left behind spins between tasks", async () => {
        const executor = await start({ cancelGrace: 50 });
        await executor.submit(Hostile, "leaveSpinning", [notes.file]);
        await notes.atLeast(1);
        expectLog(/Hostile\.where did not stop when it was asked to/);
        const error = await failure(executor.submit(Hostile, "where", [], { deadline: 50 }));
        expect(error).to.be.instanceOf(DeadlineExceededError);
        expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
      });

      it("waits for the end of a shutdown's grace, and leaves none", async () => {
        const executor = await start({ cancelGrace: 50 });
        const future = executor.submit(Hostile, "spin", [notes.file]);
        await notes.atLeast(1);
        expectLog(/Hostile\.spin did not stop when it was asked to/);
        const shutdown = executor.shutdown({ deadline: 10 });
        expect(await failure(future)).to.be.instanceOf(CancelledError);
        await shutdown;
        expect(executor.stats()).to.deep.include({ workers: [], running: 0, queued: 0 });
      });
    });

    it("leaves timers running between tasks", async () => {
      const executor = await start();
      const first = await executor.submit(Hostile, "ticks", []);
      let later = first;
      while (later - first < 20) {
        await delay(10);
        later = await executor.submit(Hostile, "ticks", []);
      }
      expect(executor.stats().workers[0]).to.include({ stage: "ready" });
    });

    it("survives a stack that overflows", async () => {
      const executor = await start();
      expect(await failure(executor.submit(Hostile, "overflow", []))).to.be.instanceOf(RangeError);
      const [worker] = executor.stats().workers;
      expect(await executor.submit(Hostile, "where", [])).to.equal(worker?.id);
    });

    it("grows to max and no further, whatever comes", async () => {
      const executor = await start({ max: 2, min: 0 });
      const futures = [1, 2, 3, 4].map(() => executor.submit(Hostile, "hold", [notes.file]));
      await notes.atLeast(2);
      expect(executor.stats()).to.include({ running: 2, queued: 2, capacity: 2 });
      expect(executor.stats().workers).to.have.lengthOf(2);
      for (const future of futures) {
        await until(() => future.running());
        future.cancel();
        await failure(future);
      }
    });
  });
}
