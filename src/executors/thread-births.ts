/** For which thread a task of the pool is; 0 while there is none, and the pool is to make one. */
export interface Target {
  threadId: number;
}

/** What waits in a piscina pool: births, each until its thread is there. */
export class BirthQueue<T extends object> {
  readonly #targetOf: (task: T) => Target;
  #births: T[] = [];

  /** @param targetOf for whom a task is. */
  constructor(targetOf: (task: T) => Target) {
    this.#targetOf = targetOf;
  }

  get size(): number {
    return this.#births.length;
  }

  shift(): T | null {
    return this.#births.shift() ?? null;
  }

  /** Takes a birth that has no thread yet. What comes back because its thread has gone is dropped: no other is made for it. */
  push(task: T): void {
    if (this.#targetOf(task).threadId === 0) this.#births.push(task);
  }

  remove(task: T): void {
    this.#births = this.#births.filter((each) => each !== task);
  }

  /** Its thread has ended, or could not be made. */
  drop(target: Target): void {
    this.#births = this.#births.filter((each) => this.#targetOf(each) !== target);
  }
}
