import { setEnvironmentData } from "node:worker_threads";

/** Under which the threads of a process find its task id. */
export const taskIdKey = "waterspout.taskId";

let identity: { readonly taskId: number | null } | undefined;

/**
 * Declares this process to be a worker of an executor: it is neither a primary nor a child, and `taskId()` is that of the
 * process that it works for. To be called before the application's module is imported.
 */
export function becomeWorkerProcess(taskId: number | null): void {
  identity = { taskId };
  if (taskId !== null) setEnvironmentData(taskIdKey, taskId);
}

/** For whom this process works; undefined in every process that no executor started. */
export function workerProcess(): { readonly taskId: number | null } | undefined {
  return identity;
}
