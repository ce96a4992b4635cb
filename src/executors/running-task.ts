import { performance } from "node:perf_hooks";
import type { ExecutorContextValue } from "../context.js";
import { CancelledError } from "../errors.js";
import { machineTime } from "./machine-time.js";
import { type TaskControl, type TaskMessage, streamWindow } from "./protocol.js";

/** What a worker can read about its task without waiting for a message. */
export interface TaskMemory {
  isCancelled(): boolean;
  isArgumentAborted(index: number): boolean;
}

/** A task that was sent to a worker. */
export interface SentTask extends TaskMemory {
  /** The worker begins with it. False: it was taken back, and is to be forgotten. */
  begin(): boolean;
}

/** A call while it runs in a worker, as `ExecutorContext.current()` shows it. Signals are made when they are asked for. */
export class RunningTask implements ExecutorContextValue {
  readonly #message: TaskMessage;
  readonly #memory: TaskMemory;
  readonly #started = performance.now();
  #arguments: Map<number, AbortController> | undefined;
  #controller: AbortController | undefined;
  #reason: CancelledError | undefined;
  #credits = streamWindow;
  #wake: (() => void) | undefined;

  constructor(message: TaskMessage, memory: TaskMemory) {
    this.#message = message;
    this.#memory = memory;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.cancelled) this.#controller.abort(this.#reason ?? new CancelledError());
    }
    return this.#controller.signal;
  }

  get cancelled(): boolean {
    return this.#reason !== undefined || this.#memory.isCancelled();
  }

  get deadline(): number | undefined {
    const { deadline = Infinity, until = Infinity } = this.#message;
    const now = performance.now();
    const left = Math.min(deadline - (now - this.#started), until - machineTime(now));
    return left === Infinity ? undefined : Math.max(0, left);
  }

  get requestId(): string | undefined {
    return this.#message.requestId;
  }

  get traceparent(): string | undefined {
    return this.#message.traceparent;
  }

  get token(): string {
    return `${this.#message.token}.${this.#message.method}`;
  }

  /** The live counterpart of a signal that the caller passed as argument `index`. */
  signalAt(index: number, aborted: boolean): AbortSignal {
    const controller = this.#argument(index);
    if (aborted || this.#memory.isArgumentAborted(index)) controller.abort();
    return controller.signal;
  }

  /** Resolves when a stream may send its next item, or need not send any more. */
  async credit(): Promise<void> {
    this.#credits--;
    while (this.#credits <= 0 && !this.cancelled) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  handle(message: TaskControl): void {
    if (message.type === "credit") this.#credits += message.count;
    else if (message.type === "abortArgument") this.#argument(message.index).abort();
    else this.#cancel(message.reason);
    this.#wake?.();
  }

  /** Made by whichever comes first, the body's need of it or its abort. */
  #argument(index: number): AbortController {
    this.#arguments ??= new Map();
    let controller = this.#arguments.get(index);
    if (controller === undefined) this.#arguments.set(index, (controller = new AbortController()));
    return controller;
  }

  #cancel(reason: string): void {
    this.#reason = new CancelledError(reason);
    this.#controller?.abort(this.#reason);
  }
}
