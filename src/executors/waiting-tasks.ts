import { TaskQueue } from "./queue.js";
import type { Task } from "./task.js";
import { isPlain } from "./task-request.js";

/** What the tasks that wait need of their executor. */
export interface WaitingParts {
  /** Milliseconds after which waiting counts as one priority more. */
  readonly ageing: number;
  /** Whether a worker takes a task before its turn, when each may have `depth` of these. */
  readonly takesAhead: (depth: number) => boolean;
  /** Sends a task to a worker before its turn. `now` is on the clock of `queuedAt`. */
  readonly send: (task: Task, now: number) => void;
  /** Takes a task back that was sent ahead. False: its worker has begun with it. */
  readonly takeBack: (task: Task) => boolean;
  /** A task that was to be taken back has begun. */
  readonly begun: (task: Task) => void;
}

/**
 * The tasks that wait, in the order in which they are due. The first of them may have been sent to workers before their turn; they wait
 * all the same: until a worker begins with one it can be taken back, and whoever asks for it sees no difference.
 */
export class WaitingTasks {
  readonly #parts: WaitingParts;
  readonly #queue: TaskQueue<Task>;
  /** In the order in which they were sent. */
  readonly #ahead = new Set<Task>();

  constructor(parts: WaitingParts) {
    this.#parts = parts;
    this.#queue = new TaskQueue(parts.ageing);
  }

  get size(): number {
    return this.#queue.size + this.#ahead.size;
  }

  /** One that goes before others which were sent ahead takes their place. */
  push(task: Task): void {
    for (const other of this.#ahead)
      if (task.priority > other.priority && this.#takeBack(other)) this.#queue.putBack(other);
    this.#queue.push(task);
  }

  /** Gives a task that could not run its place back. */
  putBack(task: Task): void {
    this.#ahead.delete(task);
    this.#queue.putBack(task);
  }

  /** @returns false when the task is not waiting. */
  remove(task: Task): boolean {
    return this.#queue.remove(task) || (this.#ahead.has(task) && this.#takeBack(task));
  }

  /** Takes the task that is due; `now` is on the clock of `queuedAt`. */
  shift(now: number): Task | undefined {
    for (const task of this.#ahead) if (this.#takeBack(task)) return task;
    return this.#queue.shift(now);
  }

  /** Takes all, in no particular order of priorities. */
  drain(): Task[] {
    return [...[...this.#ahead].filter((task) => this.#takeBack(task)), ...this.#queue.drain()];
  }

  /**
   * Sends those that are due to workers that take them, `depth` to each at most. Never one that is not next: workers begin with them in the
   * order in which they were sent.
   */
  sendAhead(depth: number): void {
    if (depth === 0) return;
    while (this.#parts.takesAhead(depth)) {
      const now = performance.now();
      const task = this.#queue.peek(now);
      if (task === undefined || !isPlain(task)) return;
      this.#queue.remove(task);
      this.#ahead.add(task);
      this.#parts.send(task, now);
    }
  }

  /** A worker has begun with a task that was sent ahead, or cannot have it. */
  leave(task: Task): void {
    this.#ahead.delete(task);
  }

  #takeBack(task: Task): boolean {
    this.#ahead.delete(task);
    if (this.#parts.takeBack(task)) return true;
    this.#parts.begun(task);
    return false;
  }
}
