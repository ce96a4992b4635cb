import { SerializationError, toError } from "../errors.js";
import type { TaskMessage } from "./protocol.js";
import { isCloneable, serializationError } from "./uncloneable.js";

/** What the workers of every kind say and wait for when something goes wrong. */

/** `Class.method`, for messages. */
export function placeOf({ token, method }: Pick<TaskMessage, "token" | "method">): string {
  return `${token}.${method}`;
}

/** The error for a task that could not be sent, naming the argument, or the storage that travels along, whose fault it is. */
export function argumentError(args: readonly unknown[], call: Call, cause: unknown): SerializationError {
  const place = placeOf(call);
  const list = Array.isArray(args) ? args : [];
  const index = list.findIndex((argument) => !(isSignal(argument) || isCloneable(argument)));
  if (index >= 0) return serializationError(list[index], `argument ${index}`, place, cause);
  const storage = Object.entries(call.context ?? {}).find(([, value]) => !isCloneable(value));
  if (storage !== undefined) return serializationError(storage[1], `the carried value of ${storage[0]}`, place, cause);
  return new SerializationError(`${place}: its arguments cannot be sent: ${toError(cause).message}`, "arguments", {
    cause,
  });
}

type Call = Pick<TaskMessage, "token" | "method"> & { readonly context?: TaskMessage["context"] | undefined };

/** Waits for `work`, but no longer than `limit` milliseconds. */
export async function within(limit: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limit)))]);
  clearTimeout(timer);
}

/** Never throws, whatever the traps of the value do. */
export function isSignal(value: unknown): boolean {
  try {
    return value instanceof AbortSignal;
  } catch {
    return false; // A proxy whose traps throw.
  }
}
