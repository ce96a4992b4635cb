import { readFileSync, readdirSync } from "node:fs";
import {
  CancelledError,
  type Executor,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  WorkerCrashedError,
  move,
} from "waterspout";
import { startApplication } from "waterspout/testing";
import { Load } from "./application.js";

const application = new URL("./application.js", import.meta.url);

type Counts = Record<string, number>;

/**
 * Threads and processes at once, under calls, streams that are read to their end or left, memory that is moved there and
 * back, cancellations and workers that end in the middle.
 *
 * @returns what does not hold; empty when all does.
 */
export async function mixedLoad(callsOfEach: number): Promise<string[]> {
  const options = { maxQueue: 1_000, cancelGrace: 200, maxTasksPerWorker: 500 };
  const executors: Record<string, Executor> = {
    default: new ThreadPoolExecutor({ maxThreads: 2, minThreads: 2, ...options }),
    processes: new ProcessPoolExecutor({ maxProcesses: 2, minProcesses: 2, ...options }),
  };
  const total = callsOfEach * Object.keys(executors).length;
  const app = await startApplication(application, { executors });
  const counts: Counts = {};
  const started = performance.now();
  await Promise.all(Object.values(executors).map((executor) => clients(executor, callsOfEach, counts)));
  const seconds = (performance.now() - started) / 1000;
  console.log(`${total} mixed calls on threads and processes in ${seconds.toFixed(1)} s:`, counts);
  const busy = Object.entries(executors).filter(
    ([, executor]) => executor.stats().running + executor.stats().queued > 0,
  );
  await app.stop();
  return [
    ...(counts["wrong"] === undefined ? [] : [`${counts["wrong"]} results were wrong`]),
    ...(sum(counts) === total ? [] : [`${total - sum(counts)} calls did not settle`]),
    ...busy.map(([name]) => `${name} still has tasks`),
    ...(children().length === 0 ? [] : [`processes are left over: ${children().join(", ")}`]),
  ];
}

async function clients(executor: Executor, calls: number, counts: Counts): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < calls) {
      const name = await outcome(executor, next++);
      counts[name] = (counts[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, client));
}

/** What became of one call, in a word. */
async function outcome(executor: Executor, index: number): Promise<string> {
  try {
    return (await call(executor, index)) ? "right" : "wrong";
  } catch (error) {
    if (error instanceof CancelledError) return "cancelled";
    if (error instanceof WorkerCrashedError) return "crashed";
    return (error as Error).message === `failed ${index}` ? "failed" : "wrong";
  }
}

/** Of a hundred: one ends its worker, four fail, five are cancelled, twenty are streams, twenty move memory. */
async function call(executor: Executor, index: number): Promise<boolean> {
  const kind = index % 100;
  if (kind === 0) return executor.submit(Load, "exit", [3]).then(() => false);
  if (kind < 5) return executor.submit(Load, "fail", [index]).then(() => false);
  if (kind < 10) return cancelled(executor, index);
  if (kind < 30) return streamed(executor, index, kind % 2 === 0 ? 40 : 7);
  if (kind < 50) return moved(executor, index);
  return (await executor.submit(Load, "echo", [index])) === index;
}

async function cancelled(executor: Executor, index: number): Promise<boolean> {
  const future = executor.submit(Load, "pause", [index % 20]);
  setImmediate(() => future.cancel());
  await future;
  // It was faster.
  return true;
}

/** Reads so many of forty items; fewer means that it leaves. */
async function streamed(executor: Executor, index: number, wanted: number): Promise<boolean> {
  let expected = index;
  for await (const item of executor.stream(Load, "count", [index, index + 40])) {
    if (item !== expected++) return false;
    if (expected === index + wanted) break;
  }
  return expected === index + wanted;
}

async function moved(executor: Executor, index: number): Promise<boolean> {
  const bytes = new Uint8Array(65_536).fill(index % 200);
  const back = await executor.submit(Load, "increment", [move(bytes)]);
  return back.byteLength === 65_536 && back[0] === (index % 200) + 1 && back.at(-1) === back[0];
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** The living children of this process. */
function children(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === process.pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return "ZX".includes(state) ? undefined : Number(parent);
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
