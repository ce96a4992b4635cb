import { WorkerCrashedError } from "../errors.js";
import type { TaskMessage } from "./protocol.js";
import { serializationError } from "./values.js";

/** What the workers of every kind say and wait for when something goes wrong. */

/** `Class.method`, for messages. */
export function placeOf({ token, method }: Pick<TaskMessage, "token" | "method">): string {
  return `${token}.${method}`;
}

/** The error for arguments of which one could not be cloned, naming it. */
export function argumentError(args: readonly unknown[], message: TaskMessage, cause: unknown): Error {
  const faulty = Math.max(
    0,
    args.findIndex((argument) => !isCloneable(argument)),
  );
  return serializationError(args[faulty], `argument ${faulty}`, placeOf(message), cause);
}

export function isCloneError(error: unknown): boolean {
  return error instanceof DOMException && error.name === "DataCloneError";
}

/** The worker was there and answered, but not to this task: a fault of ours, and no reason to wait for ever. */
export function lostReply(message: TaskMessage): WorkerCrashedError {
  return new WorkerCrashedError(`the reply of ${placeOf(message)} was lost`);
}

/** Waits for `work`, but no longer than `limit` milliseconds. */
export async function within(limit: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limit)))]);
  clearTimeout(timer);
}

function isCloneable(value: unknown): boolean {
  if (value instanceof AbortSignal) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
