import { Readable, addAbortSignal } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { setImmediate as turn } from "node:timers/promises";
import { ResponseError } from "../errors.js";
import type { ResponseWriter } from "../http/response.js";
import type { Exchange } from "./exchange.js";
import { jsonText } from "./json-text.js";

/**
 * Adds a value to the answer: a string, bytes, or an object or array as JSON. The type is set unless there is one, and
 * JSON's always: an object is never HTML.
 *
 * @throws ResponseError for anything else.
 */
export function writeValue(response: ResponseWriter, value: unknown): void {
  if (typeof value === "string") {
    response.defaultType("text/html; charset=UTF-8");
    response.write(value);
  } else if (value instanceof Uint8Array) {
    response.defaultType("application/octet-stream");
    response.write(value);
  } else if (typeof value === "object" && value !== null) {
    const text = jsonText(value);
    response.jsonType();
    response.write(text);
  } else {
    const what = value === null ? "null" : `a ${typeof value}`;
    throw new ResponseError(`an answer is a string, bytes, an object or an array: make one of these of ${what}`);
  }
}

/** What a verb may return beside plain data: something that gives its body bit by bit. */
export type Streamed = Response | AsyncIterable<unknown> | Iterable<unknown>;

/** Whether a returned value is sent bit by bit. Strings, arrays and buffers are iterable too, but are sent whole. */
export function isStreamed(value: unknown): value is Streamed {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || value instanceof Uint8Array) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value || isResponse(value);
}

/** Writes what a verb or a middleware returned; undefined is nothing. Settles when it is written, and a stream sent. */
export function writeResult(result: unknown, { handler, exchange }: ResultTarget): Promise<void> | undefined {
  if (isStreamed(result)) return sendStreamed(result, exchange);
  if (result !== undefined) handler.write(result);
  return undefined;
}

/** Where a result is written: `write` may be the handler's own. */
interface ResultTarget {
  readonly handler: { write(chunk: unknown): void };
  readonly exchange: Exchange;
}

/** By its tag: the global class costs 30 ms when it is first named, and is not the one of the `undici` package. */
function isResponse(value: object): value is Response {
  return Object.prototype.toString.call(value) === "[object Response]";
}

/**
 * Sends a stream, an iterable or a web `Response`, as fast as the client takes it. A client that leaves ends the source:
 * streams at once, iterables when they give their next chunk. HEAD takes the first chunk and leaves it at that.
 */
export async function sendStreamed(value: Streamed, exchange: Exchange): Promise<void> {
  const { response } = exchange;
  const body = isResponse(value) ? headOf(value, response) : value;
  if (body === null) return;
  const bytes = body instanceof Readable || isWebStream(body);
  response.defaultType(bytes ? "application/octet-stream" : "text/html; charset=UTF-8");
  await sendChunks(endingWith(exchange, body), exchange);
}

/** They belong to the connection that the answer came by, not to the answer (RFC 9110, section 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** They describe the bytes that `fetch` received; what it gives on is decoded. */
const undone: ReadonlySet<string> = new Set(["content-encoding", "content-length"]);

/** Takes over status and headers. @returns the body; null when there is none. */
function headOf(source: Response, response: ResponseWriter): ReadableStream | null {
  const decoded = source.url !== "" && source.headers.has("content-encoding");
  response.setStatus(source.status, source.statusText || undefined);
  for (const [name, value] of source.headers) {
    const dropped = name === "set-cookie" || hopByHop.has(name) || (decoded && undone.has(name));
    if (!dropped) response.setHeader(name, value);
  }
  for (const cookie of source.headers.getSetCookie()) response.addHeader("Set-Cookie", cookie);
  return source.body;
}

function isWebStream(body: Exclude<Streamed, Response>): body is ReadableStream {
  return "getReader" in body;
}

/** A stream that waits for its source would not notice that nobody waits for it. */
function endingWith(exchange: Exchange, body: Exclude<Streamed, Response>): Iterable<unknown> | AsyncIterable<unknown> {
  if (body instanceof Readable) return addAbortSignal(exchange.signal, body);
  return isWebStream(body) ? Readable.fromWeb(body, { signal: exchange.signal }) : body;
}

/** How long a source that never has to wait may keep the loop, in milliseconds. */
const slice = 10;

/** Leaving this loop in any way ends the source: an error or a client that left runs its `finally`. */
async function sendChunks(chunks: Iterable<unknown> | AsyncIterable<unknown>, exchange: Exchange): Promise<void> {
  const isHead = exchange.request.method === "HEAD";
  let since = performance.now();
  for await (const chunk of chunks) {
    await sendChunk(chunk, exchange);
    if (isHead) return;
    if (performance.now() - since < slice) continue;
    await turn();
    since = performance.now();
  }
}

function sendChunk(chunk: unknown, { response, sendItem }: Exchange): Promise<void> {
  if (sendItem !== undefined) return sendItem(chunk);
  response.write(checkedChunk(chunk));
  return response.flush();
}

function checkedChunk(chunk: unknown): string | Uint8Array {
  if (typeof chunk === "string" || chunk instanceof Uint8Array) return chunk;
  const what = chunk === null ? "null" : `a value of type ${typeof chunk}`;
  throw new ResponseError(`an iterable answer must give strings or bytes, it gave ${what}`);
}
