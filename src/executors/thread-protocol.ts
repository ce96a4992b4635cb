import type { MessagePort } from "node:worker_threads";
import type { TaskMessage, WorkerSettings } from "./protocol.js";

/** What only threads exchange, beside the messages of every worker. */

/** `workerData` of a thread. */
export interface ThreadData {
  readonly settings: WorkerSettings;
  /** The tasks' slots: see {@link slotFields}. */
  readonly slots: SharedArrayBuffer;
}

/** One task for the pool. */
export interface ThreadTask {
  readonly slot: number;
  readonly message: TaskMessage;
}

/** The first message of a thread: its own line to the executor, apart from the pool's. */
export interface ThreadHello {
  readonly threadId: number;
  readonly port: MessagePort;
}

/** Fields of a slot: which thread runs the task (0: none yet), and whether it should end. */
export const slotFields = { thread: 0, cancelled: 1 } as const;
const slotSize = Object.keys(slotFields).length;

/** The memory that an executor and its threads share: one slot for each task that may run. */
export class TaskSlots {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#fields = new Int32Array(memory);
  }

  static of(count: number): TaskSlots {
    return new TaskSlots(new SharedArrayBuffer(count * slotSize * Int32Array.BYTES_PER_ELEMENT));
  }

  clear(slot: number): void {
    this.#set(slot, slotFields.thread, 0);
    this.#set(slot, slotFields.cancelled, 0);
  }

  start(slot: number, threadId: number): void {
    this.#set(slot, slotFields.thread, threadId);
  }

  /** The thread that runs the task, or 0 while none does. */
  thread(slot: number): number {
    return Atomics.load(this.#fields, slot * slotSize + slotFields.thread);
  }

  cancel(slot: number): void {
    this.#set(slot, slotFields.cancelled, 1);
  }

  isCancelled(slot: number): boolean {
    return Atomics.load(this.#fields, slot * slotSize + slotFields.cancelled) === 1;
  }

  #set(slot: number, field: number, value: number): void {
    Atomics.store(this.#fields, slot * slotSize + field, value);
  }
}
