import { types } from "node:util";
import { isSignal } from "./faults.js";
import { machineTime } from "./machine-time.js";
import type { TaskMessage } from "./protocol.js";
import type { Task } from "./task.js";
import { transferListOf } from "./transfer.js";
import { encodeValues } from "./values.js";
import type { RunRequest } from "./workers.js";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A signal that stands among the arguments. */
export interface SignalArgument {
  readonly index: number;
  readonly signal: AbortSignal;
}

/** A task made fit for a worker. */
export interface EncodedTask extends RunRequest {
  /** Whose abort is to be forwarded while the task runs. */
  readonly signals: readonly SignalArgument[];
}

/**
 * Makes the message of a task; `now` is on the clock of its `queuedAt`.
 *
 * @throws whatever the traps of an argument throw, when it is a proxy.
 */
export function encodeTask(task: Task, now: number): EncodedTask {
  const { args, call } = task;
  const { values, marks, signals } = encodeValues(args);
  const transferList = transferListOf(args, call.options.transfer ?? false);
  const message: Mutable<TaskMessage> = { id: task.id, token: call.token, method: call.method, args: values };
  if (marks !== undefined) message.marks = marks;
  if (transferList.length > 0) message.moved = true;
  addOptions(message, task, now);
  return { message, args, transferList, signals: signalArguments(marks?.signals, signals) };
}

/** Whether a worker may be sent the task and not run it: then nothing is to be given back, and nothing has to follow it. */
export function isPlain({ args, call }: Task): boolean {
  return !call.stream && call.options.transfer !== true && !args.some(isMemoryOrSignal);
}

function isMemoryOrSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || isSignal(value);
}

function addOptions(message: Mutable<TaskMessage>, task: Task, now: number): void {
  const { stream, context, options } = task.call;
  const { requestId } = task;
  const traceparent = options.traceparent ?? options.request?.traceparent;
  const left = timeLeft(task, now);
  if (options.deadline !== undefined) message.deadline = options.deadline;
  if (left !== undefined) message.until = machineTime(now) + left;
  if (requestId !== undefined) message.requestId = requestId;
  if (traceparent !== undefined) message.traceparent = traceparent;
  if (context !== undefined) message.context = context;
  if (options.transfer === true) message.transfer = true;
  if (stream) message.stream = true;
}

/** The caller's time went on while the task waited. */
function timeLeft({ call, queuedAt }: Task, now: number): number | undefined {
  const { request, timeLeft: left } = call.options;
  return left === undefined ? request?.timeLeft : left - (now - queuedAt);
}

const none: readonly SignalArgument[] = [];

function signalArguments(indexes: readonly number[] = [], signals: readonly AbortSignal[]): readonly SignalArgument[] {
  if (signals.length === 0) return none;
  return signals.map((signal, position) => ({ index: indexes[position] ?? 0, signal }));
}
