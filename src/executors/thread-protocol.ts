import type { MessagePort } from "node:worker_threads";
import type { Reply, TaskMessage, WorkerSettings } from "./protocol.js";
import type { TaskMemory } from "./running-task.js";

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

/** The reply, or undefined when the thread has sent it through its own line. */
export type ThreadResult = Reply | undefined;

/** The first message of a thread: its own line to the executor, apart from the pool's. */
export interface ThreadHello {
  readonly threadId: number;
  readonly port: MessagePort;
}

/**
 * Fields of a slot: which thread runs the task (0: none yet), whether it should end, and a bit for each argument whose signal
 * has aborted. A message reaches only a task that a thread has taken; what happens before is read from here.
 */
const slotFields = { thread: 0, cancelled: 1, aborted: 2 } as const;
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
    for (const field of Object.values(slotFields)) this.#set(slot, field, 0);
  }

  start(slot: number, threadId: number): void {
    this.#set(slot, slotFields.thread, threadId);
  }

  /** The thread that runs the task, or 0 while none does. */
  thread(slot: number): number {
    return this.#get(slot, slotFields.thread);
  }

  cancel(slot: number): void {
    this.#set(slot, slotFields.cancelled, 1);
  }

  isCancelled(slot: number): boolean {
    return this.#get(slot, slotFields.cancelled) === 1;
  }

  abortArgument(slot: number, index: number): void {
    Atomics.or(this.#fields, slot * slotSize + slotFields.aborted, 1 << index);
  }

  isArgumentAborted(slot: number, index: number): boolean {
    return (this.#get(slot, slotFields.aborted) & (1 << index)) !== 0;
  }

  #get(slot: number, field: number): number {
    return Atomics.load(this.#fields, slot * slotSize + field);
  }

  #set(slot: number, field: number, value: number): void {
    Atomics.store(this.#fields, slot * slotSize + field, value);
  }
}

/** A task's slot, as the task reads it. */
export class SlotMemory implements TaskMemory {
  readonly #slots: TaskSlots;
  readonly #slot: number;

  constructor(slots: TaskSlots, slot: number) {
    this.#slots = slots;
    this.#slot = slot;
  }

  isCancelled(): boolean {
    return this.#slots.isCancelled(this.#slot);
  }

  isArgumentAborted(index: number): boolean {
    return this.#slots.isArgumentAborted(this.#slot, index);
  }
}
