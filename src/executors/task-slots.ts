import type { SentTask } from "./running-task.js";

/** For whom a slot is. */
export interface Ticket {
  readonly slot: number;
  /** Each time that a slot is taken it has another. */
  readonly generation: number;
}

/**
 * Fields of a slot: for which task it is and how far that is, whether it should end, and a bit for each argument whose signal has
 * aborted. A message reaches only a task that has begun; what happens before is read from here.
 */
const slotFields = { state: 0, cancelled: 1, aborted: 2 } as const;
const slotSize = Object.keys(slotFields).length;

/** How far a task is. Which of the two comes first, that the thread begins or that the executor recalls it, one field decides. */
const stages = { waiting: 0, begun: 1, recalled: 2 } as const;
const stageCount = Object.keys(stages).length;
/** So that a generation and a stage are one positive 32-bit integer. */
const generations = Math.floor(2 ** 31 / stageCount);

/** The memory that an executor and its threads share: one slot for each task that may run. */
export class TaskSlots {
  readonly memory: SharedArrayBuffer;
  readonly #fields: Int32Array;
  /** The executor's: which slots no task has. */
  readonly #free: number[];
  #generation = 0;

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

  /** A cleared slot. There is one for each place to run or to wait at a thread. */
  take(): Ticket {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("there are more tasks than places");
    const generation = (this.#generation = (this.#generation + 1) % generations);
    this.#set(slot, slotFields.state, generation * stageCount + stages.waiting);
    this.#set(slot, slotFields.cancelled, 0);
    this.#set(slot, slotFields.aborted, 0);
    return { slot, generation };
  }

  give(slot: number): void {
    this.#free.push(slot);
  }

  /** The thread begins. @returns false when the task was taken back, even if the slot has another since. */
  begin(ticket: Ticket): boolean {
    return this.#advance(ticket, stages.begun);
  }

  /** The executor takes a task back that it has sent. @returns false when the thread has begun with it. */
  recall(ticket: Ticket): boolean {
    return this.#advance(ticket, stages.recalled);
  }

  /** Whether the thread has begun with the task that has the slot. */
  began(slot: number): boolean {
    return this.#get(slot, slotFields.state) % stageCount === stages.begun;
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

  #advance({ slot, generation }: Ticket, stage: number): boolean {
    const waiting = generation * stageCount + stages.waiting;
    const next = generation * stageCount + stage;
    return Atomics.compareExchange(this.#fields, slot * slotSize + slotFields.state, waiting, next) === waiting;
  }

  #get(slot: number, field: number): number {
    return Atomics.load(this.#fields, slot * slotSize + field);
  }

  #set(slot: number, field: number, value: number): void {
    Atomics.store(this.#fields, slot * slotSize + field, value);
  }
}

/** A task's slot, as its thread uses it. */
export class ThreadSlot implements SentTask {
  readonly #slots: TaskSlots;
  readonly #ticket: Ticket;

  constructor(slots: TaskSlots, ticket: Ticket) {
    this.#slots = slots;
    this.#ticket = ticket;
  }

  begin(): boolean {
    return this.#slots.begin(this.#ticket);
  }

  isCancelled(): boolean {
    return this.#slots.isCancelled(this.#ticket.slot);
  }

  isArgumentAborted(index: number): boolean {
    return this.#slots.isArgumentAborted(this.#ticket.slot, index);
  }
}
