import { readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { basename } from "node:path";
import { generalLog } from "../log.js";

/**
 * Lets the calling thread give way to others: raises its niceness by so much, up to the lowest priority there is. On Linux a thread has
 * one of its own (sched(7)), and whatever it starts inherits it. Elsewhere, and where the system refuses it, nothing happens.
 */
export function lowerPriority(by: number): void {
  if (by === 0 || process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.min(constants.priority.PRIORITY_LOW, getPriority(thread) + by));
  } catch (error) {
    generalLog.debug("a worker thread keeps its priority", { error });
  }
}
