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
