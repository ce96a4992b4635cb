import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { type MessagePort, type Worker, receiveMessageOnPort } from "node:worker_threads";
import { WorkerBootError, WorkerOutOfMemoryError } from "../errors.js";
import { encodeError } from "./error-codec.js";
import { lostReply, placeOf } from "./faults.js";
import type { ControlMessage, TaskControl, TaskMessage, WorkerMessage } from "./protocol.js";
import type { TaskSlots, ThreadResult } from "./thread-protocol.js";
import { WorkerLink, type WorkerLinkHost } from "./worker-link.js";
import type { RunRequest } from "./workers.js";

/** What a link is made of. */
export interface ThreadParts {
  /** The reason instead of a thread, when the system refused to make one; then `id` is any number. */
  readonly launched: Worker | Error;
  readonly id: number;
  /** The thread's own line, apart from the pool's. */
  readonly port: MessagePort;
  readonly slots: TaskSlots;
  /** Hands a task to the pool for this thread. Settles with its reply, or rejects when it was not sent or the thread ended. */
  readonly send: (slot: number, message: TaskMessage, transferList: readonly ArrayBuffer[]) => Promise<ThreadResult>;
  readonly bootTimeout: number;
}

/** A thread, seen from its executor. */
export class ThreadLink extends WorkerLink {
  override readonly noun = "thread";
  readonly #host: WorkerLinkHost;
  readonly #parts: ThreadParts;
  readonly #worker: Worker | undefined;
  readonly #slotOf = new Map<number, number>();
  #utilization: EventLoopUtilization | undefined;
  #exitCode: number | undefined;
  #error: Error | undefined;
  #alive = true;
  #quiet = false;

  constructor(parts: ThreadParts, host: WorkerLinkHost) {
    super(parts.id, host, parts.bootTimeout);
    this.#host = host;
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
    const slot = this.#parts.slots.take();
    this.#slotOf.set(message.id, slot);
    this.#parts.send(slot, message, transferList).then(
      (result) => this.#answered(message, result),
      (error: unknown) => {
        // At its end it loses all its tasks at once; before it, the fault is in what was sent.
        if (this.#alive) this.#host.unsent(message.id, error);
      },
    );
  }

  override control(message: TaskControl): void {
    const slot = this.#slotOf.get(message.id);
    if (slot === undefined) return;
    if (message.type === "cancel") this.#parts.slots.cancel(slot);
    if (message.type === "abortArgument") this.#parts.slots.abortArgument(slot, message.index);
    this.post(message);
  }

  override began(id: number): boolean {
    const slot = this.#slotOf.get(id);
    return slot !== undefined && this.#parts.slots.began(slot);
  }

  override release(id: number, done: boolean): void {
    const slot = this.#slotOf.get(id);
    if (slot !== undefined) this.#parts.slots.give(slot);
    this.#slotOf.delete(id);
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

  /** Only until it is ready: from then on the pool's own line holds this process while there are tasks. */
  protected override hold(held: boolean): void {
    if (held || this.#quiet) return;
    this.#quiet = true;
    this.#parts.port.unref();
  }

  #watch(worker: Worker): void {
    this.#parts.port.on("message", (message: WorkerMessage) => this.handle(message));
    worker.once("error", (error) => {
      this.#error = error;
      // The pool has given it up.
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

  #answered(message: TaskMessage, result: ThreadResult): void {
    // What the task printed has its own line: it is to appear before the result is used.
    this.#drain();
    // One that came by that line has been handled now, and this has no effect.
    this.#host.reply(message.id, result ?? { ok: false, error: encodeError(lostReply(message)) });
  }

  /**
   * Handles what has already arrived. The pool's answer and this line are two ports, and either may be read first: this
   * makes what was sent before the answer be seen before it.
   */
  #drain(): void {
    const { port } = this.#parts;
    for (let entry = receiveMessageOnPort(port); entry !== undefined; entry = receiveMessageOnPort(port)) {
      this.handle(entry.message as WorkerMessage);
    }
  }
}
