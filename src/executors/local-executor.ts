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
import { ExecutorClosedError, QueueFullError, toError } from "../errors.js";
import { Admission } from "./admission.js";
import { Ending } from "./ending.js";
import { decodeError } from "./error-codec.js";
import { publishTask, publishWorker } from "./diagnostics.js";
import { Executor, type ExecutorStats, type ShutdownOptions } from "./executor.js";
import type { Future } from "./future.js";
import { argumentError } from "./faults.js";
import type { Reply } from "./protocol.js";
import type { QueueOptions } from "./queue-options.js";
import { consumeStream } from "./stream.js";
import { Task, type TaskOwner, cancelledBefore, neverBegun, optionError } from "./task.js";
import { type SignalArgument, encodeTask } from "./task-request.js";
import { decodeValues, restoreValues } from "./values.js";
import { WaitingTasks, depthOf } from "./waiting-tasks.js";
import { SampleWindow } from "./window.js";
import type { RunReceiver, Workers, WorkersHost } from "./workers.js";

/** How often a task is given to another worker because one ended before it began with it. */
const maxRefusals = 10;

/**
 * How much work a worker may have before its turn, in milliseconds. To wait for the next task costs a worker 10 to 30 µs of the processor
 * (measured), which is much beside short tasks and nothing beside long ones.
 */
const usualWorkAhead = 0.5;

/** As many times that long a worker may take to come to a task that it was sent ahead; then others are to have it. */
const patience = 10;

/**
 * The engine of every executor on this machine: a bounded queue, clocks, cancellation and promises in front of workers. It starts none
 * while as many run as workers have places. Where tasks are short it sends some before their turn, to be at hand when a place is free; the order is
 * the queue's all the same.
 */
export abstract class LocalExecutor extends Executor {
  readonly #makeWorkers: () => Workers;
  #made: Workers | undefined;
  readonly #options: QueueOptions;
  readonly #workAhead: number;
  readonly #waiting: WaitingTasks;
  readonly #admission: Admission;
  readonly #running = new Map<number, Task>();
  readonly #queueWait = new SampleWindow();
  readonly #runTime = new SampleWindow();
  readonly #counts = { completed: 0, failed: 0, cancelled: 0 };
  readonly #ending = new Ending(() => this.#waiting.size + this.#running.size === 0);
  /** What tasks and workers tell; apart from the class, whose methods are its users'. */
  readonly #host: TaskOwner & WorkersHost = {
    abandoned: (task, error) => this.#abandoned(task, error),
    dequeue: (task) => this.#waiting.remove(task),
    begun: (task) => this.#begin(task, performance.now()),
    replied: (task, reply, next) => this.#replied(task, reply, next),
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

