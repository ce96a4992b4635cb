import { performance } from "node:perf_hooks";
import type {
  CallOptions,
  Class,
  ExecutorEnvironment,
  ExecutorMethod,
  MethodArguments,
  MethodResult,
  MethodStream,
  StreamMethod,
  TaskOptions,
} from "../concurrent.js";
import { captureContext } from "../context.js";
import { type NumberRule, milliseconds } from "../check.js";
import { CancelledError, ExecutorClosedError, QueueFullError, WorkerCrashedError, toError } from "../errors.js";
import { Ending } from "./ending.js";
import { decodeError } from "./error-codec.js";
import { publishTask, publishWorker } from "./diagnostics.js";
import { Executor, type ExecutorStats, type ShutdownOptions } from "./executor.js";
import type { Future } from "./future.js";
import { argumentError } from "./faults.js";
import type { Reply } from "./protocol.js";
import { TaskQueue } from "./queue.js";
import { consumeStream } from "./stream.js";
import { Task, type TaskOwner, optionError } from "./task.js";
import { type SignalArgument, encodeTask } from "./task-request.js";
import { decodeValues, restoreValues } from "./values.js";
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

/** How often a task is given to another worker because one ended before it began with it. */
const maxRefusals = 10;

/**
 * The engine of every executor on this machine: a bounded queue, clocks, cancellation and promises in front of workers.
 * It never hands workers more tasks than they have places, so that whatever order or limit their own queue has never counts.
 */
