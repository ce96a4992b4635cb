import { maxAhead } from "./protocol.js";
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
  readonly recall: (task: Task) => boolean;
  /** A worker has begun with a task that was to be removed. */
  readonly begun: (task: Task) => void;
}

/**
 * The tasks that wait, in the order in which they are due. The first of them may have been sent to workers before their turn; they wait
 * all the same: until a worker begins with one it can be taken back, and whoever asks for it sees no difference.
 */
export class WaitingTasks {
  readonly #parts: WaitingParts;
  readonly #queue: TaskQueue<Task>;
  /** In the order in which they were sent, and when. */
  readonly #ahead = new Map<Task, number>();

  constructor(parts: WaitingParts) {
    this.#parts = parts;
    this.#queue = new TaskQueue(parts.ageing);
  }

  get size(): number {
    return this.#queue.size + this.#ahead.size;
  }

  /** One that goes before others which were sent ahead takes their place. */
  push(task: Task): void {
    for (const other of this.#ahead.keys()) if (task.priority > other.priority) this.#callBack(other);
    this.#queue.push(task);
  }

  /** Gives a task that could not run its place back. */
  putBack(task: Task): void {
    this.#ahead.delete(task);
    this.#queue.putBack(task);
  }

  /** @returns false when the task is not waiting, also if that was not known yet: then its executor is told that it has begun. */
  remove(task: Task): boolean {
    if (this.#queue.remove(task) || this.#recall(task)) return true;
    if (this.#ahead.delete(task)) this.#parts.begun(task);
    return false;
  }

  /** Takes the task that is due; `now` is on the clock of `queuedAt`. */
  shift(now: number): Task | undefined {
    for (const task of this.#ahead.keys()) if (this.#recall(task)) return task;
    return this.#queue.shift(now);
  }

  /** Takes all, in no particular order of priorities. */
  drain(): Task[] {
    return [...[...this.#ahead.keys()].filter((task) => this.remove(task)), ...this.#queue.drain()];
  }

  /** Those that were sent ahead before `time` have their places in the queue back, for their workers do not come to them. */
  recallStuck(time: number): void {
    for (const [task, sentAt] of this.#ahead) {
      if (sentAt > time) return;
      this.#callBack(task);
    }
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
      this.#ahead.set(task, now);
      this.#parts.send(task, now);
    }
  }

  /** A worker has begun with a task that was sent ahead, or cannot have it. */
  forget(task: Task): void {
    this.#ahead.delete(task);
  }

  #callBack(task: Task): void {
    if (this.#recall(task)) this.#queue.putBack(task);
  }

  /** @returns false when it is with no worker, or one has begun with it. */
  #recall(task: Task): boolean {
    return this.#ahead.has(task) && this.#parts.recall(task) && this.#ahead.delete(task);
  }
}

/**
 * How many tasks make up so much work, when each takes `mean`: so many may a worker have before their turn. None while that is not known.
 * Both in milliseconds.
 */
export function depthOf(work: number, mean: number): number {
  return mean === 0 ? 0 : Math.min(maxAhead, Math.floor(work / mean));
}
