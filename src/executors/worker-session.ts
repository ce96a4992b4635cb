import { WorkerBootError, toError } from "../errors.js";
import { encodeError } from "./error-codec.js";
import type { ControlMessage, TaskMessage, WorkerSettings } from "./protocol.js";
import type { TaskMemory } from "./running-task.js";
import { type Post, SessionTasks } from "./session-tasks.js";
import { type WorkerApplication, importApplication } from "./worker-application.js";

/**
 * The worker's side of an executor, whatever carries the messages: builds the application's container once, runs calls in
 * it, and disposes it at the end.
 */
export class WorkerSession {
  readonly #post: Post;
  readonly #settings: WorkerSettings;
  readonly #application: Promise<WorkerApplication>;
  readonly #tasks: SessionTasks;

  constructor(post: Post, settings: WorkerSettings) {
    this.#post = post;
    this.#settings = settings;
    this.#application = this.#boot();
    // Each task that waits for a failed boot is told; by itself the failure is no unhandled rejection.
    this.#application.catch(() => undefined);
    this.#tasks = new SessionTasks(post, async (token) => (await this.#application).acquire(token));
  }

  /** Runs one call and posts its reply. Never rejects. */
  run(message: TaskMessage, memory: TaskMemory): Promise<void> {
    return this.#tasks.run(message, memory);
  }

  handle(message: ControlMessage): void {
    if (message.type === "stop") void this.#stop();
    else this.#tasks.handle(message);
  }

  async #boot(): Promise<WorkerApplication> {
    const { module, taskId } = this.#settings;
    try {
      const boot = await importApplication(module);
      const application = await boot(taskId);
      this.#post({ type: "ready", registryHash: application.registryHash });
      return application;
    } catch (cause) {
      const error = bootError(module, cause);
      this.#post({ type: "bootFailed", error: encodeError(error) });
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const application = await this.#application.catch(() => undefined);
    await application?.dispose();
    this.#post({ type: "stopped" });
  }
}

function bootError(module: string, cause: unknown): WorkerBootError {
  if (cause instanceof WorkerBootError) return cause;
  return new WorkerBootError(`a worker could not start from ${module}: ${toError(cause).message}`, { cause });
}
