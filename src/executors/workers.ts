import type { ExecutorEnvironment } from "../concurrent.js";
import type { WorkerStats } from "./executor.js";
import type { Reply, TaskControl, TaskMessage } from "./protocol.js";

/** What an executor is told by its workers. */
export interface WorkersHost {
  /** An item of a stream. */
  item(id: number, value: unknown): void;
  /** No worker is there and none can start: what waits for one must not wait for ever. */
  bootFailed(error: Error): void;
  /** `capacity` may have grown. */
  roomAgain(): void;
  /** A worker was started, or has ended: its thread id or process id. */
  spawned(worker: number): void;
  exited(worker: number): void;
}

/** One task for a worker. */
export interface RunRequest {
  readonly message: TaskMessage;
  /** The arguments as the caller gave them, to find the one that cannot be cloned. */
  readonly args: readonly unknown[];
  /** What is moved instead of copied, where that is possible. */
  readonly transferList: readonly ArrayBuffer[];
}

/** Who is told what became of a task: `replied` or `failed`, once, and not before `run` or `sendAhead` has returned. */
export interface RunReceiver {
  /** It was sent ahead, and its turn has come. */
  begun(): void;
  /** Its place is free again, or `next` has it already, which was sent ahead and is to be told so. */
  replied(reply: Reply, next?: RunReceiver): void;
  /**
   * Its worker is gone, or it was not sent: a `WorkerCrashedError`, `WorkerOutOfMemoryError`, `WorkerBootError` or, for
   * arguments that cannot be cloned, a `SerializationError`.
   */
  failed(error: unknown): void;
}

/**
 * The part in which executors differ: where tasks run. The queue, the clocks and the promises are the engine's
 * ({@link LocalExecutor}), which starts no task while `capacity` of them run.
 */
export interface Workers {
  /** How many tasks may run at once: 0 before `start`, less while workers retire. */
  readonly capacity: number;
  /** Why no worker can take a task at present; undefined when one can, or one is being made. */
  readonly broken: Error | undefined;
  /** Resolves when the first workers are ready. */
  start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void>;
  /** Runs one task. It calls back instead of returning a promise, which every task would pay for. */
  run(request: RunRequest, receiver: RunReceiver): void;
  /**
   * Whether a worker would take a task before its turn, when each may have `depth` of these. No worker does while one that is ready has
   * room, nor where it could not be taken back.
   */
  takesAhead(depth: number): boolean;
  /**
   * Sends a task before its turn to a worker that takes it: the worker has it at hand when it has ended what it has, and begins with it
   * by itself. To be called after `takesAhead`.
   */
  sendAhead(request: RunRequest, receiver: RunReceiver): void;
  /** Takes back what was sent ahead: its receiver is told nothing more. @returns false when its worker has begun with it. */
  recall(id: number): boolean;
  /** Hands a message to the worker that runs the task, if one does. */
  control(message: TaskControl): void;
  /** Ends the worker that runs the task, if it still runs it. */
  kill(id: number): void;
  /** Lets workers dispose their services, then ends them; what still runs is ended at `deadline` milliseconds from now. */
  stop(deadline: number): Promise<void>;
  stats(): readonly WorkerStats[];
}
