import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { getPriority } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { lostThreads } from "#src/lost-threads.js";
import {
  CancelledError,
  ConfigurationError,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  WorkerBootError,
  WorkerCrashedError,
  WorkerOutOfMemoryError,
} from "waterspout";
import { expectLog, untilLogged } from "../support/log.js";
import { Notes, failure, until, workerEvents } from "../support/pools.js";
import { requireLinux, skip } from "../support/skip.js";
import { fixtureEnvironment } from "./fixtures/environment.js";
import { Hostile } from "./fixtures/hostile.js";

// What threads and processes have in common is in worker-pool.spec.ts.
describe("ThreadPoolExecutor", () => {
  const executors: ThreadPoolExecutor[] = [];
  let notes: Notes;

  const start = async (options: ThreadPoolOptions = {}): Promise<ThreadPoolExecutor> => {
    const executor = new ThreadPoolExecutor({ maxThreads: 1, cancelGrace: 50, ...options });
    executors.push(executor);
    await executor.start(fixtureEnvironment("./hostile.js"));
    return executor;
  };

  beforeEach(async () => {
    notes = await Notes.make();
  });

  afterEach(async () => {
    await Promise.all(executors.splice(0).map((executor) => executor.shutdown({ wait: false })));
    await notes.remove();
  });

  describe("constructor", () => {
    it("refuses options that contradict each other or mean nothing, naming them", () => {
      for (const [options, message] of [
        [
          { maxThreads: 1, minThreads: 2 },
          "minThreads must be an integer of at least 0 and at most maxThreads (1), got 2",
        ],
        [{ maxThreads: 0 }, "ThreadPoolExecutor: maxThreads must be an integer of at least 1, got 0"],
        [{ threads: 4 }, 'ThreadPoolExecutor: unknown option "threads"; known are maxThreads'],
        [{ niceness: 20 }, "niceness must be an integer of at least 0 and at most 19, got 20"],
        [{ niceness: "most" }, "niceness must be"],
        [{ cancelGrace: Infinity }, "cancelGrace must be a number of at least 0 and at most 2147483647, got Infinity"],
        [{ resourceLimits: { maxOldGenerationSizeMb: 3 } }, "maxOldGenerationSizeMb must be a number of at least 4"],
        [{ resourceLimits: { maxHeap: 5 } }, 'resourceLimits: unknown option "maxHeap"'],
        [{ resourceLimits: 64 }, "ThreadPoolExecutor: resourceLimits: the options must be an object, got 64"],
        [Number.NaN, "maxThreads must be an integer of at least 1, got NaN"],
      ] as const) {
        expect(() => new ThreadPoolExecutor(options as ThreadPoolOptions)).to.throw(ConfigurationError, message);
      }
    });

    it("starts nothing", () => {
      expect(new ThreadPoolExecutor(2).stats()).to.deep.include({ capacity: 0, running: 0, lost: 0, workers: [] });
    });
  });

  describe("niceness", () => {
    before(function () {
      requireLinux(this, "a thread has a priority of its own");
      if (getPriority() === 19) skip(this, "the specs themselves have the lowest priority there is");
    });

    it("is added to that of the thread which has made it, and not to those that Node has for itself", async () => {
      for (const [options, added] of [
        [{}, 0],
        [{ niceness: 0 }, 0],
        [{ niceness: 3 }, 3],
      ] as const) {
        const executor = await start(options);
        const { own, others } = await executor.submit(Hostile, "niceness", []);
        expect(own).to.equal(Math.min(19, getPriority() + added));
        // The main thread, and the four that Node reads files with.
        expect(others.filter((niceness) => niceness === getPriority())).to.have.lengthOf.at.least(5);
        await executor.shutdown();
      }
    });

    it("comes by itself to a thread whose tasks take long, and only to that", async () => {
      const executor = await start({ maxThreads: 1 });
      const added = async (): Promise<number> => (await executor.submit(Hostile, "niceness", [])).own - getPriority();
      for (let i = 0; i < 3_000; i++) await executor.submit(Hostile, "where", []);
      expect(await added()).to.equal(0);
      const expected = Math.min(10, 19 - getPriority());
      while ((await added()) !== expected) await executor.submit(Hostile, "compute", [5]);
      await executor.shutdown();
    });

    it("does not come where it is 0", async () => {
      const executor = await start({ maxThreads: 1, niceness: 0 });
      for (let i = 0; i < 60; i++) await executor.submit(Hostile, "compute", [5]);
      expect((await executor.submit(Hostile, "niceness", [])).own).to.equal(getPriority());
      await executor.shutdown();
    });
  });

  describe("a thread that is stuck in native code", () => {
    let fifo: string;

    beforeEach(() => {
      fifo = join(notes.folder, "fifo");
      execFileSync("mkfifo", [fifo]);
      expectLog(
        /Hostile\.readFifo did not stop when it was asked to/,
        /a thread was ended but is stuck in native code: it keeps its place until it comes back/,
      );
    });

    /** Gives up a task when its thread is where nothing ends it. @returns what the caller is told. */
    async function getStuck(executor: ThreadPoolExecutor): Promise<Error> {
      const future = executor.submit(Hostile, "readFifo", [notes.file, fifo]);
      const error = failure(future);
      while (!(await notes.lines()).includes("reads")) await delay(5);
      future.cancel();
      return error;
    }

    /** Lets the thread come back. */
    const release = (): Promise<void> => writeFile(fifo, "");

    it("frees its caller, keeps its place and is counted until it comes back", async () => {
      const executor = await start();
      expect(await getStuck(executor)).to.be.instanceOf(CancelledError);
      await until(() => executor.stats().lost === 1);
      expect(lostThreads()).to.equal(1);
      const queued = executor.submit(Hostile, "where", []);
      expect(executor.stats()).to.include({ capacity: 0, queued: 1, running: 0 });
      expect(executor.stats().workers.map(({ stage }) => stage)).to.deep.equal(["lost"]);
      await release();
      expect(await queued).to.be.a("number");
      expect(executor.stats()).to.include({ capacity: 1, lost: 0 });
      expect(lostThreads()).to.equal(0);
    });

    it("leaves the others their places, and makes no thread beyond maxThreads", async () => {
      const executor = await start({ maxThreads: 2 });
      await getStuck(executor);
      await until(() => executor.stats().lost === 1);
      const used = await Promise.all([1, 2, 3].map(() => executor.submit(Hostile, "where", [])));
      expect(new Set(used).size).to.equal(1);
      expect(executor.stats()).to.include({ capacity: 1 });
      expect(executor.stats().workers).to.have.lengthOf(2);
      await release();
      await until(() => executor.stats().lost === 0);
    });

    it("rejects its neighbours, which may be repeated", async () => {
      const executor = await start({ concurrency: 2 });
      const neighbour = executor.submit(Hostile, "hold", [notes.file]);
      await notes.atLeast(1);
      await getStuck(executor);
      const error = await failure(neighbour);
      expect(error).to.be.instanceOf(WorkerCrashedError).and.to.include({ retryable: true });
      expect(executor.stats()).to.include({ lost: 1, capacity: 0 });
      await release();
      await until(() => executor.stats().lost === 0);
    });

    it("lets nothing wait for it for ever: when none is left, all is rejected after bootTimeout", async () => {
      const executor = await start({ bootTimeout: 5_000 });
      await getStuck(executor);
      expectLog(/an executor has no worker left/);
      const error = await failure(executor.submit(Hostile, "where", []));
      expect(error).to.be.instanceOf(WorkerBootError);
      expect(error.message).to.equal(
        "no worker can be started: the only thread is stuck in native code that cannot be interrupted",
      );
      expect(await failure(executor.submit(Hostile, "where", []))).to.equal(error);
      await release();
      await until(() => executor.stats().lost === 0);
      expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
    });

    it("does not hold up a shutdown, which says that it is left", async () => {
      const executor = await start();
      await getStuck(executor);
      await executor.shutdown();
      expect(executor.stats().lost).to.equal(1);
      await release();
      await until(() => lostThreads() === 0);
    });
  });

  it("runs what a killed thread had not begun on another one", async () => {
    const executor = await start({ concurrency: 2 });
    expectLog(/Hostile\.spin did not stop when it was asked to/);
    const spinning = executor.submit(Hostile, "spin", [notes.file]);
    await notes.atLeast(1);
    const next = executor.submit(Hostile, "where", []);
    spinning.cancel();
    expect(await failure(spinning)).to.be.instanceOf(CancelledError);
    expect(await next).to.be.a("number");
  });

  it("does not end the task that runs for one that has not begun and is cancelled", async () => {
    const executor = await start({ concurrency: 2 });
    const busy = executor.submit(Hostile, "block", [notes.file, 500]);
    await notes.atLeast(1);
    const never = executor.submit(Hostile, "note", [notes.file, "ran"]);
    never.cancel();
    await failure(never);
    expect(await busy).to.be.a("number");
    await until(() => executor.stats().running === 0);
    expect(await notes.lines()).to.deep.equal(["blocks"]);
  });

  describe("resourceLimits", () => {
    it("tell a full heap from other crashes, and the thread is replaced", async () => {
      const executor = await start({ resourceLimits: { maxOldGenerationSizeMb: 20 } });
      const error = await failure(executor.submit(Hostile, "fillHeap", []));
      expect(error).to.be.instanceOf(WorkerOutOfMemoryError);
      expect(error.message).to.equal("Hostile.fillHeap needed more memory than resourceLimits allow");
      expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
    });

    it("that no thread can start with reject what waits for one", async () => {
      const executor = await start({
        minThreads: 0,
        resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 },
      });
      expectLog(/a worker could not start/);
      const error = await failure(executor.submit(Hostile, "where", []));
      expect(error).to.be.instanceOf(WorkerBootError);
      expect(error.message).to.match(/^a worker thread ended while it started: .*memory limit/);
    });
  });

  describe("a thread that the system refuses to make", () => {
    const threads = createRequire(import.meta.url)("node:worker_threads") as { Worker: unknown };
    const { Worker } = threads;

    beforeEach(() => {
      threads.Worker = class {
        constructor() {
          throw new Error("EAGAIN");
        }
      };
    });

    afterEach(() => {
      threads.Worker = Worker;
    });

    it("fails the start", async () => {
      const error = await failure(start());
      expect(error).to.be.instanceOf(WorkerBootError);
      expect(error.message).to.equal("a worker thread could not be started: EAGAIN");
    });

    it("rejects what waits for it, and another is made later", async () => {
      const executor = await start({ minThreads: 0 });
      expectLog(/a worker could not start/);
      const gone = workerEvents("exit", 1);
      const errors = await Promise.all([1, 2].map(() => failure(executor.submit(Hostile, "where", []))));
      for (const error of errors) expect(error).to.be.instanceOf(WorkerBootError);
      threads.Worker = Worker;
      await gone;
      expect(await Promise.all([1, 2].map(() => executor.submit(Hostile, "where", [])))).to.have.lengthOf(2);
      expect(executor.stats().workers).to.have.lengthOf(1);
    });
  });

  describe("a task", () => {
    it("cannot abort the process", async () => {
      const executor = await start();
      const error = await failure(executor.submit(Hostile, "abort", []));
      expect(error).to.include({ code: "ERR_WORKER_UNSUPPORTED_OPERATION" });
    });

    it("may post what it likes to the thread's parent: nobody takes it for the executor's", async () => {
      const executor = await start();
      for (const value of [null, "text"]) await executor.submit(Hostile, "post", [value]);
      expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
    });

    it("that ends the thread is told its status, and the next has a thread", async () => {
      const executor = await start();
      expectLog(/a thread ended by itself and is replaced: exit code 0/);
      const gone = workerEvents("exit", 1);
      expect(await executor.submit(Hostile, "lastWords", [])).to.equal("that was all");
      await gone;
      await untilLogged(/a thread ended by itself/);
      expect(await executor.submit(Hostile, "where", [])).to.be.a("number");
    });
  });
});
