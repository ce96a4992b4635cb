import { performance } from "node:perf_hooks";
import type {
  Class,
  ExecutorEnvironment,
  ExecutorMethod,
  MethodArguments,
  MethodResult,
  TaskOptions,
} from "../concurrent.js";
import { captureContext } from "../context.js";
import { CancelledError, ExecutorClosedError, QueueFullError } from "../errors.js";
import { type NumberRule, milliseconds } from "../check.js";
import { decodeError } from "./error-codec.js";
import { publishTask } from "./diagnostics.js";
import { Executor, type ExecutorStats, type ShutdownOptions } from "./executor.js";
import type { Future } from "./future.js";
import type { Reply, TaskMessage } from "./protocol.js";
import { TaskQueue } from "./queue.js";
import { consumeStream } from "./stream.js";
import { Task, type TaskCall, type TaskOwner } from "./task.js";
import { transferListOf } from "./transfer.js";
import { decodeValues, encodeValues } from "./values.js";
import { SampleWindow } from "./window.js";
import type { Workers, WorkersHost } from "./workers.js";

/** What every executor on this machine can be told. Times are milliseconds. */
export interface QueueOptions {
  /** How many tasks may wait. Default: 16 for each place to run. Past it: `QueueFullError`. */
  readonly maxQueue?: number;
  /** Longest wait of a task that does not say its own. Default: none. */
  readonly queueTimeout?: number;
  /** Longest run of a task that does not say its own. Default: none. */
  readonly deadline?: number;
  /** How long a task that was asked to end may go on before its worker is ended. Default: 1,000. */
  readonly cancelGrace?: number;
  /** Waiting this long counts as one priority more. Default: 1,000. */
  readonly ageing?: number;
}

