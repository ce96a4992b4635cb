import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { type MessagePort, type Worker, receiveMessageOnPort } from "node:worker_threads";
import { WorkerBootError, WorkerOutOfMemoryError } from "../errors.js";
import { placeOf } from "./faults.js";
import type { ControlMessage, TaskControl, TaskMessage } from "./protocol.js";
import type { TaskSlots, Ticket } from "./task-slots.js";
import { type ThreadReport, packTask, unpackReport } from "./thread-protocol.js";
import { WorkerLink, type WorkerLinkHost } from "./worker-link.js";
import type { RunRequest } from "./workers.js";

/** What a link is made of. */
export interface ThreadParts {
  /** The reason instead of a thread, when the system refused to make one; then `id` is any number. */
  readonly launched: Worker | Error;
  readonly id: number;
  /** The line to the thread. */
  readonly port: MessagePort;
  readonly slots: TaskSlots;
  readonly bootTimeout: number;
}

/** A thread, seen from its executor. */
export class ThreadLink extends WorkerLink {
  override readonly noun = "thread";
  readonly #parts: ThreadParts;
  readonly #worker: Worker | undefined;
  readonly #tickets = new Map<number, Ticket>();
  #utilization: EventLoopUtilization | undefined;
  #exitCode: number | undefined;
  #error: Error | undefined;
  #alive = true;

  constructor(parts: ThreadParts, host: WorkerLinkHost) {
    super(parts.id, host, parts.bootTimeout);
    this.#parts = parts;
    if (parts.launched instanceof Error) {
      const { launched: cause } = parts;
      this.uncaught = new WorkerBootError(`a worker thread could not be started: ${cause.message}`, { cause });
      process.nextTick(() => this.#end());
      return;
    }
    this.#worker = parts.launched;
    this.#watch(parts.launched);
  }

  override get ending(): string {
    return this.#error?.message ?? `exit code ${this.#exitCode ?? "unknown"}`;
  }

  override assign({ message, transferList }: RunRequest): void {
    const { port, slots } = this.#parts;
    const ticket = slots.take();
    this.#tickets.set(message.id, ticket);
    const task = packTask(ticket, message);
    if (transferList.length === 0) port.postMessage(task);
    else port.postMessage(task, transferList as ArrayBuffer[]);
  }

  override control(message: TaskControl): void {
    const ticket = this.#tickets.get(message.id);
    if (ticket === undefined) return;
    if (message.type === "cancel") this.#parts.slots.cancel(ticket.slot);
    if (message.type === "abortArgument") this.#parts.slots.abortArgument(ticket.slot, message.index);
    this.post(message);
  }

  override began(id: number): boolean {
    const ticket = this.#tickets.get(id);
    return ticket !== undefined && this.#parts.slots.began(ticket.slot);
  }

  override recall(id: number): boolean {
    const ticket = this.#tickets.get(id);
    return ticket === undefined || this.#parts.slots.recall(ticket);
  }

  override release(id: number, done: boolean): void {
    const ticket = this.#tickets.get(id);
    if (ticket !== undefined) this.#parts.slots.give(ticket.slot);
    this.#tickets.delete(id);
    super.release(id, done);
  }

  override utilization(): number {
    if (this.#worker === undefined || !this.#alive) return 0;
    const now = this.#worker.performance.eventLoopUtilization();
    const { utilization } = this.#utilization ? performance.eventLoopUtilization(now, this.#utilization) : now;
    this.#utilization = now;
    return utilization;
  }

  override crashOf(task: TaskMessage): Error {
    const { code } = (this.#error ?? {}) as NodeJS.ErrnoException;
    if (code !== "ERR_WORKER_OUT_OF_MEMORY" || !this.began(task.id)) return super.crashOf(task);
    const place = placeOf(task);
    return new WorkerOutOfMemoryError(`${place} needed more memory than resourceLimits allow`, { cause: this.#error });
  }

  protected override get exitCode(): number | undefined {
    return this.#exitCode;
  }

  protected override get alive(): boolean {
    return this.#alive;
  }

  protected override get reachable(): boolean {
    return this.#alive;
  }

  protected override post(message: ControlMessage): void {
    this.#parts.port.postMessage(message);
  }

  protected override kill(): void {
    void this.#worker?.terminate();
  }

  protected override part(): void {
    this.terminate();
  }

  protected override hold(held: boolean): void {
    const { port } = this.#parts;
    if (held) port.ref();
    else port.unref();
  }

  #watch(worker: Worker): void {
    this.#parts.port.on("message", (report: ThreadReport) => this.handle(unpackReport(report)));
    worker.once("error", (error) => {
      this.#error = error;
      this.#alive = false;
    });
    worker.once("exit", (code) => {
      this.#exitCode = code;
      this.#drain();
      this.#end();
    });
  }

  #end(): void {
    this.#alive = false;
    this.#parts.port.close();
    this.finish();
  }

  /** Handles what has already arrived: the thread's last words, which its exit may overtake. */
  #drain(): void {
    const { port } = this.#parts;
    for (let entry = receiveMessageOnPort(port); entry !== undefined; entry = receiveMessageOnPort(port)) {
      this.handle(unpackReport(entry.message as ThreadReport));
    }
  }
}
