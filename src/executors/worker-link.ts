import { WorkerBootError } from "../errors.js";
import { generalLog } from "../log.js";
import { decodeError } from "./error-codec.js";
import type { ControlMessage, Reply, WorkerMessage } from "./protocol.js";
import { decodeValues } from "./values.js";
import { logForwarded } from "./worker-log.js";

/** What a link tells the workers it belongs to. */
export interface WorkerLinkHost {
  readonly registryHash: string;
  /** The worker takes tasks from here on. */
  ready(link: WorkerLink): void;
  /** The worker cannot take tasks, now or ever. */
  bootFailed(link: WorkerLink, error: Error): void;
  /** The worker takes no more tasks and ends when those it has are done. */
  retiring(link: WorkerLink): void;
  reply(id: number, reply: Reply): void;
  item(id: number, value: unknown): void;
}

/** How far a worker is. */
export type LinkStage = "booting" | "ready" | "failed" | "retiring";

/** The executor's view of one worker: how far it is, and what it says. The other side is a `WorkerSession`. */
export abstract class WorkerLink {
  /** Thread id or process id. */
  readonly id: number;
  stage: LinkStage = "booting";
  /** Why the worker ended, if it said so; the cause of its tasks' errors. */
  uncaught: Error | undefined;
  /** It was ended on purpose, for a task that did not stop. */
  killed = false;
  readonly #host: WorkerLinkHost;
  readonly #bootTimer: NodeJS.Timeout;
  #completed = 0;
  #stopped: (() => void) | undefined;

  /** @param bootTimeout milliseconds until a worker that does not get ready counts as failed. */
  constructor(id: number, host: WorkerLinkHost, bootTimeout: number) {
    this.id = id;
    this.#host = host;
    this.#bootTimer = setTimeout(() => {
      this.#fail(
        new WorkerBootError(`a worker was not ready after ${bootTimeout} ms: is \`configure\` waiting for something?`),
      );
    }, bootTimeout).unref();
  }

  abstract post(message: ControlMessage): void;

  /** Share of time its event loop was busy since the last call: 0 to 1. */
  abstract utilization(): number;

  /** Ends the worker at once. */
  abstract terminate(): void;

  /** Resolves when the worker has disposed its services; at its end at the latest. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.post({ type: "stop" });
    });
  }

  /** How many tasks it has ended. */
  get completed(): number {
    return this.#completed;
  }

  countTask(): void {
    this.#completed++;
  }

  /** To be called when the worker has ended, in whatever way. */
  ended(): void {
    clearTimeout(this.#bootTimer);
    this.#stopped?.();
    if (this.stage !== "booting") return;
    this.#fail(this.uncaught ?? new WorkerBootError("a worker ended while it started"));
  }

  protected handle(message: WorkerMessage): void {
    switch (message.type) {
      case "output":
        process[message.stream].write(message.chunk);
        return;
      case "log":
        return logForwarded(message.record);
      case "reply":
        return this.#host.reply(message.id, message.reply);
      case "item":
        return this.#host.item(message.id, decodeValues([message.value], message.marks)[0]);
      case "ready":
        return this.#ready(message.registryHash);
      case "bootFailed":
        return this.#fail(decodeError(message.error));
      case "uncaught":
        return this.#noteUncaught(decodeError(message.error));
      case "retiring":
        this.stage = "retiring";
        return this.#host.retiring(this);
      case "stopped":
        this.#stopped?.();
    }
  }

  #noteUncaught(error: Error): void {
    this.uncaught = error;
    generalLog.error("a worker failed outside of its tasks and is replaced", { error });
  }

  #ready(registryHash: string): void {
    clearTimeout(this.#bootTimer);
    if (registryHash !== this.#host.registryHash) {
      return this.#fail(
        new WorkerBootError(
          "the worker has other classes with executor methods than the server: both must come from one build of one module, " +
            "and `handlers` must not depend on the role",
        ),
      );
    }
    this.stage = "ready";
    this.#host.ready(this);
  }

  #fail(error: Error): void {
    clearTimeout(this.#bootTimer);
    if (this.stage === "failed") return;
    this.stage = "failed";
    this.#host.bootFailed(this, error);
  }
}
