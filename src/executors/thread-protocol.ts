import type { MessagePort } from "node:worker_threads";
import type { TaskMessage, WorkerSettings } from "./protocol.js";
import type { TaskMemory } from "./running-task.js";

/** What only threads exchange, beside the messages of every worker. */

/** A number counts from the start. */
export type Niceness = number | "auto";

/** With what a thread is born. */
export interface ThreadBirth {
  readonly settings: WorkerSettings;
  /** The tasks' slots: see {@link slotFields}. */
  readonly slots: SharedArrayBuffer;
  /** The thread's line to the executor: all that the two say to each other goes through it. */
  readonly port: MessagePort;
  /** By how much it is nicer than the thread that has made it, and from when. */
  readonly niceness: Niceness;
}

/** A task. What else a thread is told are the messages of every worker. */
export interface ThreadTask {
  readonly slot: number;
  readonly message: TaskMessage;
}

/**
 * Fields of a slot: whether the thread has begun with the task, whether it should end, and a bit for each argument whose
 * signal has aborted. A message reaches only a task that has begun; what happens before is read from here.
 */
const slotFields = { began: 0, cancelled: 1, aborted: 2 } as const;
const slotSize = Object.keys(slotFields).length;

/** The memory that an executor and its threads share: one slot for each task that may run. */
export class TaskSlots {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Int32Array;
  /** The executor's: which slots no task has. */
  readonly #free: number[];

  constructor(memory: SharedArrayBuffer, free: number[] = []) {
    this.memory = memory;
    this.#fields = new Int32Array(memory);
    this.#free = free;
  }

  static of(count: number): TaskSlots {
    const memory = new SharedArrayBuffer(count * slotSize * Int32Array.BYTES_PER_ELEMENT);
    return new TaskSlots(
      memory,
      Array.from({ length: count }, (_, slot) => slot),
    );
  }

  /** A cleared slot. There is one for each place to run. */
  take(): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("there are more tasks than places");
    for (const field of Object.values(slotFields)) this.#set(slot, field, 0);
    return slot;
  }

  give(slot: number): void {
    this.#free.push(slot);
  }

  begin(slot: number): void {
    this.#set(slot, slotFields.began, 1);
  }

  began(slot: number): boolean {
    return this.#get(slot, slotFields.began) === 1;
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
