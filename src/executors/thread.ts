import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";
import type { ExecutorEnvironment } from "../concurrent.js";
import { type NumberRule, checkNumbers, milliseconds } from "../check.js";
import { onDemand } from "../on-demand.js";
import { LocalExecutor } from "./local-executor.js";
import { type QueueOptions, queueRules } from "./queue-options.js";
import type { ThreadSettings } from "./thread-workers.js";

// Every worker loads this file, but makes no pool.
const threads = onDemand<typeof import("./thread-workers.js")>("executors/thread-workers.js");
const pools = onDemand<typeof import("./worker-pool.js")>("executors/worker-pool.js");

/** What a {@link ThreadPoolExecutor} can be told. Times are milliseconds. */
export interface ThreadPoolOptions extends QueueOptions {
  /**
   * How many threads there may be; one that has taken its last task is not counted while it ends, one that is stuck in native
   * code is. Default: `max(1, floor(availableParallelism() / processes))`.
   */
  readonly maxThreads?: number;
  /** How many are kept when there is nothing to do, and are ready before the application listens. Default: 1. */
  readonly minThreads?: number;
  /** How long a thread above `minThreads` is kept without work. Default: 60,000. */
  readonly idleTimeout?: number;
  /**
   * How many tasks one thread may have at once. Only for methods that wait: a body that blocks stops its neighbours, and
   * what ends a thread ends all its tasks. Default: 1.
   */
  readonly concurrency?: number;
  /** Longest start of a thread, from its birth to the built container. Default: 30,000. */
  readonly bootTimeout?: number;
  /** Limits of V8's heap in each thread, as `node:worker_threads` takes them; Buffers are not counted. Default: none. */
  readonly resourceLimits?: ResourceLimits;
  /**
   * How much nicer a thread is than the one that answers requests: 0 to 19, added to its own from the start. `"auto"`: 10 from the time when its tasks
   * have taken a millisecond of the processor and more, in the mean of two tenths of a second of it, and none before. So the event loop goes first where such
   * tasks keep all cores busy; tasks of microseconds would come back later for it, which costs more than it brings. What
   * tasks start inherits it, and it never goes back. Linux only. Default: `"auto"`.
   */
  readonly niceness?: number | "auto";
  /** A thread is replaced after this many tasks. Default: never. */
  readonly maxTasksPerWorker?: number;
  /** A thread is replaced when its used heap is larger than this after a task, in MiB. Default: never. */
  readonly maxHeapMb?: number;
}

/**
 * Runs methods on worker threads of this process. For what blocks: hashing, parsing, rendering, compression, native calls.
 * Below about 0.2 ms of work a thread costs more than it saves (measured: one call costs 30 to 100 µs).
 *
 * Each process has its own threads: five processes with `new ThreadPoolExecutor(20)` have up to a hundred.
 *
 * @example new ThreadPoolExecutor(20)
 * @example new ThreadPoolExecutor({ maxThreads: 4, maxQueue: 100, queueTimeout: 5_000 })
 * @throws ConfigurationError for values that contradict each other.
 *
 * Source: `concurrent.futures.ThreadPoolExecutor`.
 */
export class ThreadPoolExecutor extends LocalExecutor {
  constructor(options: number | ThreadPoolOptions = {}) {
    const given = typeof options === "number" ? { maxThreads: options } : options;
    check(given);
    const settingsFor = (environment: ExecutorEnvironment): ThreadSettings => withDefaults(given, environment);
    super(() => new (pools().WorkerPool)(new (threads().ThreadWorkers)(), settingsFor), given);
  }
}

/** Measured: with 2 MB Node 22 and later abort the whole process while they make a thread; with 4 the thread alone fails. */
const leastOldGenerationMb = 4;

const limitRules = {
  maxYoungGenerationSizeMb: { from: 0 },
  maxOldGenerationSizeMb: { from: leastOldGenerationMb },
  codeRangeSizeMb: { from: 0 },
  stackSizeMb: { from: 0 },
} satisfies Record<keyof ResourceLimits, NumberRule>;

const nicenessRule: NumberRule = { from: 0, to: 19, integer: true };

function withDefaults(given: ThreadPoolOptions, environment: ExecutorEnvironment): ThreadSettings {
  const fairShare = Math.max(1, Math.floor(availableParallelism() / environment.processes));
  const maxThreads = given.maxThreads ?? Math.max(given.minThreads ?? 1, fairShare);
  return {
    maxWorkers: maxThreads,
    minWorkers: given.minThreads ?? 1,
    idleTimeout: given.idleTimeout ?? 60_000,
    concurrency: given.concurrency ?? 1,
    bootTimeout: given.bootTimeout ?? 30_000,
    resourceLimits: given.resourceLimits,
    niceness: given.niceness ?? "auto",
    maxTasksPerWorker: given.maxTasksPerWorker,
    maxHeapMb: given.maxHeapMb,
  };
}

function check(options: ThreadPoolOptions): void {
  const { resourceLimits = {}, niceness, ...given } = options;
  checkNumbers("ThreadPoolExecutor: resourceLimits", resourceLimits, limitRules);
  if (niceness !== "auto") checkNumbers("ThreadPoolExecutor", { niceness }, { niceness: nicenessRule });
  checkNumbers("ThreadPoolExecutor", given, {
    maxThreads: { from: 1, integer: true },
    minThreads: { from: 0, integer: true, to: given.maxThreads, toName: "maxThreads" },
    idleTimeout: { from: 0 },
    concurrency: { from: 1, integer: true },
    bootTimeout: milliseconds(1),
    maxTasksPerWorker: { from: 1, integer: true },
    maxHeapMb: { from: 1 },
    ...queueRules,
  });
}
