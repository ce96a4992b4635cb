import { availableParallelism } from "node:os";
import type { ExecutorEnvironment } from "../concurrent.js";
import { checkNumbers, milliseconds } from "../check.js";
import { onDemand } from "../on-demand.js";
import { LocalExecutor } from "./local-executor.js";
import { type QueueOptions, queueRules } from "./queue-options.js";
import type { ProcessSettings } from "./process-workers.js";

// Every worker loads this file, but makes no pool.
const processes = onDemand<typeof import("./process-workers.js")>("executors/process-workers.js");
const pools = onDemand<typeof import("./worker-pool.js")>("executors/worker-pool.js");

/** What a {@link ProcessPoolExecutor} can be told. Times are milliseconds. */
export interface ProcessPoolOptions extends QueueOptions {
  /**
   * How many processes there may be; one that has taken its last task is not counted while it ends. Default:
   * `max(1, floor(availableParallelism() / processes))`.
   */
  readonly maxProcesses?: number;
  /** How many are kept when there is nothing to do, and are ready before the application listens. Default: 1. */
  readonly minProcesses?: number;
  /** How long a process above `minProcesses` is kept without work. Default: 60,000. */
  readonly idleTimeout?: number;
  /**
   * How many tasks one process may have at once. Only for methods that wait: a body that blocks stops its neighbours, and
   * what ends a process ends all its tasks. Default: 1.
   */
  readonly concurrency?: number;
  /** Longest start of a process, from its birth to the built container. Default: 30,000. */
  readonly bootTimeout?: number;
  /** A process is replaced after this many tasks. Default: never. */
  readonly maxTasksPerWorker?: number;
  /** A process is replaced when its used heap is larger than this after a task, in MiB. Default: never. */
  readonly maxHeapMb?: number;
  /**
   * V8's limit for the heap of each process (`--max-old-space-size`), in MiB: a process that reaches it is aborted, and its
   * tasks are rejected with `WorkerOutOfMemoryError`. Buffers are not counted. Default: V8's own.
   */
  readonly maxOldSpaceMb?: number;
}

/**
 * Runs methods in child processes: for native code that may crash, for libraries that leak memory, call `process.exit` or
 * change the working directory. Whatever a task does to its process, only that process ends. A process costs more than a
 * thread, in memory and for each call, and it shares none: arguments and results are copied, also those that are `move`d.
 *
 * A process has the arguments, the environment and the output of this one; its `process.send` is taken away. It ends when
 * this process ends, however that happens, as soon as it comes back to its event loop. A loop that never yields cannot see
 * `ExecutorContext.current().cancelled` there; it is ended by its deadline or its cancellation, after `cancelGrace`.
 *
 * Ctrl-C is left to this process. On SIGTERM a worker finishes its tasks, ends and is replaced.
 *
 * @example new ProcessPoolExecutor(4)
 * @example new ProcessPoolExecutor({ maxProcesses: 2, maxOldSpaceMb: 512, maxTasksPerWorker: 1_000 })
 * @throws ConfigurationError for values that contradict each other.
 *
 * Source: `concurrent.futures.ProcessPoolExecutor`.
 */
export class ProcessPoolExecutor extends LocalExecutor {
  constructor(options: number | ProcessPoolOptions = {}) {
    const given = typeof options === "number" ? { maxProcesses: options } : options;
    check(given);
    const settingsFor = (environment: ExecutorEnvironment): ProcessSettings => withDefaults(given, environment);
    super(() => new (pools().WorkerPool)(new (processes().ProcessWorkers)(), settingsFor), given);
  }
}

function withDefaults(given: ProcessPoolOptions, environment: ExecutorEnvironment): ProcessSettings {
  const fairShare = Math.max(1, Math.floor(availableParallelism() / environment.processes));
  return {
    maxWorkers: given.maxProcesses ?? Math.max(given.minProcesses ?? 1, fairShare),
    minWorkers: given.minProcesses ?? 1,
    idleTimeout: given.idleTimeout ?? 60_000,
    concurrency: given.concurrency ?? 1,
    bootTimeout: given.bootTimeout ?? 30_000,
    maxTasksPerWorker: given.maxTasksPerWorker,
    maxHeapMb: given.maxHeapMb,
    maxOldSpaceMb: given.maxOldSpaceMb,
  };
}

function check(given: ProcessPoolOptions): void {
  checkNumbers("ProcessPoolExecutor", given, {
    maxProcesses: { from: 1, integer: true },
    minProcesses: { from: 0, integer: true, to: given.maxProcesses, toName: "maxProcesses" },
    idleTimeout: { from: 0 },
    concurrency: { from: 1, integer: true },
    bootTimeout: milliseconds(1),
    maxTasksPerWorker: { from: 1, integer: true },
    maxHeapMb: { from: 1 },
    maxOldSpaceMb: { from: 1, integer: true },
    ...queueRules,
  });
}
