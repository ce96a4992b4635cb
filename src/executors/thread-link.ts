import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { type MessagePort, type Worker, receiveMessageOnPort } from "node:worker_threads";
import { WorkerBootError } from "../errors.js";
import { generalLog } from "../log.js";
import { decodeError } from "./error-codec.js";
import type { WorkerStats } from "./executor.js";
import type { ControlMessage, Reply, WorkerMessage } from "./protocol.js";
import { decodeValues } from "./values.js";

/** What a link tells the workers it belongs to. */
export interface ThreadLinkHost {
  readonly registryHash: string;
  ready(link: ThreadLink): void;
  bootFailed(link: ThreadLink, error: Error): void;
  reply(id: number, reply: Reply): void;
  item(id: number, value: unknown): void;
}

/** The executor's view of one thread: its own line to it, and how far it is. */
export class ThreadLink {
  readonly id: number;
  readonly worker: Worker;
  stage: WorkerStats["stage"] = "booting";
  /** Why the thread ended, if it said so; the cause of its tasks' errors. */
  uncaught: Error | undefined;
  /** It was ended on purpose, for a task that did not stop. */
  killed = false;
  running = 0;
  completed = 0;
  readonly #port: MessagePort;
  readonly #host: ThreadLinkHost;
  #stopped: (() => void) | undefined;
  #utilization: EventLoopUtilization | undefined;

  constructor(id: number, worker: Worker, port: MessagePort, host: ThreadLinkHost) {
    this.id = id;
    this.worker = worker;
    this.#port = port;
    this.#host = host;
    port.on("message", (message: WorkerMessage) => this.#handle(message));
    // A quiet pool must not keep the process alive.
    port.unref();
  }

  post(message: ControlMessage): void {
    this.#port.postMessage(message);
  }

  /**
   * Handles what has already arrived. The pool's answer and this line are two ports, and either may be read first: this
   * makes a reply that was sent before the answer be seen before it.
   */
  drain(): void {
    for (let entry = receiveMessageOnPort(this.#port); entry !== undefined; entry = receiveMessageOnPort(this.#port)) {
      this.#handle(entry.message as WorkerMessage);
    }
  }

  /** Resolves when the thread has disposed its services; at its end at the latest. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.worker.once("exit", () => resolve());
      this.#port.ref();
      this.post({ type: "stop" });
    });
  }

  stats(): WorkerStats {
    const now = this.worker.performance.eventLoopUtilization();
    const { utilization } = this.#utilization ? performance.eventLoopUtilization(now, this.#utilization) : now;
    this.#utilization = now;
    return { id: this.id, stage: this.stage, running: this.running, completed: this.completed, utilization };
  }

  #handle(message: WorkerMessage): void {
    switch (message.type) {
      case "output":
        process[message.stream].write(message.chunk);
        return;
      case "reply":
        this.completed++;
        return this.#host.reply(message.id, message.reply);
      case "item":
        return this.#host.item(message.id, decodeValues([message.value], message.marks)[0]);
      case "ready":
        return this.#ready(message.registryHash);
      case "bootFailed":
        return this.#fail(decodeError(message.error));
      case "uncaught":
        this.uncaught = decodeError(message.error);
        generalLog.error(`a worker thread failed outside of a task and is replaced`, { error: this.uncaught });
        return;
      case "stopped":
        this.#stopped?.();
    }
  }

  #ready(registryHash: string): void {
    if (registryHash !== this.#host.registryHash) {
      const reason =
        "the worker registered other classes than the server: both must come from the same module and the same build " +
        "(is `handlers` or `configure` different when role is \"executor\"?)";
      return this.#fail(new WorkerBootError(reason));
    }
    this.stage = "ready";
    this.#host.ready(this);
  }

  #fail(error: Error): void {
    this.stage = "failed";
    this.#host.bootFailed(this, error);
  }
}
