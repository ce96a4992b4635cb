import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, type ResourceLimits, type Worker } from "node:worker_threads";
import type { Piscina } from "piscina";
import type { ExecutorEnvironment } from "../concurrent.js";
import { toError } from "../errors.js";
import { threadLost } from "../lost-threads.js";
import { library, ownFile } from "../on-demand.js";
import { type WorkerSettings, maxAhead } from "./protocol.js";
import { BirthQueue, type Target } from "./thread-births.js";
import { ThreadLink } from "./thread-link.js";
import { TaskSlots } from "./task-slots.js";
import type { Niceness, ThreadBirth } from "./thread-protocol.js";
import type { WorkerLinkHost } from "./worker-link.js";
import type { PoolSettings, WorkerMaker } from "./worker-maker.js";
import { workerSettings } from "./worker-settings.js";

/** The threads of an executor, as validated by it. */
export interface ThreadSettings extends PoolSettings {
  readonly resourceLimits: ResourceLimits | undefined;
  readonly niceness: Niceness;
}

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
type PoolTask = Parameters<NonNullable<PoolOptions["taskQueue"]>["push"]>[0];
type Balancer = NonNullable<PoolOptions["loadBalancer"]>;

const entry = fileURLToPath(ownFile("executors/worker-entry.js"));

/**
 * Threads of a piscina pool, which makes and ends them. Which thread runs what is not piscina's to say: the only task that it gives a
 * thread is its birth. All others go to threads that are ready, through a line of their own: the way by a task of piscina, with two
 * promises, a resource and a record of it for each, took half as much again (measured).
 */
export class ThreadWorkers implements WorkerMaker<ThreadSettings> {
  readonly noun = "thread";
  readonly recallable = true;
  #pool!: Piscina;
  /** Under which a birth says for whom it is; a symbol, which is not sent. */
  #address!: symbol;
  #births!: BirthQueue<PoolTask>;
  #settings!: ThreadSettings;
  #told!: WorkerSettings;
  #slots!: TaskSlots;
  #neverStarted = 0;

  async open(environment: ExecutorEnvironment, settings: ThreadSettings): Promise<void> {
    // Whoever reads a file first starts Node's own threads, and hands them its priority: that must not be a worker.
    await stat(entry);
    // Only here: a worker thread imports the application, and with it this file, but never makes a pool.
    const { Piscina: Pool, queueOptionsSymbol } = library<typeof import("piscina")>("piscina");
    this.#address = queueOptionsSymbol;
    this.#births = new BirthQueue((task) => this.#targetOf(task));
    this.#settings = settings;
    this.#told = workerSettings(environment, settings);
    this.#slots = TaskSlots.of(settings.maxWorkers * (settings.concurrency + maxAhead));
    this.#pool = new Pool({
      filename: entry,
      name: "begin",
      minThreads: 0,
      maxThreads: Infinity,
      idleTimeout: Infinity,
      // Otherwise a thread's timers and sockets stand still between tasks.
      atomics: "disabled",
      recordTiming: false,
      taskQueue: this.#births,
      loadBalancer: this.#chosen,
      argv: process.argv.slice(2),
      ...(settings.resourceLimits && { resourceLimits: settings.resourceLimits }),
    });
    // The end of a thread is its link's matter; without a listener it would end the process.
    this.#pool.on("error", ignore);
  }

  make(host: WorkerLinkHost): ThreadLink {
    const { port1, port2 } = new MessageChannel();
    const target: Target = { threadId: 0 };
    const launched = this.#bear(target, port2);
    return new ThreadLink(
      {
        launched,
        id: launched instanceof Error ? --this.#neverStarted : launched.threadId,
        port: port1,
        slots: this.#slots,
        bootTimeout: this.#settings.bootTimeout,
      },
      host,
    );
  }

  stuck(): () => void {
    return threadLost();
  }

  close(): void {
    // Not awaited: it waits for threads that are stuck as well.
    void this.#pool.destroy();
  }

  /** Makes piscina start a thread for a birth. @returns the reason instead where the system refuses to make one. */
  #bear(target: Target, port: MessagePort): Worker | Error {
    const before = new Set(this.#pool.threads);
    const { niceness } = this.#settings;
    const birth = { settings: this.#told, slots: this.#slots.memory, port, niceness, [this.#address]: target };
    try {
      // What becomes of it shows in other ways.
      this.#pool.run(birth satisfies ThreadBirth, { transferList: [port] }).catch(ignore);
      const thread = this.#pool.threads.find((each) => !before.has(each));
      if (thread === undefined) throw new Error("the pool made no thread");
      target.threadId = thread.threadId;
      for (const end of ["error", "exit"]) thread.once(end, () => this.#births.drop(target));
      return thread;
    } catch (error) {
      this.#births.drop(target);
      return toError(error);
    }
  }

  readonly #chosen: Balancer = (task, workers) => {
    const { threadId } = this.#targetOf(task);
    return workers.find(({ id }) => id === threadId) ?? null;
  };

  #targetOf(task: PoolTask): Target {
    return (task as unknown as Readonly<Record<symbol, Target>>)[this.#address] as Target;
  }
}

function ignore(): void {}
