import { channel } from "node:diagnostics_channel";
import type { Task } from "./task.js";

/** What a subscriber of a task's channels is told. Times are milliseconds. */
export interface TaskEvent {
  readonly executor: object;
  readonly id: number;
  /** `Class.method` as registered. */
  readonly token: string;
  readonly requestId: string | undefined;
  /** From the submission to the start; 0 before it. */
  readonly queueWait: number;
  /** From the start to now; 0 before it. */
  readonly runTime: number;
  readonly error?: unknown;
}

/** What a subscriber of a worker's channels is told. */
export interface WorkerEvent {
  readonly executor: object;
  /** Thread id or process id. */
  readonly worker: number;
}

const submitted = channel("waterspout.executor.submit");
const started = channel("waterspout.executor.start");
const ended = channel("waterspout.executor.end");
const failed = channel("waterspout.executor.error");
const refused = channel("waterspout.executor.queue-full");
const spawned = channel("waterspout.executor.worker-spawn");
const exited = channel("waterspout.executor.worker-exit");

const taskChannels = { submitted, started, ended, failed, refused };
const workerChannels = { spawned, exited };

/** Tells subscribers of a task; costs a look when there are none. */
export function publishTask(what: keyof typeof taskChannels, executor: object, task: Task, error?: unknown): void {
  const { [what]: target } = taskChannels;
  if (!target.hasSubscribers) return;
  const now = performance.now();
  const wasStarted = task.startedAt > 0;
  const event: TaskEvent = {
    executor,
    id: task.id,
    token: task.place,
    requestId: task.requestId,
    queueWait: wasStarted ? task.startedAt - task.queuedAt : 0,
    runTime: wasStarted ? now - task.startedAt : 0,
    ...(error !== undefined && { error }),
  };
  target.publish(event);
}

export function publishWorker(what: keyof typeof workerChannels, executor: object, worker: number): void {
  const { [what]: target } = workerChannels;
  if (target.hasSubscribers) target.publish({ executor, worker } satisfies WorkerEvent);
}
