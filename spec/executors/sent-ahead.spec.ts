import { readFileSync } from "node:fs";
import { setEnvironmentData } from "node:worker_threads";
import { expect } from "chai";
import { LocalExecutor } from "#src/executors/local-executor.js";
import { maxAhead } from "#src/executors/protocol.js";
import type { QueueOptions } from "#src/executors/queue-options.js";
import { type ThreadSettings, ThreadWorkers } from "#src/executors/thread-workers.js";
import { WorkerPool } from "#src/executors/worker-pool.js";
import type { RunReceiver, Workers } from "#src/executors/workers.js";
import { CancelledError, DeadlineExceededError, WorkerCrashedError } from "waterspout";
import { expectLog } from "../support/log.js";
import { Notes, blockHere, failure, until } from "../support/pools.js";
import { fixtureEnvironment } from "./fixtures/environment.js";
import { Hostile } from "./fixtures/hostile.js";

const settings: ThreadSettings = {
  minWorkers: 1,
  maxWorkers: 1,
  idleTimeout: 60_000,
  bootTimeout: 30_000,
  concurrency: 1,
  maxTasksPerWorker: undefined,
  maxHeapMb: undefined,
  resourceLimits: undefined,
  niceness: 0,
};

/** Which tasks are with a thread before their turn, and how many were so far. */
class Sight {
  readonly ahead = new Set<number>();
  sent = 0;
  workers!: Workers;

  through(workers: Workers): Workers {
    this.workers = workers;
    const { sendAhead, recall } = workers;
    workers.sendAhead = (request, receiver) => {
      this.sent++;
      this.ahead.add(request.message.id);
      sendAhead.call(workers, request, this.#watching(request.message.id, receiver));
    };
    workers.recall = (id) => recall.call(workers, id) && this.ahead.delete(id);
    return workers;
  }

  #watching(id: number, receiver: RunReceiver): RunReceiver {
    return {
      begun: () => {
        this.ahead.delete(id);
        receiver.begun();
      },
      replied: (reply, next) => receiver.replied(reply, next),
      failed: (error) => receiver.failed(error),
    };
  }
}

/** Threads that are sent tasks before their turn however long tasks take, and are looked at. */
class WatchedThreads extends LocalExecutor {
  readonly sight: Sight;

  constructor(given: Partial<ThreadSettings>, options: QueueOptions, workAhead: number) {
    const sight = new Sight();
    const settingsFor = (): ThreadSettings => ({ ...settings, ...given });
    super(() => sight.through(new WorkerPool(new ThreadWorkers(), settingsFor)), options, workAhead);
    this.sight = sight;
  }
}

