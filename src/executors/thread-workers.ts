import { fileURLToPath } from "node:url";
import type { ResourceLimits } from "node:worker_threads";
import { Piscina } from "piscina";
import type { ExecutorEnvironment } from "../concurrent.js";
import { WorkerBootError, WorkerCrashedError, WorkerOutOfMemoryError } from "../errors.js";
import { generalLog, logLevel } from "../log.js";
import type { WorkerStats } from "./executor.js";
import type { Reply, TaskMessage } from "./protocol.js";
import { ThreadLink, type ThreadLinkHost } from "./thread-link.js";
import { type ThreadData, type ThreadHello, type ThreadTask, TaskSlots } from "./thread-protocol.js";
import { serializationError } from "./values.js";
import type { Workers, WorkersHost } from "./workers.js";

/** The threads of an executor, as validated by it. Times are milliseconds. */
export interface ThreadSettings {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly concurrency: number;
  readonly idleTimeout: number;
  readonly bootTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** A task that was given to the pool. */
interface Dispatched {
  readonly slot: number;
  readonly message: TaskMessage;
  reply: Reply | undefined;
}

const entry = fileURLToPath(new URL("./worker-entry.js", import.meta.url));

/** Threads of a piscina pool. Piscina makes, keeps and replaces them; it never queues for us and never aborts a task. */
export class ThreadWorkers implements Workers, ThreadLinkHost {
  readonly #settings: (environment: ExecutorEnvironment) => ThreadSettings;
  readonly #links = new Map<number, ThreadLink>();
  readonly #tasks = new Map<number, Dispatched>();
  #limits: ThreadSettings | undefined;
  #environment!: ExecutorEnvironment;
  #host!: WorkersHost;
  #pool!: Piscina;
  #slots!: TaskSlots;
  #freeSlots: number[] = [];
  #warm: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  constructor(settings: (environment: ExecutorEnvironment) => ThreadSettings) {
    this.#settings = settings;
  }

  get capacity(): number {
    return this.#limits === undefined ? 0 : this.#limits.maxThreads * this.#limits.concurrency;
  }

  get registryHash(): string {
    return this.#environment.registryHash;
  }

