import type { EncodedError } from "./error-codec.js";
import type { Marks } from "./values.js";
import type { EncodedRecord } from "./worker-log.js";

/** The messages between an executor and its workers. Both sides are ours; nothing else reads or writes them. */

/** One call, from the executor to a worker. What most calls do not have is left out: a clone pays for every field. */
export interface TaskMessage {
  readonly id: number;
  readonly token: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Which arguments are more than structured clone carries. */
  readonly marks?: Marks | undefined;
  /** Longest run, in milliseconds from its start. */
  readonly deadline?: number | undefined;
  /** When the caller's own time is up, on the clock of `machineTime`. */
  readonly until?: number | undefined;
  readonly requestId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Values of storages that travel along. */
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  /** Some of the arguments' memory was moved: the worker has it, and nobody else. */
  readonly moved?: true | undefined;
  /** Results are moved, not copied. */
  readonly transfer?: true | undefined;
  /** The method is a generator: its items are sent one by one, as many as there are credits. */
  readonly stream?: true | undefined;
}

/** How a call ended. */
export type Reply =
  | { readonly ok: true; readonly value: unknown; readonly marks?: Marks }
  | { readonly ok: false; readonly error: EncodedError }
  /** The worker has not run the task: it is to be run elsewhere, with what was moved to the worker as its arguments. */
  | { readonly ok: "refused"; readonly args?: readonly unknown[] };

/** From a worker to its executor. */
export type WorkerMessage =
  | { readonly type: "ready" }
  | { readonly type: "bootFailed"; readonly error: EncodedError }
  | { readonly type: "output"; readonly stream: "stdout" | "stderr"; readonly chunk: string | Uint8Array }
  | { readonly type: "log"; readonly record: EncodedRecord }
  | { readonly type: "item"; readonly id: number; readonly value: unknown; readonly marks?: Marks }
  | { readonly type: "reply"; readonly id: number; readonly reply: Reply }
  | { readonly type: "heap"; readonly used: number }
  | { readonly type: "uncaught"; readonly error: EncodedError }
  | { readonly type: "retiring" }
  | { readonly type: "stopped" };

/** From the executor to the worker that runs task `id`. */
export type TaskControl =
  | { readonly type: "cancel"; readonly id: number; readonly reason: string }
  | { readonly type: "abortArgument"; readonly id: number; readonly index: number }
  | { readonly type: "credit"; readonly id: number; readonly count: number };

/** From the executor to a worker, beside the tasks. */
export type ControlMessage = TaskControl | { readonly type: "stop" };

/** What a worker is told when it is made. */
export interface WorkerSettings {
  /** `file:` URL of the application's module. */
  readonly module: string;
  /** What the worker's own must be: otherwise it has other code. */
  readonly registryHash: string;
  readonly taskId: number | null;
  readonly logLevel: string;
  /** How many tasks the worker may have at once. */
  readonly concurrency: number;
  /** The worker retires after this many tasks. */
  readonly maxTasksPerWorker: number | undefined;
  /** The worker retires when its heap is larger than this after a task, in MiB. */
  readonly maxHeapMb: number | undefined;
}

/** How many tasks a worker may have before their turn. */
export const maxAhead = 7;

/** How many items of a stream a worker may send ahead of its consumer. */
export const streamWindow = 16;
