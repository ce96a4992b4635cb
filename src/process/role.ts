import type { Cluster } from "node:cluster";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { ConfigurationError } from "../errors.js";
import { taskIdKey, workerProcess } from "../worker-process.js";
import { IOLoop } from "../loop.js";

/** The environment variable by which the primary tells a child its task id. */
export const taskIdVariable = "WATERSPOUT_TASK_ID";

let claimed: "primary" | "child" | undefined;

// Threads of a child get the number this way and not from the environment: a program that a child starts inherits the
// environment too, and would take itself for a child.
const ownTaskId = isMainThread ? taskIdOfProcess() : taskIdOfThread();
if (isMainThread && ownTaskId !== null) setEnvironmentData(taskIdKey, ownTaskId);

/**
 * The number of this process among its siblings, 0 … n-1: the same after a restart, and the same in all threads of the
 * process and in the worker processes that its executors start. Null in the primary and in a process that was not forked.
 *
 * Source: Tornado's `tornado.process.task_id`.
 */
export function taskId(): number | null {
  const worker = workerProcess();
  return worker === undefined ? ownTaskId : worker.taskId;
}

/** True in the main thread of a process that a primary of this package forked. */
export function isChild(): boolean {
  return isMainThread && ownTaskId !== null && workerProcess() === undefined;
}

/** True in a process that supervises children: from the call of `supervise` on, and not before. */
export function isPrimary(): boolean {
  return claimed === "primary";
}

/**
 * Settles what this process is, once for all.
 *
 * @throws ConfigurationError in a worker thread, when `role` is not what this process can be, the second time, and after the IOLoop was started.
 */
export function claimRole(role: "primary" | "child"): void {
  refuseThread();
  refuseWorkerProcess();
  if (claimed !== undefined) throw new ConfigurationError(claimedTwice());
  if (role === "primary") refuseWorkerOfCluster();
  if (role === "child" && !isChild()) {
    throw new ConfigurationError(
      "this process was not forked by Waterspout: only a child of forkProcesses has a task id",
    );
  }
  refuseStartedLoop();
  claimed = role;
}

/** What was made before a fork does not survive it. Source: Tornado's `fork_processes`. */
function refuseStartedLoop(): void {
  if (!IOLoop.initialized()) return;
  throw new ConfigurationError(
    "processes cannot be forked any more, the IOLoop was started before: call forkProcesses, bootstrap or " +
      "HTTPServer.start first, and IOLoop.current().start() after it",
  );
}

function refuseThread(): void {
  if (isMainThread) return;
  throw new ConfigurationError(
    "processes can be forked in the main thread only, and this is a worker thread: " +
      "call forkProcesses, or bootstrap with processes, from the program's own module",
  );
}

function refuseWorkerProcess(): void {
  if (workerProcess() === undefined) return;
  throw new ConfigurationError(
    "this process is a worker of an executor, which imports the application's module: " +
      "call forkProcesses in a module of its own, and name the application by its URL",
  );
}

function refuseWorkerOfCluster(): void {
  if (isChild()) {
    throw new ConfigurationError(
      `this process is a child already (task id ${String(ownTaskId)}): a child cannot supervise children of its own`,
    );
  }
  if (!isClusterWorker()) return;
  throw new ConfigurationError(
    "this process is a worker of another node:cluster, which cannot fork: start the program on its own " +
      "(with PM2, in fork mode and not in cluster mode), or do not fork (processes: 1)",
  );
}

function claimedTwice(): string {
  return (
    `processes were forked a second time in ${claimed === "child" ? `child ${String(ownTaskId)}` : "the primary"}: ` +
    "call forkProcesses, or one of bootstrap and HTTPServer.start with processes, once in a program"
  );
}

function taskIdOfProcess(): number | null {
  const text = process.env[taskIdVariable];
  return text !== undefined && /^\d+$/.test(text) && isClusterWorker() ? Number(text) : null;
}

function taskIdOfThread(): number | null {
  const value: unknown = getEnvironmentData(taskIdKey);
  return typeof value === "number" ? value : null;
}

/** Worker threads load this file, too: node:cluster, and with it the network, is loaded where somebody asks. */
function isClusterWorker(): boolean {
  return (process.getBuiltinModule("node:cluster") as unknown as Cluster).isWorker;
}
