import cluster, { type Worker } from "node:cluster";
import { inspect } from "node:util";
import { toError } from "../errors.js";
import { generalLog } from "../log.js";
import { followSupervision } from "./heartbeat.js";
import type { ChildMessage, ReadyInfo } from "./messages.js";
import { claimRole, isChild, taskId } from "./role.js";
import { startFailureText } from "../start-failure.js";

/** Drains; when it settles, the process exits. */
export type PrimaryLostCallback = () => void | Promise<void>;

/** What {@link onPrimaryLost} may be told. */
export interface PrimaryLostOptions {
  /** The child ends after this many milliseconds, whatever the callback still waits for. Default: 35 s. */
  readonly deadline?: number;
}

/** Signals that mean the whole program, of which the primary is the head. */
const ofThePrimary = ["SIGINT", "SIGHUP", "SIGTTIN", "SIGTTOU"] as const;

let whenPrimaryIsLost: (() => Promise<never>) | undefined;

/**
 * Makes this process the child that the primary forked it to be; called once, before anything is served. From here to
 * {@link reportReady} an uncaught exception is reported as the reason why this child could not start, and the child
 * exits 1. SIGINT, SIGHUP, SIGTTIN and SIGTTOU are ignored from here on: Ctrl-C and the end of a terminal reach the whole
 * process group, and it is the primary that stops its children, by SIGTERM.
 *
 * @returns the task id.
 * @throws ConfigurationError when this process is no child, and when it is called twice.
 */
export function enterChild(): number {
  claimRole("child");
  for (const signal of ofThePrimary) process.on(signal, ignore);
  process.on("uncaughtException", failBoot);
  followSupervision((figures) => send({ waterspout: "status", figures }, () => {}));
  return taskId() ?? 0;
}

/**
 * Tells the primary that this child serves. `info` goes to the supervisor's `onReady` and must be plain JSON. Does
 * nothing in a process that is no child, so that a server need not ask.
 *
 * @returns a promise that settles when the message is handed over, or cannot be because the primary is gone.
 */
export function reportReady(info: ReadyInfo): Promise<void> {
  process.off("uncaughtException", failBoot);
  return new Promise((resolve) => send({ waterspout: "ready", info }, resolve));
}

/**
 * Tells the primary why this child cannot start; the caller exits with a status other than 0 afterwards and prints
 * nothing itself, because its siblings fail for the same reason and the primary says it once.
 *
 * @returns a promise that settles when the message is handed over, or cannot be because the primary is gone.
 */
export function reportBootFailure(error: unknown): Promise<void> {
  return new Promise((resolve) => send({ waterspout: "boot-failure", reason: reasonOf(error) }, resolve));
}

/**
 * Sets what to do when the primary has ended without stopping this child, however it ended; a second call replaces the
 * first. The child exits when the callback settles: 0, or 1 when it failed. Where nothing is set the child exits 0 at
 * once, and it does so before its own code runs, too. A child that leaves by `cluster.worker.disconnect()` has not lost
 * its primary. Does nothing in a process that is no child.
 *
 * It is noticed on the event loop: a child that is busy ends after its synchronous call.
 */
export function onPrimaryLost(callback: PrimaryLostCallback, options: PrimaryLostOptions = {}): void {
  const armed = whenPrimaryIsLost !== undefined;
  whenPrimaryIsLost = () => leave(callback, options.deadline ?? 35_000);
  if (!armed && isChild()) cluster.worker?.once("disconnect", disconnected);
}

/**
 * Ends the line to the primary of a child that has closed, so that it does not keep the process alive. The primary sees the
 * exit that follows. Does nothing in a process that is no child.
 */
export function leavePrimary(): void {
  if (isChild() && process.connected) cluster.worker?.disconnect();
}

function disconnected(this: Worker): void {
  if (this.exitedAfterDisconnect) return;
  // Node exits the process right after this event unless it is told that the channel was closed on purpose.
  this.exitedAfterDisconnect = true;
  void whenPrimaryIsLost?.();
}

async function leave(callback: PrimaryLostCallback, deadline: number): Promise<never> {
  generalLog.warn(`child ${String(taskId())} (pid ${process.pid}) has lost its primary, stopping`);
  setTimeout(() => process.exit(1), deadline).unref();
  try {
    await callback();
  } catch (error) {
    generalLog.error("stopping after the loss of the primary failed", { error });
    return process.exit(1);
  }
  return process.exit(0);
}

function ignore(): void {
  // A listener that does nothing: it replaces the default action, which is to end the process.
}

function failBoot(error: Error): void {
  send({ waterspout: "boot-failure", reason: reasonOf(error) }, () => process.exit(1));
}

/** The message where it says enough (our own errors, those of the system), else the stack with its causes. */
function reasonOf(thrown: unknown): string {
  const error = toError(thrown);
  const ofTheSystem = "syscall" in error && error.cause === undefined;
  return startFailureText(error) ?? (ofTheSystem ? error.message : inspect(error));
}

function send(message: ChildMessage, done: () => void): void {
  if (process.send === undefined || !isChild()) return done();
  // Without a callback a lost channel would be an uncaught 'error'; the loss is `onPrimaryLost`'s matter.
  process.send(message, undefined, undefined, done);
}
