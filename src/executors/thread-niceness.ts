import { readFileSync, readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { basename } from "node:path";
import { generalLog } from "../log.js";
import type { Niceness } from "./thread-protocol.js";

/** Milliseconds between two looks at the clock of the processor. */
const period = 100;
/** Processor time, in milliseconds, that a thread has used when its tasks are judged. */
const sample = 100;
const samples = 2;
/** That of a task in the mean from which the event loop goes first. */
const longTask = 1;
const automatic = 10;

/** Watches the tasks of the calling thread. */
export interface Pace {
  /** Called at the end of each. */
  taskEnded(): void;
}

/**
 * Lets the calling thread give way to others: raises its niceness by so much, up to the lowest priority there is; `"auto"`, when its
 * tasks take long. On Linux a thread has one of its own (sched(7)), and whatever it starts inherits it. Elsewhere, and where the
 * system refuses it, nothing happens.
 *
 * @returns what is to be told of the thread's tasks; undefined: nothing.
 */
export function giveWay(niceness: Niceness): Pace | undefined {
  if (process.platform !== "linux" || niceness === 0) return undefined;
  if (niceness === "auto") return new TaskPace(processorTime, () => lowerPriority(automatic));
  lowerPriority(niceness);
  return undefined;
}

/** Calls back once, when tasks have taken long in the mean of two samples in a row: the first task of all may load much. */
export class TaskPace implements Pace {
  readonly #usedTime: () => number;
  readonly #onLong: () => void;
  #long = 0;
  #tasks = 0;
  #looked = performance.now();
  #judged: number;

  /** @param usedTime what the thread has used of the processor, in milliseconds. */
  constructor(usedTime: () => number, onLong: () => void) {
    this.#usedTime = usedTime;
    this.#onLong = onLong;
    this.#judged = usedTime();
  }

  taskEnded(): void {
    if (this.#long === samples) return;
    this.#tasks += 1;
    const now = performance.now();
    if (now - this.#looked < period) return;
    this.#looked = now;
    this.#look(this.#usedTime());
  }

  #look(used: number): void {
    const spent = used - this.#judged;
    if (spent < sample) return;
    this.#long = spent / this.#tasks >= longTask ? this.#long + 1 : 0;
    this.#tasks = 0;
    this.#judged = used;
    if (this.#long === samples) this.#onLong();
  }
}

/** Of the calling thread; 0 where the system does not say. */
function processorTime(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}

function lowerPriority(by: number): void {
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.min(constants.priority.PRIORITY_LOW, getPriority(thread) + by));
  } catch (error) {
    generalLog.debug("a worker thread keeps its priority", { error });
  }
}
