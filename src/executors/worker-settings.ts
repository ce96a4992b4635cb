import type { ExecutorEnvironment } from "../concurrent.js";
import { logLevel } from "../log.js";
import type { WorkerSettings } from "./protocol.js";

/** After what a worker retires and is replaced, without losing a task. */
export interface WorkerLimits {
  /** Number of tasks. */
  readonly maxTasksPerWorker: number | undefined;
  /** Used heap after a task, in MiB. */
  readonly maxHeapMb: number | undefined;
}

/** What a worker is told when it is made. */
export function workerSettings({ module, taskId }: ExecutorEnvironment, limits: WorkerLimits): WorkerSettings {
  const { maxTasksPerWorker, maxHeapMb } = limits;
  return { module, taskId, logLevel: logLevel(), maxTasksPerWorker, maxHeapMb };
}
