/** An entry of one {@link TaskQueue}. */
export interface QueueEntry {
  /** A finite number: others have no order, and would never be due. */
  readonly priority: number;
  /** When it was pushed, on the clock that is given to `shift`. Milliseconds. */
  readonly queuedAt: number;
  /** The queue's own: where the entry stands while it waits there. Undefined before. */
  node: unknown;
}

interface Node<T> {
  readonly entry: T;
  readonly level: Level<T>;
  previous: Node<T> | undefined;
  next: Node<T> | undefined;
}

/** The entries of one priority, oldest first. */
interface Level<T> {
  readonly priority: number;
  head: Node<T> | undefined;
  tail: Node<T> | undefined;
}

/**
 * First in, first out within a priority; between priorities the higher goes first, and waiting raises an entry by one
 * priority every `ageing` milliseconds, so nothing starves. Pushing and removing cost O(1), shifting O(priorities in use).
 */
export class TaskQueue<T extends QueueEntry> {
  readonly #ageing: number;
  readonly #levels = new Map<number, Level<T>>();
  #size = 0;

  constructor(ageing: number) {
    this.#ageing = ageing;
  }

  get size(): number {
    return this.#size;
  }

  push(entry: T): void {
    this.#insert(entry, this.#level(entry.priority), undefined);
  }

  /** Gives an entry that was shifted but could not run its place back; it costs a step for each that is before it. */
  putBack(entry: T): void {
    const level = this.#level(entry.priority);
    let next = level.head;
    while (next !== undefined && next.entry.queuedAt < entry.queuedAt) ({ next } = next);
    this.#insert(entry, level, next);
  }

  /** The entry that is due; `now` is on the clock of `queuedAt`. */
  peek(now: number): T | undefined {
    return this.#next(now)?.entry;
  }

  /** Takes the entry that is due; `now` is on the clock of `queuedAt`. */
  shift(now: number): T | undefined {
    const next = this.peek(now);
    if (next !== undefined) this.remove(next);
    return next;
  }

  /** @returns false when the entry is not waiting here. */
  remove(entry: T): boolean {
    const node = entry.node as Node<T> | undefined;
    if (node === undefined) return false;
    entry.node = undefined;
    this.#size--;
    unlink(node);
    if (node.level.head === undefined) this.#levels.delete(node.level.priority);
    return true;
  }

  /** Empties the queue, in no particular order of priorities. */
  drain(): T[] {
    const entries: T[] = [];
    for (const { head } of this.#levels.values()) {
      for (let node = head; node !== undefined; node = node.next) entries.push(node.entry);
    }
    for (const entry of entries) this.remove(entry);
    return entries;
  }

  /** In front of `next`, or at the end where there is none. */
  #insert(entry: T, level: Level<T>, next: Node<T> | undefined): void {
    const previous = next === undefined ? level.tail : next.previous;
    const node: Node<T> = { entry, level, previous, next };
    if (previous === undefined) level.head = node;
    else previous.next = node;
    if (next === undefined) level.tail = node;
    else next.previous = node;
    entry.node = node;
    this.#size++;
  }

  #level(priority: number): Level<T> {
    let level = this.#levels.get(priority);
    if (level === undefined) this.#levels.set(priority, (level = { priority, head: undefined, tail: undefined }));
    return level;
  }

  /** The head of a level is its oldest entry, so comparing heads compares all. */
  #next(now: number): Node<T> | undefined {
    let best: Node<T> | undefined;
    let bestRank = Number.NEGATIVE_INFINITY;
    for (const { head } of this.#levels.values()) {
      if (head === undefined) continue;
      const rank = head.entry.priority + (now - head.entry.queuedAt) / this.#ageing;
      if (rank > bestRank) [best, bestRank] = [head, rank];
    }
    return best;
  }
}

function unlink<T>(node: Node<T>): void {
  if (node.previous === undefined) node.level.head = node.next;
  else node.previous.next = node.next;
  if (node.next === undefined) node.level.tail = node.previous;
  else node.next.previous = node.previous;
}
