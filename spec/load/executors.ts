/**
 * Long runs of the executors, apart from the specs: `npm run load [-- <tasks>]`, 100,000 unless it says otherwise. It prints
 * figures and fails only on a broken promise: a future that does not settle, a result that reached the wrong caller, a thread
 * that is left over.
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { CancelledError, DeadlineExceededError, ThreadPoolExecutor, WorkerCrashedError, setLogLevel } from "waterspout";
import { startApplication } from "waterspout/testing";
import { positiveInteger } from "../support/argument.js";
import { Load } from "./application.js";
import { mixedLoad } from "./mixed.js";

setLogLevel("error");
const application = new URL("./application.js", import.meta.url);
const total = positiveInteger("tasks", process.argv[2], 100_000);
const evaluatedWorker = `const { parentPort } = require("node:worker_threads"); parentPort.postMessage("ready")`;

// First, while the memory of this process is that of a server which has just started.
await twentyThreads();
await manyTasks();
for (const fault of await mixedLoad(Math.min(Math.ceil(total / 2), 2_500))) check(false, fault);
await fairness();

/** 5 % errors, 5 % cancellations, 1 % tasks that must be killed; the rest must give its own result to its own caller. */
async function manyTasks(): Promise<void> {
  // Node starts its own four threads at the first file it reads.
  await readFile(new URL(import.meta.url));
  const threads = osThreads();
  const executor = new ThreadPoolExecutor({ maxThreads: 4, minThreads: 4, maxQueue: total, cancelGrace: 5 });
  const app = await startApplication(application, { executors: { default: executor } });
  const counts = { right: 0, wrong: 0, failed: 0, cancelled: 0, killed: 0, crashed: 0 };
  const memory = process.memoryUsage().rss;
  const started = performance.now();
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < total) await one(executor, next++, counts);
  };
  await Promise.all(Array.from({ length: 64 }, client));
  const seconds = (performance.now() - started) / 1000;
  console.log(`${total} tasks in ${seconds.toFixed(1)} s:`, counts);
  console.log(`  stats:`, { ...executor.stats(), workers: executor.stats().workers.length });
  await app.stop();
  const left = osThreads() - threads;
  console.log(`  OS threads left over: ${left}; RSS ${mb(process.memoryUsage().rss - memory)} MB more than before`);
  check(counts.wrong === 0, "a result reached the wrong caller");
  check(Object.values(counts).reduce((sum, count) => sum + count, 0) === total, "a future did not settle");
  check(left <= 0, "threads are left over");
}

async function one(executor: ThreadPoolExecutor, index: number, counts: Record<string, number>): Promise<void> {
  const kind = index % 100;
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  try {
    if (kind < 5) await executor.submit(Load, "fail", [index]);
    else if (kind < 10) await cancelled(executor, index);
    else if (kind === 10) await executor.submit(Load, "spin", [], { deadline: 5 });
    else count((await executor.submit(Load, "echo", [index])) === index ? "right" : "wrong");
  } catch (error) {
    if (error instanceof CancelledError) count("cancelled");
    else if (error instanceof DeadlineExceededError) count("killed");
    else if (error instanceof WorkerCrashedError) count("crashed");
    else count((error as Error).message === `failed ${index}` ? "failed" : "wrong");
  }
}

async function cancelled(executor: ThreadPoolExecutor, index: number): Promise<void> {
  const future = executor.submit(Load, "pause", [index % 20]);
  if (index % 2 === 0) setImmediate(() => future.cancel());
  else future.cancel();
  await future;
}

/** 20 clients in a closed loop: none waits much longer than the others. */
async function fairness(): Promise<void> {
  const executor = new ThreadPoolExecutor({ maxThreads: 2, minThreads: 2 });
  const app = await startApplication(application, { executors: { default: executor } });
  const waits: number[] = [];
  const client = async (): Promise<void> => {
    for (let call = 0; call < 200; call++) {
      const started = performance.now();
      await executor.submit(
        Load,
        "pause",
        [2],
        call % 2 === 0 ? {} : { signal: new AbortController().signal, deadline: 60_000 },
      );
      waits.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: 20 }, client));
  await app.stop();
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor(share * waits.length)] ?? 0;
  console.log(
    `20 closed-loop clients on 2 threads: p99 / p50 = ${(at(0.99) / at(0.5)).toFixed(2)}, max / p50 = ${(at(1 - 1e-9) / at(0.5)).toFixed(2)}`,
  );
}

/**
 * Memory of twenty threads with a container, and how long they take to be ready, against twenty threads of a bare ESM file: what
 * a hand-written worker of such a project is. In turn, so that both see the same machine; the median of the rounds.
 */
async function twentyThreads(): Promise<void> {
  const rounds: {
    readonly memory: number;
    readonly ours: number;
    readonly bare: number;
    readonly evaluated: number;
  }[] = [];
  // What the executor itself needs is loaded by the first, and is no thread's.
  await pool(1);
  for (let round = 0; round < 3; round++) {
    // Before the others: memory that they leave behind would be used again.
    const { memory, ours } = await pool(20);
    const bare = await timed(() => bareWorkers(new URL("./bare-worker.js", import.meta.url)));
    const evaluated = await timed(() => bareWorkers(evaluatedWorker));
    rounds.push({ memory, ours, bare, evaluated });
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  console.log(`20 threads: ${mb(rounds[0]?.memory ?? 0)} MB each`);
  console.log(`ready: ${median(rounds.map(({ ours, bare }) => ours / bare)).toFixed(2)} × twenty bare ESM workers`);
  console.log(
    `  ${median(rounds.map(({ ours, evaluated }) => ours / evaluated)).toFixed(2)} × twenty workers of a text`,
  );
}

async function pool(threads: number): Promise<{ readonly memory: number; readonly ours: number }> {
  const memory = process.memoryUsage().rss;
  const executor = new ThreadPoolExecutor({ maxThreads: threads, minThreads: threads });
  const started = performance.now();
  const app = await startApplication(application, { executors: { default: executor } });
  const ours = performance.now() - started;
  await Promise.all(Array.from({ length: threads }, () => executor.submit(Load, "pause", [50])));
  const used = (process.memoryUsage().rss - memory) / threads;
  await app.stop();
  return { memory: used, ours };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function bareWorkers(source: URL | string): Promise<void> {
  const workers = Array.from({ length: 20 }, () => new Worker(source, { eval: typeof source === "string" }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  await Promise.all(workers.map((worker) => worker.terminate()));
}

function osThreads(): number {
  return readdirSync("/proc/self/task").length;
}

function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}