export abstract class LocalExecutor extends Executor {
  readonly #makeWorkers: () => Workers;
  #made: Workers | undefined;
  readonly #options: QueueOptions;
  readonly #queue: TaskQueue<Task>;
  readonly #running = new Map<number, Task>();
  readonly #queueWait = new SampleWindow();
  readonly #runTime = new SampleWindow();
  readonly #counts = { completed: 0, failed: 0, cancelled: 0 };
  readonly #ending = new Ending(() => this.#queue.size + this.#running.size === 0);
  /** What tasks and workers tell; apart from the class, whose methods are its users'. */
  readonly #host: TaskOwner & WorkersHost = {
    abandoned: (task, error) => this.#abandoned(task, error),
    replied: (task, reply) => this.#replied(task, reply),
    crashed: (task, error) => this.#crashed(task, error),
    item: (id, value) => this.#running.get(id)?.onItem?.(value),
    bootFailed: (error) => this.#bootFailed(error),
    roomAgain: () => this.#pump(),
    spawned: (worker) => publishWorker("spawned", this, worker),
    exited: (worker) => publishWorker("exited", this, worker),
  };
  #environment: ExecutorEnvironment | undefined;
  #stage: "new" | "open" | "closing" | "closed" = "new";
  #nextId = 1;
  #shutdown: Promise<void> | undefined;

  /** @param makeWorkers called when they are needed first: where the application serves, and not in its workers. */
  constructor(makeWorkers: () => Workers, options: QueueOptions) {
    super();
    this.#makeWorkers = makeWorkers;
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

  override stream<T extends object, K extends StreamMethod<T>>(
    target: Class<T>,
    method: K,
    args: MethodArguments<T, K>,
    options: TaskOptions = {},
  ): MethodStream<T, K> {
    const items = consumeStream(
      () => this.#submit(target, method, args, options, true),
      ({ id }, count) => this.#workers.control({ type: "credit", id, count }),
    );
    return items as MethodStream<T, K>;
  }

  override stats(): ExecutorStats {
    const workers = this.#workers.stats();
    return {
      capacity: this.#workers.capacity,
      queued: this.#queue.size,
      running: this.#running.size,
      lost: workers.filter(({ stage }) => stage === "lost").length,
      ...this.#counts,
      queueWait: this.#queueWait.summary(),
      runTime: this.#runTime.summary(),
      workers,
    };
  }

  override get queueFill(): number {
    if (this.#hasPlace || this.#stage !== "open") return 0;
    return this.#maxQueue === 0 ? 1 : this.#queue.size / this.#maxQueue;
  }

  /** A later call can only make it faster: each says how long it is ready to wait. */
  override shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#shutdown ??= this.#close();
    if (options.cancelFutures === true || options.wait === false) this.#cancelAll(this.#queue.drain());
    this.#ending.expectWithin(options.wait === false ? 0 : options.deadline, options.cancelGrace);
    return this.#shutdown;
  }

  get #workers(): Workers {
    return (this.#made ??= this.#makeWorkers());
  }

  #abandoned(task: Task, error: Error): void {
    this.#counts[task.state === "cancelled" ? "cancelled" : "failed"]++;
    publishTask("failed", this, task, error);
    if (this.#queue.remove(task)) return this.#ending.check();
    if (!this.#running.has(task.id)) return;
    this.#workers.control({ type: "cancel", id: task.id, reason: error.message });
    // The place stays taken until the worker is free: a thread that spins is still a thread.
    setTimeout(() => this.#workers.kill(task.id), this.#options.cancelGrace ?? 1000).unref();
  }

  #bootFailed(error: Error): void {
    for (const task of this.#queue.drain()) this.#fail(task, error);
    this.#ending.check();
  }

  #submit(target: Class, method: string, args: readonly unknown[], given: CallOptions, stream: boolean): Task {
    const { token, error } = this.#tokenOf(target);
    const options = this.#withDefaults(given);
    const call = { token, method, stream, context: captureContext(), options };
    const task = new Task(this.#nextId++, call, args, this.#host, performance.now());
    const refusal = error ?? optionError(task) ?? this.#refusal(options);
    if (refusal === undefined) this.#accept(task);
    else this.#refuse(task, refusal);
    return task;
  }

  #tokenOf(target: Class): { token: string; error?: Error } {
    try {
      return { token: this.#environment === undefined ? target.name : this.#environment.tokenOf(target) };
    } catch (error) {
      return { token: "an unknown class", error: toError(error) };
    }
  }

  #refuse(task: Task, refusal: Error): void {
    if (refusal instanceof QueueFullError) publishTask("refused", this, task, refusal);
    task.reject(refusal);
  }

  #withDefaults(options: CallOptions): CallOptions {
    const { deadline } = this.#options;
    return deadline === undefined || options.deadline !== undefined ? options : { ...options, deadline };
  }

  #refusal(options: CallOptions): Error | undefined {
    if (this.#stage === "new") return new ExecutorClosedError("the executor is not started: its application starts it");
    if (this.#stage !== "open") return new ExecutorClosedError("the executor is shut down");
    if (this.#workers.broken !== undefined) return this.#workers.broken;
    if (this.#hasPlace || this.#queue.size < this.#maxQueue) return cancelledBefore(options);
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
    task.accept();
    if (this.#hasPlace) return this.#run(task);
    this.#queue.push(task);
    this.#watchWait(task);
  }

  #watchWait(task: Task): void {
    task.wait(task.call.options.queueTimeout ?? this.#options.queueTimeout, performance.now());
  }

  #run(task: Task): void {
    const now = performance.now();
    const waited = now - task.queuedAt;
    this.#queueWait.add(waited);
    tellStart(task.call.options, waited);
    task.begin(now);
    this.#running.set(task.id, task);
    publishTask("started", this, task);
    this.#send(task, now);
  }

  /** Never throws: an argument may be a proxy with traps. */
  #send(task: Task, now: number): void {
    try {
      const request = encodeTask(task, now);
      if (request.signals.length > 0) task.release = this.#forwardAborts(task, request.signals);
      this.#workers.run(request, task);
    } catch (error) {
      queueMicrotask(() => task.failed(argumentError(task.args, task.call, error)));
    }
  }

  #forwardAborts(task: Task, signals: readonly SignalArgument[]): () => void {
    const stop = new AbortController();
    for (const { index, signal } of signals) {
      const abort = (): void => this.#workers.control({ type: "abortArgument", id: task.id, index });
      signal.addEventListener("abort", abort, { once: true, signal: stop.signal });
    }
    return () => stop.abort();
  }

  #replied(task: Task, reply: Reply): void {
    if (reply.ok !== "refused") this.#runTime.add(performance.now() - task.startedAt);
    try {
      this.#settle(task, reply);
    } catch (error) {
      this.#fail(task, error);
    }
    this.#released(task);
  }

  #crashed(task: Task, error: unknown): void {
    this.#runTime.add(performance.now() - task.startedAt);
    this.#fail(task, error);
    this.#released(task);
  }

  #settle(task: Task, reply: Reply): void {
    if (reply.ok === "refused") return this.#runElsewhere(task, reply.args);
    if (!reply.ok) return this.#fail(task, decodeError(reply.error));
    const value = reply.marks === undefined ? reply.value : decodeValues([reply.value], reply.marks)[0];
    if (task.settled) return;
    this.#counts.completed++;
    publishTask("ended", this, task);
    task.resolve(value);
  }

  /** Its worker ended or retired before it began: nothing was run, so nothing is repeated. */
  #runElsewhere(task: Task, args: readonly unknown[] | undefined): void {
    if (task.settled) return;
    if (task.requeue(args && restoreValues(task.args, args)) > maxRefusals) return this.#fail(task, neverBegun(task));
    this.#queue.putBack(task);
    this.#watchWait(task);
  }

  #fail(task: Task, error: unknown): void {
    if (!task.settled) {
      this.#counts.failed++;
      publishTask("failed", this, task, error);
    }
    task.reject(error);
  }

  #released(task: Task): void {
    task.release?.();
    this.#running.delete(task.id);
    this.#pump();
    this.#ending.check();
  }

  #pump(): void {
    while (this.#queue.size > 0 && this.#running.size < this.#workers.capacity) {
      const task = this.#queue.shift(performance.now());
      if (task === undefined) return;
      this.#run(task);
    }
  }

  /** Refuse, wait for what is due, cancel the rest, end the workers. */
  async #close(): Promise<void> {
    const started = this.#stage === "open";
    this.#stage = "closing";
    await this.#ending.done;
    this.#cancelAll([...this.#queue.drain(), ...this.#running.values()]);
    if (started) await this.#workers.stop(Math.min(this.#options.cancelGrace ?? 1000, this.#ending.cancelGrace));
    this.#stage = "closed";
  }

  #cancelAll(tasks: readonly Task[]): void {
    for (const task of tasks) task.cancel("the executor is shutting down");
    this.#ending.check();
  }
}

function cancelledBefore({ request, signal }: CallOptions): CancelledError | undefined {
  if (request?.ended === undefined && signal?.aborted !== true) return undefined;
  const cause: unknown = request?.ended ?? signal?.reason;
  return new CancelledError("the task was cancelled before it was submitted", { cause });
}

function tellStart({ request, onStart }: CallOptions, waited: number): void {
  request?.taskStarted?.(waited);
  onStart?.(waited);
}

function neverBegun({ place }: Task): WorkerCrashedError {
  return new WorkerCrashedError(`${maxRefusals} workers ended before they began with ${place}`, { retryable: true });
}
