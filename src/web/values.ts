import { Readable } from "node:stream";
import { ResponseError } from "../errors.js";
import type { ResponseWriter } from "../http/response.js";

/** JSON that is also safe inside an HTML `<script>`: `</` is written `<\/`. Source: Tornado's `json_encode`. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll("</", String.raw`<\/`);
}

/**
 * Adds a value to the answer: a string, bytes, or an object or array as JSON. The type is set unless there is one, and
 * JSON's always: an object is never HTML.
 */
export function writeValue(response: ResponseWriter, value: unknown): void {
  if (typeof value === "string") {
    response.defaultType("text/html; charset=UTF-8");
    response.write(value);
  } else if (value instanceof Uint8Array) {
    response.defaultType("application/octet-stream");
    response.write(value);
  } else if (typeof value === "object" && value !== null) {
    if (!isJsonType(response.getHeader("Content-Type"))) setType(response, "application/json; charset=UTF-8");
    response.write(jsonText(value));
  } else {
    const what = value === null ? "null" : typeof value;
    throw new ResponseError(`an answer is a string, bytes, an object or an array, got ${what}`);
  }
}

function setType(response: ResponseWriter, type: string): void {
  if (!response.headersWritten) response.setHeader("Content-Type", type);
}

function isJsonType(type: string | readonly string[] | undefined): boolean {
  return typeof type === "string" && /^application\/(?:json|[^;]+\+json)\b/.test(type);
}

/** What a verb may return beside plain data: something that gives its body bit by bit. */
type Body = AsyncIterable<unknown> | Iterable<unknown>;

/** Whether a returned value is sent bit by bit. Strings, arrays and buffers are iterable too, but are sent whole. */
export function isStreamed(value: unknown): value is Body | Response {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Response) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** Sends a stream, an iterable or a web `Response`, as fast as the client takes it. */
export async function sendStreamed(value: Body | Response, response: ResponseWriter): Promise<void> {
  if (value instanceof Response) return sendResponse(value, response);
  response.defaultType(value instanceof Readable ? "application/octet-stream" : "text/html; charset=UTF-8");
  await sendChunks(value, response);
}

async function sendResponse(source: Response, response: ResponseWriter): Promise<void> {
  response.setStatus(source.status, source.statusText || undefined);
  for (const [name, value] of source.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  for (const cookie of source.headers.getSetCookie()) response.addHeader("Set-Cookie", cookie);
  if (source.body !== null) await sendChunks(source.body, response);
}

/** Leaving this loop in any way ends the source: an error or a client that left runs its `finally`. */
async function sendChunks(chunks: Body, response: ResponseWriter): Promise<void> {
  for await (const chunk of chunks) {
    if (response.clientGone) return;
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
      throw new ResponseError(`an iterable answer must give strings or bytes, it gave ${typeof chunk}`);
    }
    response.write(chunk);
    await response.flush();
  }
}
