import type { IncomingMessage } from "node:http";

/** Whether the request announces a body, read or not. */
export function hasBody(message: IncomingMessage): boolean {
  const { headers } = message;
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length !== undefined && length !== "0";
}

/** Whether bytes of the body are still to come from the client. */
export function isUnread(message: IncomingMessage): boolean {
  return !message.complete && hasBody(message);
}

/** What of node's message says that it was read to its end. */
interface Internals {
  [isDumped]: boolean;
  readonly [state]: Record<"ended" | "endEmitted" | "destroyed" | "closed" | "closeEmitted", boolean>;
}

const isDumped = "_dumped";
const state = "_readableState";

/**
 * Takes a request without a body for read, when it is answered. Node would read it to its end then, through all the states and events
 * of a stream, which costs a thirtieth of a small request; since version 24 it can leave that out by itself
 * (`optimizeEmptyRequests`), but then even for those who would pass such a request on as a stream.
 */
export function passOver(message: IncomingMessage): void {
  const internals = message as unknown as Internals;
  internals[isDumped] = true;
  const readable = internals[state];
  readable.ended = true;
  readable.endEmitted = true;
  readable.destroyed = true;
  readable.closed = true;
  readable.closeEmitted = true;
}
