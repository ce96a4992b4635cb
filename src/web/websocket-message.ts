import { isUtf8 } from "node:buffer";
import { ResponseError } from "../errors.js";
import { jsonText } from "./json-text.js";

/** The longest payload of a control frame, in bytes (RFC 6455, section 5.5). */
const controlLimit = 125;

/** A close frame has its code in two of them. */
const reasonLimit = controlLimit - 2;

/**
 * What `writeMessage` sends: strings and bytes as they are, all else as JSON.
 *
 * @throws ResponseError for what is no message.
 */
export function messageData(message: unknown): string | Uint8Array {
  if (typeof message === "string" || message instanceof Uint8Array) return message;
  if (typeof message === "object" && message !== null) return jsonText(message);
  const what = message === null ? "null" : `a ${typeof message}`;
  throw new ResponseError(`a message is a string, bytes, an object or an array: make one of these of ${what}`);
}

/** @throws ResponseError for more bytes than a ping may have. */
export function checkPing(data: string | Uint8Array): void {
  if (Buffer.byteLength(data) <= controlLimit) return;
  throw new ResponseError(`ping: at most ${controlLimit} bytes, got ${Buffer.byteLength(data)}`);
}

/** @throws ResponseError for a code that must not be sent, and for a reason that is too long. */
export function checkClose(code: number | undefined, reason = ""): void {
  if (code !== undefined && !isCloseCode(code)) {
    throw new ResponseError(
      `close: the code is 1000 to 1014 without 1004, 1005 and 1006, or 3000 to 4999; got ${String(code)}`,
    );
  }
  if (Buffer.byteLength(reason) <= reasonLimit) return;
  throw new ResponseError(`close: the reason has at most ${reasonLimit} bytes, got ${Buffer.byteLength(reason)}`);
}

/** RFC 6455, section 7.4: 1004 is reserved, 1005 and 1006 are said of frames that never were. */
function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}

/** @throws ResponseError for bytes that are to be text and are not UTF-8. */
export function checkText(data: string | Uint8Array): void {
  if (typeof data === "string" || isUtf8(data)) return;
  throw new ResponseError("a text message of bytes that are not UTF-8: send them as bytes");
}