  async start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void> {
    this.#environment = environment;
    this.#host = host;
    this.#limits = this.#settings(environment);
    this.#slots = TaskSlots.of(this.capacity);
    this.#freeSlots = Array.from({ length: this.capacity }, (_, slot) => slot);
    const warm = new Promise<void>((resolve, reject) => (this.#warm = { resolve, reject }));
    this.#pool = this.#createPool(this.#limits);
    await this.#withinBootTimeout(warm);
  }

  async run(message: TaskMessage, args: readonly unknown[]): Promise<Reply> {
    const task: Dispatched = { slot: this.#freeSlots.pop() ?? 0, message, reply: undefined };
    this.#slots.clear(task.slot);
    this.#tasks.set(message.id, task);
    try {
      const threadId = (await this.#pool.run({ slot: task.slot, message } satisfies ThreadTask)) as number;
      if (task.reply === undefined) this.#links.get(threadId)?.drain();
      return task.reply ?? lost(message);
    } catch (error) {
      throw this.#explain(error, task, args);
    } finally {
      this.#tasks.delete(message.id);
      this.#freeSlots.push(task.slot);
    }
  }

  cancel(id: number, reason: string): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#slots.cancel(task.slot);
    this.#linkOf(task)?.post({ type: "cancel", id, reason });
  }

  kill(id: number): void {
    const task = this.#tasks.get(id);
    const link = task && this.#linkOf(task);
    if (link === undefined) return;
    link.killed = true;
    generalLog.warn(`${placeOf(task?.message)} did not stop when it was asked to: its thread is ended and replaced`);
    void link.worker.terminate();
  }

  abortArgument(id: number, index: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#slots.abortArgument(task.slot, index);
    this.#linkOf(task)?.post({ type: "abortArgument", id, index });
  }

  credit(id: number, count: number): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) this.#linkOf(task)?.post({ type: "credit", id, count });
  }

  async stop(deadline: number): Promise<void> {
    const links = [...this.#links.values()].filter((link) => link.stage === "ready");
    await within(deadline, Promise.all(links.map((link) => link.stop())));
    // A thread that is stuck in native code cannot be ended; its process will be.
    await within(deadline, this.#pool.destroy());
  }

  stats(): readonly WorkerStats[] {
    return [...this.#links.values()].map((link) => link.stats());
  }

  /** @internal */
  reply(id: number, reply: Reply): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) task.reply = reply;
  }

  /** @internal */
  item(id: number, value: unknown): void {
    this.#host.item(id, value);
  }

  /** @internal */
  ready(): void {
    const ready = [...this.#links.values()].filter((link) => link.stage === "ready").length;
    if (ready >= (this.#limits?.minThreads ?? 0)) this.#warm?.resolve();
  }

  /** @internal */
  bootFailed(link: ThreadLink, error: Error): void {
    this.#warm?.reject(error);
    this.#host.bootFailed(error);
    void link.worker.terminate();
  }

  #createPool({ minThreads, maxThreads, concurrency, idleTimeout, resourceLimits }: ThreadSettings): Piscina {
    const { module, taskId } = this.#environment;
    const workerData: ThreadData = { settings: { module, taskId, logLevel: logLevel() }, slots: this.#slots.memory };
    const pool = new Piscina({
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
      argv: process.argv.slice(2),
      workerData,
      ...(resourceLimits && { resourceLimits }),
    });
    pool.on("message", (hello: ThreadHello) => this.#welcome(hello));
    pool.on("error", (error: Error) => this.#poolFailed(error));
    return pool;
  }

  #welcome({ threadId, port }: ThreadHello): void {
    const worker = this.#pool.threads.find((thread) => thread.threadId === threadId);
    if (worker === undefined) return;
    this.#links.set(threadId, new ThreadLink(threadId, worker, port, this));
    worker.once("exit", () => this.#links.delete(threadId));
  }

  /** A thread ended while it had no task; without this listener the error would end the process. */
  #poolFailed(error: Error): void {
    this.#warm?.reject(new WorkerBootError(`a worker thread could not start: ${error.message}`, { cause: error }));
    generalLog.error("a worker thread ended", { error });
  }

  #linkOf(task: Dispatched): ThreadLink | undefined {
    return this.#links.get(this.#slots.thread(task.slot));
  }

  #explain(error: unknown, task: Dispatched, args: readonly unknown[]): Error {
    const place = placeOf(task.message);
    if (error instanceof DOMException && error.name === "DataCloneError") return argumentError(args, place, error);
    const { code, message } = error as { code?: string; message: string };
    if (code === "ERR_WORKER_OUT_OF_MEMORY") return new WorkerOutOfMemoryError(`${place} ran out of memory`, { cause: error });
    const link = this.#linkOf(task);
    const exitCode = Number(/exited with code: (-?\d+)/.exec(message)?.[1] ?? Number.NaN);
    return new WorkerCrashedError(`the thread that ran ${place} ended: ${message}`, {
      cause: link?.uncaught ?? error,
      retryable: link?.killed ?? false,
      ...(Number.isInteger(exitCode) && { exitCode }),
    });
  }

  #withinBootTimeout(warm: Promise<void>): Promise<void> {
    const limit = this.#limits?.bootTimeout ?? 0;
    const timer = setTimeout(() => this.#warm?.reject(new WorkerBootError(`no worker thread was ready after ${limit} ms`)), limit);
    return warm.finally(() => {
      clearTimeout(timer);
      this.#warm = undefined;
    });
  }
}

function lost(message: TaskMessage): never {
  throw new WorkerCrashedError(`the reply of ${placeOf(message)} was lost`);
}

function placeOf(message: TaskMessage | undefined): string {
  return message === undefined ? "a task" : `${message.token}.${message.method}`;
}

function argumentError(args: readonly unknown[], place: string, cause: unknown): Error {
  const faulty = args.findIndex((argument) => !clones(argument));
  return serializationError(args[faulty], `argument ${Math.max(0, faulty)}`, place, cause);
}

function clones(value: unknown): boolean {
  if (value instanceof AbortSignal) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Waits for `work`, but no longer than `limit` milliseconds. */
async function within(limit: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limit)))]);
  clearTimeout(timer);
}
