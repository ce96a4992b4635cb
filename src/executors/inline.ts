import type { ExecutorEnvironment } from "../concurrent.js";
import { amongOthers } from "../context.js";
import { checkNumbers } from "../check.js";
import type { WorkerStats } from "./executor.js";
import { argumentError } from "./faults.js";
import { LocalExecutor } from "./local-executor.js";
import { type QueueOptions, queueRules } from "./queue-options.js";
import type { TaskControl, Reply, TaskMessage, WorkerMessage } from "./protocol.js";
import { SessionTasks } from "./session-tasks.js";
import { decodeValues } from "./values.js";
import type { RunReceiver, RunRequest, Workers, WorkersHost } from "./workers.js";

/** What an {@link InlineExecutor} can be told. */
export interface InlineOptions extends QueueOptions {
  /** How many tasks may run at once. Default: 64. */
  readonly concurrency?: number;
}

/**
 * Runs methods in the thread that calls them, for specs and for finding out whether a fault has to do with threads. What a
 * thread would get it gets: arguments and results are structured clones, errors pass through the codec, the queue and its
 * clocks are the same. A body that blocks blocks the loop, and a task that does not stop cannot be ended.
 *
 * Source: Tornado's `DummyExecutor`.
 */
export class InlineExecutor extends LocalExecutor {
  constructor(options: InlineOptions = {}) {
    checkNumbers("InlineExecutor", options, {
      concurrency: { from: 1, integer: true },
      ...queueRules,
    });
    super(() => new InlineWorkers(options.concurrency ?? 64), options);
  }
}

class InlineWorkers implements Workers {
  readonly broken = undefined;
  readonly #concurrency: number;
  readonly #replies = new Map<number, Reply>();
  readonly #cancelled = new Set<number>();
  #tasks!: SessionTasks;
  #host!: WorkersHost;
  #running = 0;
  #completed = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  get capacity(): number {
    return this.#concurrency;
  }

  async start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void> {
    this.#host = host;
    this.#tasks = new SessionTasks({
      post: (message, transferList = []) => this.#receive(structuredClone(message, { transfer: [...transferList] })),
      acquire: (token) => environment.acquire(token),
      runner: amongOthers,
    });
  }

  run(request: RunRequest, receiver: RunReceiver): void {
    this.#run(request).then(
      (reply) => receiver.replied(reply),
      (error: unknown) => receiver.failed(error),
    );
  }

  takesAhead(): boolean {
    return false;
  }

  sendAhead(): void {
    throw new Error("there is no worker");
  }

  recall(): boolean {
    return false;
  }

  control(message: TaskControl): void {
    if (message.type === "cancel") this.#cancelled.add(message.id);
    this.#tasks.handle(message);
  }

  /** There is no thread to end: the task goes on, and its place stays taken until it ends. */
  kill(): void {}

  async stop(): Promise<void> {}

  stats(): readonly WorkerStats[] {
    const { heapUsed: usedHeap } = process.memoryUsage();
    const [running, completed] = [this.#running, this.#completed];
    return [{ id: process.pid, stage: "ready", running, completed, utilization: 0, usedHeap }];
  }

  async #run({ message, args, transferList }: RunRequest): Promise<Reply> {
    const copy = this.#clone(message, args, transferList);
    this.#running++;
    await this.#tasks.run(copy, {
      isCancelled: () => this.#cancelled.has(message.id),
      isArgumentAborted: () => false,
    });
    this.#running--;
    this.#completed++;
    this.#cancelled.delete(message.id);
    return this.#take(message.id);
  }

  #clone(message: TaskMessage, args: readonly unknown[], transferList: readonly ArrayBuffer[]): TaskMessage {
    try {
      return structuredClone(message, { transfer: [...transferList] });
    } catch (cause) {
      throw argumentError(args, message, cause);
    }
  }

  #receive(message: WorkerMessage): void {
    if (message.type === "reply") this.#replies.set(message.id, message.reply);
    if (message.type === "item") this.#host.item(message.id, decodeValues([message.value], message.marks)[0]);
  }

  #take(id: number): Reply {
    const reply = this.#replies.get(id) as Reply;
    this.#replies.delete(id);
    return reply;
  }
}
