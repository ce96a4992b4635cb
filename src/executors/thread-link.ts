import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { type MessagePort, type Worker, receiveMessageOnPort } from "node:worker_threads";
import type { ControlMessage, WorkerMessage } from "./protocol.js";
import { WorkerLink, type WorkerLinkHost } from "./worker-link.js";

/** A thread, seen from its executor: its own line, apart from the pool's. */
export class ThreadLink extends WorkerLink {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  #utilization: EventLoopUtilization | undefined;

  constructor(worker: Worker, port: MessagePort, host: WorkerLinkHost, bootTimeout: number) {
    super(worker.threadId, host, bootTimeout);
    this.#worker = worker;
    this.#port = port;
    port.on("message", (message: WorkerMessage) => this.handle(message));
    // A quiet pool must not keep the process alive.
    port.unref();
  }

  override post(message: ControlMessage): void {
    this.#port.postMessage(message);
  }

  /**
   * Handles what has already arrived. The pool's answer and this line are two ports, and either may be read first: this
   * makes a reply that was sent before the answer be seen before it.
   */
  drain(): void {
    for (let entry = receiveMessageOnPort(this.#port); entry !== undefined; entry = receiveMessageOnPort(this.#port)) {
      this.handle(entry.message as WorkerMessage);
    }
  }

  override stop(): Promise<void> {
    this.#port.ref();
    return super.stop();
  }

  override ended(): void {
    this.drain();
    this.#port.close();
    super.ended();
  }

  override utilization(): number {
    const now = this.#worker.performance.eventLoopUtilization();
    const { utilization } = this.#utilization ? performance.eventLoopUtilization(now, this.#utilization) : now;
    this.#utilization = now;
    return utilization;
  }

  override terminate(): void {
    void this.#worker.terminate();
  }
}
