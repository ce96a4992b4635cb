import type { ChildIdentity } from "./events.js";
import { memoryOf } from "./memory.js";
import type { Slot } from "./slot.js";
import type { WorkerHandle } from "./worker-handle.js";

/**
 * `starting`: forked, not yet ready. `ready`: it serves. `draining`: it was asked to end, or ends of itself. `waiting`: it
 * crashed and is not yet started again. `down`: it has exited 0.
 */
export type ChildState = "starting" | "ready" | "draining" | "waiting" | "down";

/** One child at this moment. What is not known is null: figures before the child told any, memory where the system has none. */
export interface ChildStatus extends ChildIdentity {
  readonly state: ChildState;
  /** When this process was forked. */
  readonly started: Date | null;
  /** How often a child with this task id was started in the place of one that crashed. */
  readonly restarts: number;
  /** Requests answered by this process. */
  readonly requests: number | null;
  /** Resident memory. Bytes. */
  readonly rss: number | null;
  /** Proportional set size: shared pages are divided among those that share them, so that sums are true. Bytes; Linux only. */
  readonly pss: number | null;
  /** The longest time by which its event loop was late in the last second or so. Milliseconds. */
  readonly eventLoopDelay: number | null;
  /** How often its event loop was held for longer than `blockedLoopThreshold`. */
  readonly blockedLoops: number | null;
  /** Connections that it did not take, because it had as many as it may. */
  readonly droppedConnections: number | null;
  /** Threads that could not be ended and are still there. */
  readonly lostThreads: number | null;
}

/** All children at this moment. */
export interface SupervisorStatus {
  /** Of the primary. */
  readonly pid: number;
  readonly state: "starting" | "serving" | "reloading" | "stopping";
  /** How many reloads were begun. */
  readonly generation: number;
  /** In the order of their task ids. Those that are being replaced come beside those that replace them. */
  readonly children: readonly ChildStatus[];
}

/** What of a process tree is told. */
export interface ObservedTree {
  readonly slots: readonly Slot[];
  readonly children: readonly WorkerHandle[];
}

/** Asks the system for the memory of each child, which takes about a millisecond for each. */
export async function childrenOf({ slots, children }: ObservedTree): Promise<ChildStatus[]> {
  const restarts = new Map(slots.map((slot) => [slot.taskId, slot.restarts]));
  const living = children.map((child) => statusOf(child, restarts.get(child.taskId) ?? 0));
  const absent = slots.filter(({ current }) => current === undefined).map(statusWithout);
  return [...(await Promise.all(living)), ...absent].toSorted((a, b) => a.taskId - b.taskId);
}

async function statusOf(child: WorkerHandle, restarts: number): Promise<ChildStatus> {
  const { taskId, pid, generation, started, figures } = child;
  const memory = pid === undefined ? undefined : await memoryOf(pid);
  return {
    taskId,
    pid: pid ?? null,
    generation,
    state: stateOf(child),
    started,
    restarts,
    requests: figures?.requests ?? null,
    rss: memory?.rss ?? figures?.rss ?? null,
    pss: memory?.pss ?? null,
    eventLoopDelay: figures?.eventLoopDelay ?? null,
    blockedLoops: figures?.blockedLoops ?? null,
    droppedConnections: figures?.droppedConnections ?? null,
    lostThreads: figures?.lostThreads ?? null,
  };
}

function stateOf({ stage, figures }: WorkerHandle): ChildState {
  if (stage === "starting") return "starting";
  return stage === "ready" && figures?.draining !== true ? "ready" : "draining";
}

function statusWithout({ taskId, waiting, restarts }: Slot): ChildStatus {
  const unknown = {
    requests: null,
    rss: null,
    pss: null,
    eventLoopDelay: null,
    blockedLoops: null,
    droppedConnections: null,
    lostThreads: null,
  };
  return { taskId, pid: null, generation: 0, state: waiting ? "waiting" : "down", started: null, restarts, ...unknown };
}
