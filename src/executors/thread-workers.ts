import { fileURLToPath } from "node:url";
import type { ResourceLimits, Worker } from "node:worker_threads";
import type { Piscina } from "piscina";
import type { ExecutorEnvironment } from "../concurrent.js";
import { ExecutorClosedError, WorkerBootError, WorkerCrashedError, WorkerOutOfMemoryError } from "../errors.js";
import { generalLog } from "../log.js";
import type { WorkerStats } from "./executor.js";
import { argumentError, isCloneError, lostReply, placeOf, within } from "./faults.js";
import { LinkSet } from "./link-set.js";
import type { Reply, TaskControl, TaskMessage } from "./protocol.js";
import { ThreadLink } from "./thread-link.js";
import { type ThreadData, type ThreadHello, type ThreadResult, type ThreadTask, TaskSlots } from "./thread-protocol.js";
import { type WorkerLimits, workerSettings } from "./worker-settings.js";
import type { RunRequest, Workers, WorkersHost } from "./workers.js";

/** The threads of an executor, as validated by it. Times are milliseconds. */
export interface ThreadSettings extends WorkerLimits {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly concurrency: number;
  readonly idleTimeout: number;
  readonly bootTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

type LoadBalancer = NonNullable<NonNullable<ConstructorParameters<typeof Piscina>[0]>["loadBalancer"]>;

/** A task that was given to the pool. */
interface Dispatched {
  readonly slot: number;
  readonly message: TaskMessage;
}

const entry = fileURLToPath(new URL("./worker-entry.js", import.meta.url));

/** Threads of a piscina pool. Piscina makes, keeps and replaces them; it never queues for us and never aborts a task. */
export class ThreadWorkers implements Workers {
  readonly #settingsFor: (environment: ExecutorEnvironment) => ThreadSettings;
  readonly #tasks = new Map<number, Dispatched>();
  #settings!: ThreadSettings;
  #links!: LinkSet<ThreadLink>;
  #pool: Piscina | undefined;
  #slots!: TaskSlots;
  #freeSlots: number[] = [];
  #stopped = false;

  constructor(settingsFor: (environment: ExecutorEnvironment) => ThreadSettings) {
    this.#settingsFor = settingsFor;
  }

