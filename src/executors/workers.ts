import type { ExecutorEnvironment } from "../concurrent.js";
import type { WorkerStats } from "./executor.js";
import type { Reply, TaskMessage } from "./protocol.js";

/** What an executor is told by its workers. */
export interface WorkersHost {
  /** An item of a stream. */
  item(id: number, value: unknown): void;
  /** A worker cannot start: what waits for one must not wait for ever. */
  bootFailed(error: Error): void;
}

/**
 * The part in which executors differ: where tasks run. The queue, the clocks and the promises are the engine's
 * ({@link LocalExecutor}), which never runs more than `capacity` tasks at once.
 */
export interface Workers {
  /** How many tasks may run at once; known after `start`. */
  readonly capacity: number;
  /** Resolves when the first workers are ready. */
  start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void>;
  /**
   * Runs one task. Resolves when its place is free again, rejects when its worker is gone: a `WorkerCrashedError`,
   * `WorkerOutOfMemoryError`, `WorkerBootError` or, for arguments that cannot be cloned, a `SerializationError`.
   */
  run(task: TaskMessage, args: readonly unknown[]): Promise<Reply>;
  /** Asks a running task to end. */
  cancel(id: number, reason: string): void;
  /** Ends the worker that runs the task, if it still runs it. */
  kill(id: number): void;
  /** Forwards the abort of a signal that was passed as argument `index`. */
  abortArgument(id: number, index: number): void;
  /** Lets a stream send `count` more items. */
  credit(id: number, count: number): void;
  /** Lets workers dispose their services, then ends them; what still runs is ended at `deadline` milliseconds from now. */
  stop(deadline: number): Promise<void>;
  stats(): readonly WorkerStats[];
}