  /**
   * @param makeWorkers called when they are needed first: where the application serves, and not in its workers.
   * @param workAhead how much work each may have before its turn, in milliseconds. Default: 0.5.
   */
  constructor(makeWorkers: () => Workers, options: QueueOptions, workAhead = usualWorkAhead) {
    super();
    this.#workAhead = workAhead;
    this.#makeWorkers = makeWorkers;
    this.#options = options;
    this.#waiting = new WaitingTasks({
      ageing: options.ageing ?? 1000,
      takesAhead: (depth) => this.#workers.takesAhead(depth),
      send: (task, now) => this.#send(task, now, true),
      recall: ({ id }) => this.#workers.recall(id),
      begun: (task) => this.#host.begun(task),
    });
    this.#admission = new Admission({
      workers: () => this.#workers,
      waiting: this.#waiting,
      running: this.#running,
      runTime: this.#runTime,
      maxQueue: options.maxQueue,
    });
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
      queued: this.#waiting.size,
      running: this.#running.size,
      lost: workers.filter(({ stage }) => stage === "lost").length,
      ...this.#counts,
      queueWait: this.#queueWait.summary(),
      runTime: this.#runTime.summary(),
      workers,
    };
  }

  override get queueFill(): number {
    return this.#stage === "open" ? this.#admission.fill : 0;
  }

  /** A later call can only make it faster: each says how long it is ready to wait. */
  override shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#shutdown ??= this.#close();
    if (options.cancelFutures === true || options.wait === false) this.#cancelAll(this.#waiting.drain());
    this.#ending.expectWithin(options.wait === false ? 0 : options.deadline, options.cancelGrace);
    return this.#shutdown;
  }

  get #workers(): Workers {
    return (this.#made ??= this.#makeWorkers());
  }

  #abandoned(task: Task, error: Error): void {
    this.#counts[task.state === "cancelled" ? "cancelled" : "failed"]++;
    publishTask("failed", this, task, error);
    this.#waiting.remove(task);
    if (!this.#running.has(task.id)) return this.#ending.check();
    this.#workers.control({ type: "cancel", id: task.id, reason: error.message });
    // The place stays taken until the worker is free: a thread that spins is still a thread.
    setTimeout(() => this.#workers.kill(task.id), this.#options.cancelGrace ?? 1000).unref();
  }

  #bootFailed(error: Error): void {
    for (const task of this.#waiting.drain()) this.#fail(task, error);
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
    return this.#admission.refusal ?? cancelledBefore(options);
  }

  #accept(task: Task): void {
    publishTask("submitted", this, task);
    task.accept();
    if (this.#admission.hasPlace) return this.#run(task);
    this.#waiting.push(task);
    this.#watchWait(task);
    this.#waiting.sendAhead(depthOf(this.#workAhead, this.#runTime.mean));
  }

  #watchWait(task: Task): void {
    task.wait(task.call.options.queueTimeout ?? this.#options.queueTimeout, performance.now());
  }

  #run(task: Task): void {
    const now = performance.now();
    this.#begin(task, now);
    this.#send(task, now);
  }

  /** Its time to run begins. One that was sent ahead may have been seen to run before its worker is known to have come to it. */
  #begin(task: Task, now: number): void {
    if (this.#running.has(task.id)) return;
    this.#waiting.forget(task);
    this.#running.set(task.id, task);
    task.begin(now);
    if (task.settled) return;
    const waited = now - task.queuedAt;
    this.#queueWait.add(waited);
    tellStart(task.call.options, waited);
    publishTask("started", this, task);
  }

  /** Never throws: an argument may be a proxy with traps. */
  #send(task: Task, now: number, ahead = false): void {
    try {
      const request = encodeTask(task, now);
      if (request.signals.length > 0) task.release = this.#forwardAborts(task, request.signals);
      if (ahead) this.#workers.sendAhead(request, task);
      else this.#workers.run(request, task);
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

  #replied(task: Task, reply: Reply, next?: RunReceiver): void {
    if (reply.ok !== "refused") this.#runTime.add(performance.now() - task.startedAt);
    try {
      this.#settle(task, reply);
    } catch (error) {
      this.#fail(task, error);
    }
    this.#released(task, next);
  }

  #crashed(task: Task, error: unknown): void {
    if (this.#running.has(task.id)) this.#runTime.add(performance.now() - task.startedAt);
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
    // It had been sent ahead, and its turn had not come: that is no refusal.
    if (!this.#running.has(task.id)) return this.#waiting.putBack(task);
    if (task.requeue(args && restoreValues(task.args, args)) > maxRefusals)
      return this.#fail(task, neverBegun(task, maxRefusals));
    this.#waiting.putBack(task);
    this.#watchWait(task);
  }

  #fail(task: Task, error: unknown): void {
    if (!task.settled) {
      this.#counts.failed++;
      publishTask("failed", this, task, error);
    }
    task.reject(error);
  }

  /** @param next has its place already. */
  #released(task: Task, next?: RunReceiver): void {
    task.release?.();
    this.#running.delete(task.id);
    this.#waiting.forget(task);
    next?.begun();
    this.#pump();
    this.#ending.check();
  }

  #pump(): void {
    this.#waiting.recallStuck(performance.now() - patience * this.#workAhead);
    while (this.#waiting.size > 0 && this.#admission.hasFreePlace) {
      const task = this.#waiting.shift(performance.now());
      if (task === undefined) break;
      this.#run(task);
    }
    if (this.#waiting.size > 0) this.#waiting.sendAhead(depthOf(this.#workAhead, this.#runTime.mean));
  }

  /** Refuse, wait for what is due, cancel the rest, end the workers. */
  async #close(): Promise<void> {
    const started = this.#stage === "open";
    this.#stage = "closing";
    await this.#ending.done;
    this.#cancelAll([...this.#waiting.drain(), ...this.#running.values()]);
    if (started) await this.#workers.stop(Math.min(this.#options.cancelGrace ?? 1000, this.#ending.cancelGrace));
    this.#stage = "closed";
  }

  #cancelAll(tasks: readonly Task[]): void {
    for (const task of tasks) task.cancel("the executor is shutting down");
    this.#ending.check();
  }
}

function tellStart({ request, onStart }: CallOptions, waited: number): void {
  request?.taskStarted?.(waited);
  onStart?.(waited);
}
