import { getHeapStatistics } from "node:v8";
import type { Acquired } from "../concurrent.js";
import { alone, amongOthers } from "../context.js";
import { WorkerBootError, toError } from "../errors.js";
import { encodeError } from "./error-codec.js";
import type { ControlMessage, TaskMessage, WorkerSettings } from "./protocol.js";
import type { SentTask } from "./running-task.js";
import { type Post, SessionTasks } from "./session-tasks.js";
import { transferListOf } from "./transfer.js";
import { type WorkerApplication, importApplication } from "./worker-application.js";

const mebibyte = 2 ** 20;
/** How often a worker tells its memory, at most. Milliseconds. */
const reportEvery = 1_000;

/**
 * The worker's side of an executor, whatever carries the messages: builds the application's container once, runs calls in
 * it, retires when it is told to or when its time has come, and disposes the container at its end. It is the executor that
 * ends a worker which has retired: it knows when it has read all that the worker said.
 */
export class WorkerSession {
  readonly #post: Post;
  readonly #settings: WorkerSettings;
  readonly #exit: () => void;
  readonly #application: Promise<WorkerApplication>;
  readonly #tasks: SessionTasks;
  /** What was sent before its turn. */
  readonly #ahead: (readonly [TaskMessage, SentTask])[] = [];
  #booted: WorkerApplication | undefined;
  #completed = 0;
  #retiring = false;
  #reported = 0;
  #disposal: Promise<void> | undefined;

  /** @param exit ends this worker with 1, when what was posted is on its way. */
  constructor(post: Post, settings: WorkerSettings, exit: () => void) {
    this.#post = post;
    this.#settings = settings;
    this.#exit = exit;
    this.#application = this.#boot();
    // Each task that waits for a failed boot is told; by itself the failure is no unhandled rejection.
    this.#application.catch(() => undefined);
    this.#tasks = new SessionTasks({
      post,
      acquire: (token) => this.#acquire(token),
      runner: settings.concurrency === 1 ? alone : amongOthers,
      ended: () => this.#taskEnded(),
      answered: () => this.#answered(),
    });
  }

  /** Runs one call and posts its reply, as soon as it has fewer than `concurrency`; refuses it when it is too late for it. */
  run(message: TaskMessage, sent: SentTask): void {
    if (this.#hasRoom && this.#ahead.length === 0) this.#begin(message, sent);
    else this.#ahead.push([message, sent]);
  }

  handle(message: ControlMessage): void {
    if (message.type === "stop") this.#endWhenIdle();
    else this.#tasks.handle(message);
  }

  /**
   * After an error that nobody caught: whose it was cannot be known. A worker without tasks retires; one with tasks ends at
   * once, because a task that waits for the callback that threw would wait for ever. No task is given the error itself. In
   * one that starts it is the reason why it cannot.
   */
  uncaught(error: unknown): void {
    if (this.#booted === undefined) return this.#bootFailed(error);
    this.#post({ type: "uncaught", error: encodeError(error) });
    if (this.#tasks.running === 0) this.retire();
    else this.#exit();
  }

  /** Takes no more tasks, finishes those that run, disposes, and says so. Another worker takes its place. */
  retire(): void {
    if (!this.#retiring) this.#post({ type: "retiring" });
    this.#endWhenIdle();
  }

  #begin(message: TaskMessage, sent: SentTask): void {
    if (!sent.begin()) return;
    if (this.#retiring) this.#refuse(message);
    else void this.#tasks.run(message, sent);
  }

  get #hasRoom(): boolean {
    return this.#tasks.running < this.#settings.concurrency;
  }

  /** Not before Node has told of rejections that the last one left: the next is to have no part in it. */
  #answered(): void {
    if (this.#ahead.length > 0) setImmediate(() => this.#beginNext());
  }

  #beginNext(): void {
    while (this.#ahead.length > 0 && this.#hasRoom) {
      this.#begin(...(this.#ahead.shift() as [TaskMessage, SentTask]));
    }
  }

  #endWhenIdle(): void {
    this.#retiring = true;
    if (this.#tasks.running > 0) return;
    // After the last reply is on its way: a disposal may block.
    setImmediate(() => void (this.#disposal ??= this.#dispose()));
  }

  #taskEnded(): void {
    this.#completed++;
    this.#reportHeap();
    if (this.#retiring) this.#endWhenIdle();
    // Before the reply, so that the executor does not send another task here.
    else if (this.#isWornOut()) this.retire();
  }

  #reportHeap(): void {
    const now = performance.now();
    if (this.#reported > 0 && now - this.#reported < reportEvery) return;
    this.#reported = now;
    this.#post({ type: "heap", used: getHeapStatistics().used_heap_size });
  }

  /** What was moved here goes back: the executor has it no more. */
  #refuse({ id, args, moved }: TaskMessage): void {
    if (moved !== true) this.#post({ type: "reply", id, reply: { ok: "refused" } });
    else this.#post({ type: "reply", id, reply: { ok: "refused", args } }, transferListOf(args, true));
  }

  /** Without a wait once the application is there: each turn of it is paid by every task. */
  #acquire(token: string): Acquired | Promise<Acquired> {
    return this.#booted?.acquire(token) ?? this.#application.then((application) => application.acquire(token));
  }

  #isWornOut(): boolean {
    const { maxTasksPerWorker = Infinity, maxHeapMb = Infinity } = this.#settings;
    if (this.#completed >= maxTasksPerWorker) return true;
    return maxHeapMb !== Infinity && getHeapStatistics().used_heap_size > maxHeapMb * mebibyte;
  }

  async #boot(): Promise<WorkerApplication> {
    const { module, taskId, registryHash } = this.#settings;
    try {
      const boot = await importApplication(module);
      const application = await boot(taskId);
      if (application.registryHash !== registryHash) throw otherCode();
      this.#booted = application;
      this.#post({ type: "ready" });
      this.#reportHeap();
      return application;
    } catch (cause) {
      this.#bootFailed(cause);
      throw cause;
    }
  }

  #bootFailed(cause: unknown): void {
    this.#post({ type: "bootFailed", error: encodeError(bootError(this.#settings.module, cause)) });
  }

  async #dispose(): Promise<void> {
    const application = await this.#application.catch(() => undefined);
    await application?.dispose();
    this.#post({ type: "stopped" });
  }
}

function bootError(module: string, cause: unknown): WorkerBootError {
  if (cause instanceof WorkerBootError) return cause;
  return new WorkerBootError(`a worker could not start from ${module}: ${toError(cause).message}`, { cause });
}

function otherCode(): WorkerBootError {
  return new WorkerBootError(
    "the worker has other classes with executor methods than the server: both must come from one build of one module, " +
      "and `handlers`, `middleware` and `defaultHandler` must not depend on the role",
  );
}