/** What the numbers of {@link QueueOptions} must be. */
export const queueRules: Readonly<Record<keyof QueueOptions, NumberRule>> = {
  maxQueue: { from: 0, integer: true },
  queueTimeout: milliseconds(1),
  deadline: milliseconds(1),
  cancelGrace: milliseconds(0),
  ageing: milliseconds(1),
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Stage = "new" | "open" | "closing" | "closed";

/**
 * The engine of every executor on this machine: a bounded queue, clocks, cancellation and promises in front of workers.
 * It never hands workers more tasks than they have places, so that whatever order or limit their own queue has never counts.
 */
export abstract class LocalExecutor extends Executor {
  readonly #workers: Workers;
  readonly #options: QueueOptions;
  readonly #queue: TaskQueue<Task>;
  readonly #running = new Map<number, Task>();
  readonly #queueWait = new SampleWindow();
  readonly #runTime = new SampleWindow();
  readonly #counts = { completed: 0, failed: 0, cancelled: 0 };
  /** What tasks and workers tell; apart from the class, whose methods are its users'. */
  readonly #host: TaskOwner & WorkersHost = {
    abandoned: (task, error) => this.#abandoned(task, error),
    item: (id, value) => this.#item(id, value),
    bootFailed: (error) => this.#bootFailed(error),
    roomAgain: () => this.#roomAgain(),
  };
  #environment: ExecutorEnvironment | undefined;
  #stage: Stage = "new";
  #nextId = 1;
  #whenIdle: (() => void) | undefined;
  #shutdown: Promise<void> | undefined;

  constructor(workers: Workers, options: QueueOptions) {
    super();
    this.#workers = workers;
    this.#options = options;
    this.#queue = new TaskQueue(options.ageing ?? 1000);
  }

  override async start(environment: ExecutorEnvironment): Promise<void> {
    if (this.#stage !== "new")
      throw new ExecutorClosedError("the executor was started before: each application needs its own");
    this.#environment = environment;
    this.#stage = "open";
    try {
      await this.#workers.start(environment, this.#host);
    } catch (error) {
      await this.shutdown({ wait: false });
      throw error;
    }
  }

  override submit<T extends object, K extends ExecutorMethod<T>>(
    target: Class<T>,
    method: K,
    args: MethodArguments<T, K>,
    options: TaskOptions = {},
  ): Future<MethodResult<T, K>> {
    return this.#submit(target, method, args, options, false).future as Future<MethodResult<T, K>>;
  }

  override stream(
    target: Class,
    method: string,
    args: readonly unknown[],
    options: TaskOptions = {},
  ): AsyncGenerator<unknown> {
    return consumeStream(
      () => this.#submit(target, method, args, options, true),
      ({ id }, count) => this.#workers.control({ type: "credit", id, count }),
    );
  }

  override stats(): ExecutorStats {
    return {
      capacity: this.#workers.capacity,
      queued: this.#queue.size,
      running: this.#running.size,
      ...this.#counts,
      queueWait: this.#queueWait.summary(),
      runTime: this.#runTime.summary(),
      workers: this.#workers.stats(),
    };
  }

  override get queueFill(): number {
    if (this.#hasPlace || this.#stage !== "open") return 0;
    return this.#maxQueue === 0 ? 1 : this.#queue.size / this.#maxQueue;
  }

  override shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#shutdown ??= this.#close(options);
    return this.#shutdown;
  }

  #abandoned(task: Task, error: Error): void {
    this.#counts[task.state === "cancelled" ? "cancelled" : "failed"]++;
    publishTask("failed", this, task, error);
    if (this.#queue.remove(task) || !this.#running.has(task.id)) return;
    this.#workers.control({ type: "cancel", id: task.id, reason: error.message });
    // The place stays taken until the worker is free: a thread that spins is still a thread.
    setTimeout(() => this.#workers.kill(task.id), this.#options.cancelGrace ?? 1000).unref();
  }

  #item(id: number, value: unknown): void {
    this.#running.get(id)?.onItem?.(value);
  }

  #bootFailed(error: Error): void {
    for (const task of this.#queue.drain()) this.#fail(task, error);
  }

  #roomAgain(): void {
    this.#pump();
  }

  #submit(target: Class, method: string, args: readonly unknown[], options: TaskOptions, stream: boolean): Task {
    const token = this.#environment === undefined ? target.name : this.#environment.tokenOf(target);
    const task = new Task(
      this.#nextId++,
      { token, method, args, stream, context: captureContext(), options: this.#withDefaults(options) },
      this.#host,
      performance.now(),
    );
    const refusal = this.#refusal(options);
    if (refusal === undefined) this.#accept(task);
    else this.#refuse(task, refusal);
    return task;
  }

  #refuse(task: Task, refusal: Error): void {
    if (refusal instanceof QueueFullError) publishTask("refused", this, task, refusal);
    task.reject(refusal);
  }

  #withDefaults(options: TaskOptions): TaskOptions {
    const { deadline } = this.#options;
    return deadline === undefined || options.deadline !== undefined ? options : { ...options, deadline };
  }

  #refusal({ signal }: TaskOptions): Error | undefined {
    if (this.#stage === "new") return new ExecutorClosedError("the executor is not started: its application starts it");
    if (this.#stage !== "open") return new ExecutorClosedError("the executor is shut down");
    if (signal?.aborted)
      return new CancelledError("the task was cancelled before it was submitted", { cause: signal.reason });
    if (this.#workers.broken !== undefined) return this.#workers.broken;
    if (this.#hasPlace || this.#queue.size < this.#maxQueue) return undefined;
    return new QueueFullError(
      `the queue is full: ${this.#queue.size} waiting, maxQueue is ${this.#maxQueue}`,
      this.#retryAfter(),
    );
  }

  get #hasPlace(): boolean {
    return this.#queue.size === 0 && this.#running.size < this.#workers.capacity;
  }

  get #maxQueue(): number {
    return this.#options.maxQueue ?? 16 * Math.max(1, this.#workers.capacity);
  }

  /** Whole seconds until the queue has run empty at the pace of the latest tasks; at least one. */
  #retryAfter(): number {
    const wait = (this.#queue.size * this.#runTime.mean) / Math.max(1, this.#workers.capacity);
    return Math.max(1, Math.ceil(wait / 1000));
  }

  #accept(task: Task): void {
    publishTask("submitted", this, task);
    if (this.#hasPlace) {
      this.#run(task);
      return;
    }
    this.#queue.push(task);
    task.enqueue(task.call.options.queueTimeout ?? this.#options.queueTimeout);
  }

  #run(task: Task): void {
    const now = performance.now();
    const waited = now - task.queuedAt;
    this.#queueWait.add(waited);
    task.call.options.onStart?.(waited);
    task.begin(now);
    this.#running.set(task.id, task);
    publishTask("started", this, task);
    const { values, marks, signals } = encodeValues(task.call.args);
    const release = this.#forwardAborts(task, marks?.signals ?? [], signals);
    const { args, options } = task.call;
    const transferList = transferListOf(args, options.transfer ?? false);
    void this.#workers.run({ message: messageOf(task, values, marks), args, transferList }).then(
      (reply) => {
        this.#settle(task, reply);
        this.#released(task, release);
      },
      (error: unknown) => {
        this.#fail(task, error);
        this.#released(task, release);
      },
    );
  }

  #forwardAborts(task: Task, indexes: readonly number[], signals: readonly AbortSignal[]): () => void {
    if (signals.length === 0) return nothing;
    const stop = new AbortController();
    for (const [position, signal] of signals.entries()) {
      const index = indexes[position] ?? 0;
      const abort = (): void => this.#workers.control({ type: "abortArgument", id: task.id, index });
      signal.addEventListener("abort", abort, { once: true, signal: stop.signal });
    }
    return () => stop.abort();
  }

  #settle(task: Task, reply: Reply): void {
    if (reply.ok === "refused") return this.#runElsewhere(task);
    if (!reply.ok) return this.#fail(task, decodeError(reply.error));
    if (!task.settled) {
      this.#counts.completed++;
      publishTask("ended", this, task);
    }
    task.resolve(reply.marks === undefined ? reply.value : decodeValues([reply.value], reply.marks)[0]);
  }

  /** Its worker retired before it took the task: nothing was run, so nothing is repeated. */
  #runElsewhere(task: Task): void {
    if (task.settled) return;
    task.requeue();
    this.#queue.putBack(task);
  }

  #fail(task: Task, error: unknown): void {
    if (!task.settled) {
      this.#counts.failed++;
      publishTask("failed", this, task, error);
    }
    task.reject(error);
  }

  #released(task: Task, release: () => void): void {
    release();
    this.#runTime.add(performance.now() - task.startedAt);
    this.#running.delete(task.id);
    this.#pump();
    if (this.#running.size === 0) this.#whenIdle?.();
  }

  #pump(): void {
    while (this.#queue.size > 0 && this.#running.size < this.#workers.capacity) {
      const task = this.#queue.shift(performance.now());
      if (task !== undefined) this.#run(task);
    }
  }

  /** Refuse, wait for what is due, cancel the rest, end the workers. */
  async #close({ wait = true, cancelFutures = false, deadline }: ShutdownOptions): Promise<void> {
    const started = this.#stage === "open";
    this.#stage = "closing";
    if (cancelFutures || !wait) for (const task of this.#queue.drain()) task.cancel("the executor is shutting down");
    if (wait) await this.#idle(deadline);
    for (const task of [...this.#queue.drain(), ...this.#running.values()])
      task.cancel("the executor is shutting down");
    if (started) await this.#workers.stop(this.#options.cancelGrace ?? 1000);
    this.#stage = "closed";
  }

  async #idle(deadline: number | undefined): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = settled();
    this.#whenIdle = resolve;
    const timer = deadline === undefined ? undefined : setTimeout(resolve, deadline);
    await promise;
    clearTimeout(timer);
  }
}

function messageOf({ id, call }: Task, args: TaskMessage["args"], marks: TaskMessage["marks"]): TaskMessage {
  const { token, method, stream, context, options } = call;
  const message: Mutable<TaskMessage> = { id, token, method, args };
  const deadline = leastOf(options.deadline, options.timeLeft);
  if (marks !== undefined) message.marks = marks;
  if (deadline !== undefined) message.deadline = deadline;
  if (options.requestId !== undefined) message.requestId = options.requestId;
  if (options.traceparent !== undefined) message.traceparent = options.traceparent;
  if (context !== undefined) message.context = context;
  if (options.transfer === true) message.transfer = true;
  if (stream) message.stream = true;
  return message;
}

function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function settled(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function nothing(): void {}

export type { TaskCall };
