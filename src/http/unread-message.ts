import type { IncomingMessage } from "node:http";

/** What of node's message says that it was read to its end. */
interface Internals {
  [isDumped]: boolean;
  readonly [state]: Record<"ended" | "endEmitted" | "destroyed" | "closed" | "closeEmitted", boolean>;
}

const isDumped = "_dumped";
const state = "_readableState";

/** Whether anybody but us may be told of the message's stream: tracers and middleware get at it before a handler does. */
export function isWatched(message: IncomingMessage): boolean {
  return message.readableFlowing !== null || message.listenerCount("end") > 0 || message.listenerCount("close") > 0;
}

/**
 * Takes a message that nobody watches for read to its end: one without a body when it is answered, one with a body when that is
 * taken. Node would read it then, through all the states and events of a stream, which costs a thirtieth of a small request. Since
 * version 24 Node can leave that out by itself (`optimizeEmptyRequests`), but then for those who watch, too.
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
