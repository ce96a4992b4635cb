import { expect } from "chai";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  ConfigurationError,
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  SerializationError,
  WorkerBootError,
  WorkerCrashedError,
  type WorkerEvent,
} from "waterspout";
import { faultsEnvironment } from "./fixtures/environment.js";
import { Faults } from "./fixtures/faults.js";
import { expectLog, untilLogged } from "../support/log.js";
import { failure, workerEvents } from "../support/pools.js";
import { isAlive, type Program, startProgram } from "../support/program.js";

const program = new URL("./fixtures/process-program.js", import.meta.url);

describe("ProcessPoolExecutor", () => {
  const pools: ProcessPoolExecutor[] = [];
  const pids = new Set<number>();
  const remember = (event: unknown): void => void pids.add((event as WorkerEvent).worker);

  const makePool = async (
    options: ProcessPoolOptions = {},
    taskId: number | null = null,
  ): Promise<ProcessPoolExecutor> => {
    const pool = new ProcessPoolExecutor({ maxProcesses: 1, cancelGrace: 200, ...options });
    pools.push(pool);
    await pool.start(faultsEnvironment(taskId));
    return pool;
  };

  before(() => subscribe("waterspout.executor.worker-spawn", remember));
  after(() => void unsubscribe("waterspout.executor.worker-spawn", remember));

  afterEach(async () => {
    delete process.env["SPEC_BOOT_FAULT"];
    await Promise.all(pools.splice(0).map((pool) => pool.shutdown({ wait: false })));
    expect([...pids].filter(isAlive), "processes that are left over").to.deep.equal([]);
    pids.clear();
  });

  describe("constructor", () => {
    it("refuses options that contradict each other, naming them", () => {
      expect(() => new ProcessPoolExecutor({ maxProcesses: 1, minProcesses: 2 })).to.throw(
        ConfigurationError,
        "ProcessPoolExecutor: minProcesses must be an integer of at least 0 and at most maxProcesses (1), got 2",
      );
      expect(() => new ProcessPoolExecutor({ maxOldSpaceMb: 0 })).to.throw(ConfigurationError, "maxOldSpaceMb");
    });

    it("starts nothing", () => {
      expect(new ProcessPoolExecutor(2).stats()).to.include({ capacity: 0, running: 0 });
      expect(pids.size).to.equal(0);
    });
  });

  describe("a task", () => {
    it("runs in another process, which stats name by its id", async () => {
      const pool = await makePool();
      const pid = await pool.submit(Faults, "pid", []);
      expect(pid).to.not.equal(process.pid);
      expect(pool.stats().workers).to.have.lengthOf(1);
      expect(pool.stats().workers[0]).to.include({ id: pid, stage: "ready", running: 0, completed: 1 });
    });

    it("knows for which child it works, and takes itself neither for a child nor for a worker of a cluster", async () => {
      const pool = await makePool({}, 3);
      expect(await pool.submit(Faults, "identity", [])).to.deep.equal({
        taskId: 3,
        isClusterWorker: false,
        hasSend: false,
        variables: [],
      });
    });

    it("cannot fork the program: it is not its main module that runs there", async () => {
      const pool = await makePool();
      const error = await failure(pool.submit(Faults, "fork", []));
      expect(error).to.be.instanceOf(ConfigurationError);
      expect(error.message).to.match(/^this process is a worker of an executor/);
    });

    it("gets typed arrays whose memory is theirs alone, and gives such arrays back", async () => {
      const pool = await makePool();
      const others = new Map([
        ["a", new Uint8Array(5)],
        ["b", new Uint8Array(9).subarray(4)],
      ]);
      const { sizes, back } = await pool.submit(Faults, "memoryBehind", [{ first: Uint16Array.of(1, 2), others }]);
      expect(sizes).to.deep.equal([4, 5, 5]);
      const [array] = back;
      expect(array).to.deep.equal(Uint16Array.of(1, 2));
      expect(array?.buffer.byteLength).to.equal(4);
    });

    it("gets and gives megabytes", async () => {
      const pool = await makePool();
      const bytes = Buffer.alloc(3_000_000, "waterspout");
      expect((await pool.submit(Faults, "echo", [bytes])).equals(bytes)).to.equal(true);
    });

    it("is refused an argument that processes cannot share, naming it", async () => {
      const pool = await makePool();
      const shared = new SharedArrayBuffer(8) as unknown as Buffer;
      expect(await failure(pool.submit(Faults, "echo", [shared]))).to.be.instanceOf(SerializationError);
      expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
    });
  });

  describe("a process that ends", () => {
    it("by a native crash rejects its task, and another takes its place", async () => {
      const pool = await makePool();
      const error = await failure(pool.submit(Faults, "raise", ["SIGABRT"]));
      expect(error).to.be.instanceOf(WorkerCrashedError).and.include({ exitCode: undefined, retryable: false });
      expect(error.message).to.equal("the process that ran Faults.raise ended: SIGABRT");
      expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
    });

    it("by a signal names it", async () => {
      const pool = await makePool();
      expect((await failure(pool.submit(Faults, "raise", ["SIGSEGV"]))).message).to.match(/ended: SIGSEGV$/);
      expect((await failure(pool.submit(Faults, "raise", ["SIGKILL"]))).message).to.match(
        /SIGKILL, perhaps by a system/,
      );
    });

    it("right after its answer loses no answer", async () => {
      expectLog(/a process ended by itself and is replaced: exit code 0/);
      const pool = await makePool();
      const gone = workerEvents("exit", 1);
      expect(await pool.submit(Faults, "lastWords", [])).to.equal("that was all");
      await gone;
      expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
    });

    it("while it has nothing to do is replaced", async () => {
      expectLog(/a process ended by itself and is replaced: SIGKILL/);
      const pool = await makePool();
      const first = await pool.submit(Faults, "pid", []);
      const spawned = workerEvents("spawn", 1);
      process.kill(first, "SIGKILL");
      await spawned;
      expect(await pool.submit(Faults, "pid", [])).to.not.equal(first);
    });

    it("rejects its task also when only its line ends", async () => {
      const pool = await makePool();
      const error = await failure(pool.submit(Faults, "closeLine", []));
      expect(error).to.be.instanceOf(WorkerCrashedError);
      expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
    });

    it("takes no other process's tasks with it", async () => {
      const pool = await makePool({ maxProcesses: 2, minProcesses: 2 });
      const controller = new AbortController();
      await withFile(async (file, content) => {
        const held = pool.submit(Faults, "hold", [controller.signal, file]);
        await content();
        expect(await failure(pool.submit(Faults, "raise", ["SIGABRT"]))).to.be.instanceOf(WorkerCrashedError);
        controller.abort();
        expect(await held).to.be.a("number");
      });
    });
  });

  describe("the number of processes", () => {
    it("grows with the tasks up to maxProcesses, and falls to minProcesses when they are idle", async () => {
      const pool = await makePool({ maxProcesses: 3, minProcesses: 1, idleTimeout: 50 });
      const used = new Set<number>();
      const controller = new AbortController();
      await withFile(async (file, content) => {
        const held = [1, 2, 3, 4].map(() => pool.submit(Faults, "hold", [controller.signal, file]));
        await content(3);
        expect(pool.stats()).to.include({ running: 3, queued: 1 });
        const gone = workerEvents("exit", 2);
        controller.abort();
        for (const pid of await Promise.all(held)) used.add(pid);
        await gone;
      });
      expect(used.size).to.equal(3);
      expect(pool.stats().workers.map(({ stage }) => stage)).to.deep.equal(["ready"]);
    });

    it("is kept up when processes retire after maxTasksPerWorker, and no task is lost", async () => {
      const pool = await makePool({ maxProcesses: 2, minProcesses: 1, maxTasksPerWorker: 3 });
      const used = await Promise.all(Array.from({ length: 12 }, () => pool.submit(Faults, "pid", [])));
      expect(new Set(used).size).to.be.greaterThan(3);
      for (const pid of new Set(used)) expect(used.filter((other) => other === pid)).to.have.lengthOf.at.most(3);
    });

    it("may be zero until the first task", async () => {
      const pool = await makePool({ minProcesses: 0 });
      expect(pids.size).to.equal(0);
      expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
    });
  });

  describe("a process that cannot start", () => {
    for (const [fault, message] of [
      ["throw", /^a worker could not start from file:.*faults\.js: .*no database$/],
      ["exit", /^a worker process ended while it started: exit code 7$/],
      ["hang", /^(a|no) worker was (not )?ready after 500 ms/],
    ] as const) {
      it(`(${fault}) rejects the start with the reason`, async () => {
        process.env["SPEC_BOOT_FAULT"] = fault;
        const error = await failure(makePool(fault === "hang" ? { bootTimeout: 500 } : {}));
        expect(error).to.be.instanceOf(WorkerBootError);
        expect(error.message).to.match(message);
      });
    }

    for (const fault of ["throw", "exit"]) {
      it(`(${fault}) rejects what waits for it at once, and another is tried later`, async () => {
        const pool = await makePool({ minProcesses: 0 });
        process.env["SPEC_BOOT_FAULT"] = fault;
        expectLog(/a worker could not start/);
        const gone = workerEvents("exit", 1);
        const waiting = [1, 2, 3].map(() => failure(pool.submit(Faults, "pid", [])));
        for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(WorkerBootError);
        expect(await failure(pool.submit(Faults, "pid", []))).to.be.instanceOf(WorkerBootError);
        expect(pids.size).to.equal(1);
        delete process.env["SPEC_BOOT_FAULT"];
        await gone;
        expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
      });
    }

    it("because the system refuses it is no different", async () => {
      const pool = await makePool({ minProcesses: 0 });
      const { execPath } = process;
      process.execPath = "/nonexistent/node";
      try {
        expectLog(/a worker could not start/);
        const gone = workerEvents("exit", 1);
        const error = await failure(pool.submit(Faults, "pid", []));
        expect(error).to.be.instanceOf(WorkerBootError);
        expect(error.message).to.match(/^a worker process could not be started: .*ENOENT/);
        process.execPath = execPath;
        await gone;
        expect(await pool.submit(Faults, "pid", [])).to.be.a("number");
      } finally {
        process.execPath = execPath;
      }
    });

    it("leaves the others their tasks", async () => {
      const pool = await makePool({ maxProcesses: 2, minProcesses: 1 });
      process.env["SPEC_BOOT_FAULT"] = "throw";
      expectLog(/a worker could not start/);
      const controller = new AbortController();
      await withFile(async (file, content) => {
        const held = pool.submit(Faults, "hold", [controller.signal, file]);
        await content();
        const waiting = pool.submit(Faults, "pid", []);
        await untilLogged(/a worker could not start/);
        controller.abort();
        expect(await waiting).to.equal(await held);
      });
    });
  });

  describe("SIGTERM", () => {
    it("lets a process finish its task, end and be replaced", async () => {
      const pool = await makePool();
      const controller = new AbortController();
      await withFile(async (file, content) => {
        const held = pool.submit(Faults, "hold", [controller.signal, file]);
        const pid = Number(await content());
        const gone = workerEvents("exit", 1);
        process.kill(pid, "SIGTERM");
        while (pool.stats().workers.some((worker) => worker.id === pid && worker.stage === "ready")) await delay(5);
        const next = pool.submit(Faults, "pid", []);
        controller.abort();
        expect(await held).to.equal(pid);
        expect(await next).to.not.equal(pid);
        await gone;
      });
    });
  });

  describe("in a program", () => {
    let running: Program | undefined;
    const start = (mode: string): Program => (running = startProgram(program, [mode]));

    afterEach(() => running?.dispose());

    it("does not keep it alive when there is nothing to do, and ends with it", async () => {
      const quiet = start("quiet");
      await quiet.line(/^worker \d+$/);
      expect(await quiet.exited).to.deep.equal({ code: 0, signal: null });
      expect(await quiet.survivors()).to.deep.equal([]);
    });

    it("prints what a task prints while it blocks, and ends when its parent was killed", async () => {
      const blocking = start("blocking");
      const pid = Number((await blocking.line(/^blocks in /)).replace("blocks in ", ""));
      expect(blocking.output()).to.not.contain("any more");
      blocking.kill("SIGKILL");
      await blocking.exited;
      expect(isAlive(pid)).to.equal(true);
      expect(await blocking.survivors(5_000)).to.deep.equal([]);
    });

    it("leaves Ctrl-C to the program: the task ends as the program wants it", async () => {
      const interrupted = start("interrupted");
      const pid = await interrupted.line(/^\d+$/);
      interrupted.killGroup("SIGINT");
      await interrupted.line(new RegExp(`^worker ${pid} was not interrupted$`));
      expect(await interrupted.exited).to.deep.equal({ code: 0, signal: null });
      expect(await interrupted.survivors()).to.deep.equal([]);
    });

    it("ends a process that is stuck at the deadline of the shutdown", async () => {
      const stuck = start("stuck");
      const pid = Number((await stuck.line(/^blocks in /)).replace("blocks in ", ""));
      stuck.kill("SIGTERM");
      await stuck.line(/^CancelledError$/);
      await stuck.line(/^shut down$/);
      expect(isAlive(pid)).to.equal(false);
      expect(await stuck.exited).to.deep.equal({ code: 0, signal: null });
    });

    it("tells a heap that is full from other crashes, and goes on", async () => {
      const full = start("full");
      await full.line(/^WorkerOutOfMemoryError: the process that ran Faults.fillHeap .* maxOldSpaceMb \(20\)/);
      await full.line(/^next: \d+$/);
    });

    it("is not started by hand", async () => {
      running = startProgram(new URL(import.meta.resolve("#src/executors/process-entry.js")));
      await running.line(/^Error: this file is started by a ProcessPoolExecutor and not by hand$/);
    });

    it("is no child of node:cluster when the program is one", async () => {
      const identity = JSON.parse(await start("forked").line(/^\{/)) as object;
      expect(identity).to.deep.equal({ taskId: 0, isClusterWorker: false, hasSend: false, variables: [] });
    });
  });
});

/** A file that tasks write lines to; `content` waits until there are so many. */
async function withFile(
  use: (file: string, content: (lines?: number) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "waterspout-processes-"));
  const file = join(folder, "lines");
  const content = async (lines = 1): Promise<string> => {
    for (;;) {
      const text = await readFile(file, "utf8").catch(() => "");
      if (text.split("\n").length > lines) return text;
      await delay(5);
    }
  };
  try {
    await use(file, content);
  } finally {
    await rm(folder, { recursive: true });
  }
}
