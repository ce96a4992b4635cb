import type { ExecutorEnvironment } from "../concurrent.js";
import { logLevel } from "../log.js";
import type { WorkerSettings } from "./protocol.js";

/** What a worker keeps to; after the last two it retires and is replaced, without losing a task. */
export interface WorkerLimits {
  /** How many tasks at once. */
  readonly concurrency: number;
  /** Number of tasks. */
  readonly maxTasksPerWorker: number | undefined;
  /** Used heap after a task, in MiB. */
  readonly maxHeapMb: number | undefined;
}

/** What a worker is told when it is made. */
export function workerSettings(environment: ExecutorEnvironment, limits: WorkerLimits): WorkerSettings {
  const { module, registryHash, taskId } = environment;
  const { concurrency, maxTasksPerWorker, maxHeapMb } = limits;
  return { module, registryHash, taskId, logLevel: logLevel(), concurrency, maxTasksPerWorker, maxHeapMb };
}