  get capacity(): number {
    if (this.#pool === undefined) return 0;
    const { maxThreads, concurrency } = this.#settings;
    return Math.max(0, maxThreads - this.#links.unusable) * concurrency;
  }

  get broken(): Error | undefined {
    return this.#links?.broken;
  }

  async start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void> {
    const settings = this.#settingsFor(environment);
    this.#settings = settings;
    this.#links = new LinkSet(host, environment.registryHash);
    const places = settings.maxThreads * settings.concurrency;
    this.#slots = TaskSlots.of(places);
    this.#freeSlots = Array.from({ length: places }, (_, slot) => slot);
    this.#pool = await this.#createPool(environment);
    host.roomAgain();
    await this.#links.untilReady(settings.minThreads, settings.bootTimeout);
  }

  run(request: RunRequest): Promise<Reply> {
    const { message, transferList } = request;
    const task: Dispatched = { slot: this.#freeSlots.pop() ?? 0, message };
    this.#slots.clear(task.slot);
    this.#tasks.set(message.id, task);
    return this.#post(task, transferList).then(
      (result) => this.#replyOf(task, result),
      (error: unknown) => this.#failureOf(task, request.args, error),
    );
  }

  control(message: TaskControl): void {
    const task = this.#tasks.get(message.id);
    if (task === undefined) return;
    if (message.type === "cancel") this.#slots.cancel(task.slot);
    if (message.type === "abortArgument") this.#slots.abortArgument(task.slot, message.index);
    this.#linkOf(task)?.post(message);
  }

  kill(id: number): void {
    const task = this.#tasks.get(id);
    const link = task && this.#linkOf(task);
    if (task === undefined || link === undefined) return;
    generalLog.warn(`${placeOf(task.message)} did not stop when it was asked to: its thread is ended and replaced`);
    link.killed = true;
    link.terminate();
  }

  async stop(deadline: number): Promise<void> {
    this.#stopped = true;
    await within(deadline, this.#links.stop());
    // A thread that is stuck in native code cannot be ended; its process will be.
    if (this.#pool !== undefined) await within(deadline, this.#pool.destroy());
  }

  stats(): readonly WorkerStats[] {
    const running = [...this.#tasks.values()].map(({ slot }) => this.#slots.thread(slot));
    return this.#links?.stats((link) => running.filter((threadId) => threadId === link.id).length) ?? [];
  }

  #replyOf(task: Dispatched, result: ThreadResult): Reply {
    const threadId = this.#slots.thread(task.slot);
    const link = this.#links.get(threadId);
    // What the task printed has its own line: it is to appear before the result is used.
    link?.drain();
    link?.countTask();
    this.#free(task);
    return result ?? this.#links.takeReply(task.message.id, threadId) ?? fail(lostReply(task.message));
  }

  #failureOf(task: Dispatched, args: readonly unknown[], error: unknown): Reply {
    const threadId = this.#slots.thread(task.slot);
    this.#free(task);
    if (isCloneError(error)) throw argumentError(args, task.message, error);
    // A worker may end right after it replied.
    return this.#links.takeReply(task.message.id, threadId) ?? fail(this.#explain(error, task.message, threadId));
  }

  #free({ slot, message }: Dispatched): void {
    this.#tasks.delete(message.id);
    this.#freeSlots.push(slot);
  }

  #post({ slot, message }: Dispatched, transferList: readonly ArrayBuffer[]): Promise<ThreadResult> {
    const task: ThreadTask = { slot, message };
    const pool = this.#pool as Piscina;
    if (transferList.length === 0) return pool.run(task) as Promise<ThreadResult>;
    return pool.run(task, { transferList: [...transferList] }) as Promise<ThreadResult>;
  }

  async #createPool(environment: ExecutorEnvironment): Promise<Piscina> {
    // Only here: a worker thread imports the application, and with it this file, but never makes a pool.
    const { Piscina: Pool } = await import("piscina");
    if (this.#stopped) throw new ExecutorClosedError("the executor was shut down while it started");
    const { minThreads, maxThreads, concurrency, idleTimeout, resourceLimits } = this.#settings;
    const workerData: ThreadData = { settings: workerSettings(environment, this.#settings), slots: this.#slots.memory };
    const pool = new Pool({
      filename: entry,
      name: "run",
      minThreads,
      maxThreads,
      idleTimeout,
      concurrentTasksPerWorker: concurrency,
      // Otherwise a thread's timers and sockets stand still between tasks.
      atomics: "disabled",
      stricterFIFO: true,
      recordTiming: false,
      loadBalancer: this.#leastBusy,
      argv: process.argv.slice(2),
      workerData,
      ...(resourceLimits && { resourceLimits }),
    });
    pool.on("message", (hello: ThreadHello) => this.#welcome(hello));
    // A thread that ended while it had no task; without a listener the error would end the process.
    pool.on("error", (error: Error) => this.#links.failed(threadEnded(error)));
    return pool;
  }

  /** Threads whose start failed and those that retire are in piscina's list for a while, but take no task. */
  readonly #leastBusy: LoadBalancer = (_, workers) => {
    let best: (typeof workers)[number] | null = null;
    for (const worker of workers) {
      if (worker.currentUsage >= this.#settings.concurrency || !this.#links.isUsable(worker.id)) continue;
      if (best === null || worker.currentUsage < best.currentUsage) best = worker;
    }
    return best;
  };

  #welcome({ threadId, port }: ThreadHello): void {
    const worker: Worker | undefined = this.#pool?.threads.find((thread) => thread.threadId === threadId);
    if (worker === undefined) return;
    const link = new ThreadLink(worker, port, this.#links, this.#settings.bootTimeout);
    this.#links.add(link);
    worker.once("exit", () => this.#links.remove(link));
  }

  #linkOf(task: Dispatched): ThreadLink | undefined {
    return this.#links.get(this.#slots.thread(task.slot));
  }

  #explain(error: unknown, task: TaskMessage, threadId: number): Error {
    const place = placeOf(task);
    const { code, message } = error as { code?: string; message: string };
    if (code === "ERR_WORKER_OUT_OF_MEMORY") {
      return new WorkerOutOfMemoryError(`${place} needed more memory than resourceLimits allow`, { cause: error });
    }
    const link = this.#links.recent(threadId);
    const exitCode = Number(/exited with code: (-?\d+)/.exec(message)?.[1] ?? Number.NaN);
    // An error that nobody caught may be another task's: it is in the log, and not in this one's cause.
    const why = link?.uncaught === undefined ? message : "an error outside of any call was not caught there";
    return new WorkerCrashedError(`the thread that ran ${place} ended: ${why}`, {
      cause: error,
      retryable: link?.killed === true || link?.uncaught !== undefined,
      ...(Number.isInteger(exitCode) && { exitCode }),
    });
  }
}

function threadEnded(error: Error): WorkerBootError {
  return new WorkerBootError(`a worker thread ended while it started: ${error.message}`, { cause: error });
}

function fail(error: Error): never {
  throw error;
}