describe("tasks that are sent before their turn", () => {
  const executors: LocalExecutor[] = [];
  let notes: Notes;

  /** Its threads have run something: before, nobody knows how long tasks take. */
  async function start(
    given: Partial<ThreadSettings> = {},
    options: QueueOptions = {},
    workAhead = Infinity,
  ): Promise<WatchedThreads> {
    const executor = new WatchedThreads(given, { maxQueue: 10_000, cancelGrace: 5_000, ...options }, workAhead);
    executors.push(executor);
    await executor.start(fixtureEnvironment("./hostile.js"));
    await executor.submit(Hostile, "where", []);
    return executor;
  }

  /** Keeps a thread until it is cancelled, and has it begun. */
  async function occupy(executor: LocalExecutor, count = 1): Promise<{ cancel(): boolean }[]> {
    const before = (await notes.lines()).length;
    const held = Array.from({ length: count }, () => executor.submit(Hostile, "hold", [notes.file]));
    for (const each of held) each.catch(() => {});
    await notes.atLeast(before + count);
    return held;
  }

  const note = (executor: LocalExecutor, line: string, options = {}): Promise<void> & { cancel(): boolean } =>
    executor.submit(Hostile, "note", [notes.file, line], options);

  /** Holds this thread until the file has so many lines. */
  function blockUntilLines(count: number): void {
    while (readFileSync(notes.file, "utf8").split("\n").length <= count) blockHere(5);
  }

  const noted = async (): Promise<string[]> =>
    (await notes.lines()).filter((line) => !/^(holds|spins|disposed)/.test(line));

  beforeEach(async () => {
    notes = await Notes.make();
  });

  afterEach(async () => {
    await Promise.all(executors.splice(0).map((executor) => executor.shutdown({ wait: false })));
    await notes.remove();
  });

  it("wait at the thread, counted as waiting, and run in their order", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const lines = Array.from({ length: maxAhead + 3 }, (_, index) => `line ${index}`);
    const futures = lines.map((line) => executor.submit(Hostile, "note", [notes.file, line]));
    expect(executor.sight.ahead.size).to.equal(maxAhead);
    expect(executor.stats()).to.include({ running: 1, queued: lines.length });
    expect(futures.map((future) => future.running())).to.not.include(true);
    holder?.cancel();
    await Promise.all(futures);
    expect(await noted()).to.deep.equal(lines);
    expect(executor.stats()).to.include({ running: 0, queued: 0 });
  });

  it("let one that is more urgent go first", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const futures = [
      note(executor, "usual"),
      note(executor, "later", { priority: -1 }),
      note(executor, "urgent", { priority: 1 }),
    ];
    holder?.cancel();
    await Promise.all(futures);
    expect(await noted()).to.deep.equal(["urgent", "usual", "later"]);
  });

  it("never start once they are cancelled, or have waited for too long", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const [gone, late, kept] = [
      note(executor, "gone"),
      note(executor, "late", { queueTimeout: 20 }),
      note(executor, "kept"),
    ];
    expect(executor.sight.ahead.size).to.equal(3);
    gone.cancel();
    expect(await failure(gone)).to.be.instanceOf(CancelledError);
    expect(await failure(late))
      .to.be.instanceOf(DeadlineExceededError)
      .and.to.include({ phase: "queued" });
    expect(executor.stats()).to.include({ running: 1, queued: 1 });
    holder?.cancel();
    await kept;
    expect(await noted()).to.deep.equal(["kept"]);
  });

  it("do not pile up at a thread that does not come to them", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    for (let index = 0; index < 3 * maxAhead; index++) {
      const future = note(executor, "gone");
      future.cancel();
      await failure(future);
    }
    expect(executor.sight.sent).to.equal(maxAhead);
    const kept = note(executor, "kept");
    holder?.cancel();
    await kept;
    expect(await noted()).to.deep.equal(["kept"]);
    // It has answered, so it is sent tasks ahead again.
    const [again] = await occupy(executor);
    const next = note(executor, "next");
    expect(executor.sight.sent).to.equal(maxAhead + 1);
    again?.cancel();
    await next;
  });

  it("go to another thread as soon as one is free", async () => {
    const executor = await start({ minWorkers: 2, maxWorkers: 2 });
    const [first] = await occupy(executor, 2);
    const futures = Array.from({ length: 6 }, (_, index) => note(executor, `line ${index}`));
    expect(executor.sight.ahead.size).to.equal(6);
    first?.cancel();
    await Promise.all(futures);
    expect((await noted()).toSorted()).to.deep.equal(Array.from({ length: 6 }, (_, index) => `line ${index}`));
    expect(executor.stats()).to.include({ running: 1, queued: 0 });
  });

  it("run elsewhere, each once, when the thread is ended", async () => {
    const executor = await start({}, { cancelGrace: 10 });
    const spins = executor.submit(Hostile, "spin", [notes.file]);
    await notes.atLeast(1);
    const lines = ["a", "b", "c"];
    const futures = lines.map((line) => note(executor, line));
    expect(executor.sight.ahead.size).to.equal(3);
    expectLog(/Hostile\.spin did not stop when it was asked to: its thread is ended and replaced/);
    spins.cancel();
    expect(await failure(spins)).to.be.instanceOf(CancelledError);
    await Promise.all(futures);
    expect(await noted()).to.deep.equal(lines);
  });

  it("go to another thread also when that one has always something to do", async () => {
    const executor = await start({ minWorkers: 2, maxWorkers: 2 }, {}, 20);
    for (let index = 0; index < 100; index++) await executor.submit(Hostile, "where", []);
    const [, second] = await occupy(executor, 2);
    const futures = Array.from({ length: 4 }, (_, index) => note(executor, `line ${index}`));
    await until(() => executor.sight.ahead.size > 0);
    const done = new AbortController();
    const busy = Array.from({ length: 20 }, async () => {
      while (!done.signal.aborted) await executor.submit(Hostile, "where", []);
    });
    second?.cancel();
    await Promise.all(futures);
    done.abort();
    await Promise.all(busy);
    // The other thread is held all the time.
    expect(executor.stats().running).to.equal(1);
  });

  it("do not begin before the one before them has ended, also one that waits for something", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const futures = [1, 2, 3, 4].map(() => executor.submit(Hostile, "together", []));
    expect(executor.sight.ahead.size).to.equal(4);
    holder?.cancel();
    expect(await Promise.all(futures)).to.deep.equal([1, 1, 1, 1]);
  });

  it("are not ended with the thread for one that has ended in time", async () => {
    const executor = await start({}, { cancelGrace: 10 });
    const [holder] = await occupy(executor);
    const next = executor.submit(Hostile, "block", [notes.file, 200]);
    expect(executor.sight.ahead.size).to.equal(1);
    // What comes next in the event loop are timers: the grace is over before the answer of the one that was cancelled is read.
    await new Promise(setImmediate);
    holder?.cancel();
    blockUntilLines(2);
    blockHere(20);
    expect(await next).to.equal(await executor.submit(Hostile, "where", []));
  });

  it("are not taken down by a rejection that the one before them has left", async () => {
    const executor = await start();
    const before = executor.submit(Hostile, "rejectAtEnd", []);
    const future = note(executor, "line");
    expect(executor.sight.ahead.size).to.equal(1);
    expectLog(/a worker failed outside of its tasks and is replaced/);
    await before;
    await future;
    expect(await noted()).to.deep.equal(["line"]);
  });

  it("are as many as it is said", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const futures = [note(executor, "a"), note(executor, "b")];
    const { workers } = executor.sight;
    expect([1, 2, 3].map((depth) => workers.takesAhead(depth))).to.deep.equal([false, false, true]);
    holder?.cancel();
    await Promise.all(futures);
    expect(workers.takesAhead(maxAhead)).to.equal(false);
  });

  it("run elsewhere when the thread ends by itself; the one that it ran is lost", async () => {
    const executor = await start();
    const running = executor.submit(Hostile, "rejectBeside", []);
    const lost = failure(running);
    const futures = ["a", "b"].map((line) => note(executor, line));
    expect(executor.sight.ahead.size).to.equal(2);
    expectLog(/a worker failed outside of its tasks and is replaced/);
    expect(await lost).to.be.instanceOf(WorkerCrashedError);
    await Promise.all(futures);
    expect(await noted()).to.deep.equal(["a", "b"]);
  });

  it("are known to run when they cannot be taken back any more", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const future = executor.submit(Hostile, "hold", [notes.file]);
    expect(executor.sight.ahead.size).to.equal(1);
    holder?.cancel();
    // The thread goes on to it, while this one does not read.
    blockUntilLines(2);
    expect(future.running()).to.equal(false);
    future.cancel();
    expect(await failure(future)).to.be.instanceOf(CancelledError);
    await until(() => executor.stats().running === 0);
    expect(executor.stats()).to.include({ queued: 0, cancelled: 2 });
    await note(executor, "the thread is free");
  });

  it("have the whole of their deadline, and what is left of their caller's time", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const submitted = performance.now();
    const own = executor.submit(Hostile, "timeLeft", [], { deadline: 5_000 });
    const callers = executor.submit(Hostile, "timeLeft", [], { timeLeft: 5_000 });
    expect(executor.sight.ahead.size).to.equal(2);
    blockHere(100);
    holder?.cancel();
    expect(await own).to.be.above(4_900);
    expect(await callers).to.be.at.most(5_000 - 100);
    expect(await callers).to.be.at.least(5_000 - (performance.now() - submitted));
  });

  it("end with the executor", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const futures = ["a", "b"].map((line) => failure(note(executor, line)));
    expect(executor.sight.ahead.size).to.equal(2);
    const closed = executor.shutdown({ cancelFutures: true });
    for (const error of await Promise.all(futures)) expect(error).to.be.instanceOf(CancelledError);
    holder?.cancel();
    await closed;
    expect(await noted()).to.deep.equal([]);
  });

  it("name the argument that cannot be sent, and keep nobody's place", async () => {
    const executor = await start();
    const [holder] = await occupy(executor);
    const broken = failure(executor.submit(Hostile, "note", [notes.file, { line: () => "a" } as never]));
    const trapped = failure(executor.submit(Hostile, "note", [notes.file, throwing() as never]));
    const kept = note(executor, "kept");
    expect((await broken).message).to.include("Hostile.note: argument 1.line is a function");
    expect(await trapped).to.include({ code: "SERIALIZATION" });
    expect(executor.stats()).to.include({ running: 1, queued: 1 });
    holder?.cancel();
    await kept;
  });

  for (const [what, given] of [
    ["run several tasks at once", { concurrency: 2 }],
    ["are replaced after so many tasks", { maxTasksPerWorker: 100 }],
    ["are replaced when their heap is so large", { maxHeapMb: 4_000 }],
  ] as const) {
    it(`are not to threads that ${what}`, async () => {
      const executor = await start(given);
      const holders = await occupy(executor, given === undefined ? 1 : "concurrency" in given ? 2 : 1);
      const future = note(executor, "line");
      expect([executor.sight.ahead.size, executor.stats().queued]).to.deep.equal([0, 1]);
      for (const holder of holders) holder.cancel();
      await future;
    });
  }

  it("run each once, whatever comes between", async () => {
    const count = 4_000;
    const runs = new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
    setEnvironmentData("spec:runs", runs);
    const executor = await start({ minWorkers: 3, maxWorkers: 3 });
    let sent = 0;
    const results: Promise<string>[] = [];
    for (let index = 0; index < count; index++) {
      const future = executor.submit(Hostile, "tally", [index], { priority: index % 7 === 0 ? 1 : 0 });
      results.push(
        future.then(
          () => "ran",
          (error: Error) => error.name,
        ),
      );
      sent = Math.max(sent, executor.sight.ahead.size);
      if (index % 5 === 0) future.cancel();
      if (index % 50 === 0) await new Promise(setImmediate);
    }
    const outcomes = await Promise.all(results);
    setEnvironmentData("spec:runs", undefined);
    expect(sent).to.be.above(maxAhead);
    expect(outcomes.filter((outcome, index) => outcome === "ran" && runs[index] !== 1)).to.deep.equal([]);
    expect(Math.max(...runs)).to.equal(1);
    expect(new Set(outcomes)).to.deep.equal(new Set(["ran", "CancelledError"]));
    expect(executor.stats()).to.include({ running: 0, queued: 0 });
  });
});

function throwing(): object {
  const trap = (): never => {
    throw new Error("a trap");
  };
  return new Proxy({}, { getPrototypeOf: trap, ownKeys: trap, get: trap });
}
