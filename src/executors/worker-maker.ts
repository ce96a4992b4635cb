import type { ExecutorEnvironment } from "../concurrent.js";
import type { WorkerLink, WorkerLinkHost } from "./worker-link.js";
import type { WorkerLimits } from "./worker-settings.js";

/** What a pool keeps to, as validated by its executor. Times are milliseconds. */
export interface PoolSettings extends WorkerLimits {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly idleTimeout: number;
  readonly bootTimeout: number;
}

/** The part in which pools differ: what their workers are. */
export interface WorkerMaker<S extends PoolSettings> {
  /** What a worker is, for messages. */
  readonly noun: "thread" | "process";
  /** Whether a task that a worker has not begun can be taken back from it. */
  readonly recallable: boolean;
  /** Called once, before the first worker is made. */
  open(environment: ExecutorEnvironment, settings: S): Promise<void>;
  /** Starts a worker. What keeps it from starting is told to `host` later, as a failed start. */
  make(host: WorkerLinkHost): WorkerLink;
  /** A worker was ended and is stuck. @returns what to call when it has gone after all. */
  stuck(): () => void;
  /** Called once, when all workers have ended or are given up. */
  close(): void;
}
