import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnswerHead } from "./answer-head.js";
import { isAwaitingContinue } from "./body.js";
import { isUnread } from "./framing.js";
import type { HTTPSettings } from "./limits.js";
import { sendWhole } from "./whole-answer.js";

/** Sends an answer to a request whose body was not read to its end: what follows it on the connection stands behind the rest. */
export function sendBeforeRest(
  response: ServerResponse,
  head: AnswerHead,
  body: string | Uint8Array,
  settings: Pick<HTTPSettings, "bodyLimit" | "closeLinger">,
): void {
  const { req: message } = response;
  if (isWorthReading(message, settings.bodyLimit)) {
    message.resume();
    return sendWhole(response, head, body);
  }
  response.shouldKeepAlive = false;
  head.send(response);
  endAfterDraining(message, response, body, settings);
}

/** Whether the rest of an unread body is worth reading for the sake of the connection: its length is known and allowed. */
function isWorthReading(message: IncomingMessage, limit: number): boolean {
  return Number(message.headers["content-length"] ?? Number.POSITIVE_INFINITY) <= limit && !isAwaitingContinue(message);
}

/**
 * Sends the whole answer, then reads and throws away what the client still sends, at most `bodyLimit` bytes for
 * `closeLinger`, and only then ends the response, upon which Node closes the connection. Closing with unread bytes would
 * reset it, and a client that is busy sending would see the reset instead of its 413.
 *
 * The answer must have `Connection: close` and, if it has a body, its headers written by the first write.
 */
export function endAfterDraining(
  message: IncomingMessage,
  response: ServerResponse,
  body: string | Uint8Array,
  settings: Pick<HTTPSettings, "bodyLimit" | "closeLinger">,
): void {
  if (!isUnread(message) || message.destroyed || isAwaitingContinue(message)) {
    response.end(body);
    return;
  }
  if (body.length > 0) response.write(body);
  else response.flushHeaders();
  discard(message, settings, () => response.end());
}

function discard(
  message: IncomingMessage,
  { bodyLimit, closeLinger }: Pick<HTTPSettings, "bodyLimit" | "closeLinger">,
  done: () => void,
): void {
  let left = bodyLimit;
  const stop = (): void => {
    clearTimeout(timer);
    message.off("data", count).off("end", stop).off("close", stop);
    done();
  };
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) stop();
  };
  const timer = setTimeout(stop, closeLinger);
  message.on("data", count).on("end", stop).on("close", stop).resume();
}
