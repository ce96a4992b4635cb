import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { ClientClosedError, HTTPError } from "../errors.js";
import { hasBody } from "./framing.js";

const empty = Buffer.alloc(0);

/** Requests whose client waits for `100 Continue` before it sends the body. */
const awaitingContinue = new WeakMap<IncomingMessage, ServerResponse>();
/** Bodies that are being read: how to end the reading with an error. */
const readers = new WeakMap<IncomingMessage, (error: Error) => void>();

/** Notes that `100 Continue` is due as soon as somebody wants the body. Called from the server's `checkContinue`. */
export function expectContinue(message: IncomingMessage, response: ServerResponse): void {
  awaitingContinue.set(message, response);
}

/** Whether the client still holds its body back. */
export function isAwaitingContinue(message: IncomingMessage): boolean {
  return awaitingContinue.has(message);
}

/** Ends the reading of a body with `error`. @returns false when nobody is reading it. */
export function rejectBody(message: IncomingMessage, error: Error): boolean {
  const reject = readers.get(message);
  reject?.(error);
  return reject !== undefined;
}

/**
 * Reads the whole body and undoes its `Content-Encoding` (gzip, deflate or br, one of them). Call it once per request.
 * When it rejects, the rest of the body stays unread; finishing the response through `ResponseWriter` reads or cuts it.
 *
 * @param limit bytes, counted after decompression.
 * @throws HTTPError 413 above `limit` (before the first byte is read when `Content-Length` says so), 415 for another coding,
 * 400 for broken compressed data, 408 when `requestTimeout` runs out.
 * @throws ClientClosedError when the connection ends before the body does: a part is never taken for the whole.
 */
export async function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  if (!hasBody(message)) return empty;
  const decoder = decoderOf(message.headers["content-encoding"]);
  if (Number(message.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  if (message.destroyed && !message.complete) throw new ClientClosedError();
  sendContinue(message);
  return new BodyReader(message, decoder, limit).read();
}

function tooLarge(limit: number): HTTPError {
  return new HTTPError(413, `a body of more than ${limit} bytes`);
}

function sendContinue(message: IncomingMessage): void {
  awaitingContinue.get(message)?.writeContinue();
  awaitingContinue.delete(message);
}

function decoderOf(coding: string | undefined): (() => Transform) | undefined {
  switch (coding?.trim().toLowerCase()) {
    case undefined:
    case "":
    case "identity":
      return undefined;
    case "gzip":
    case "x-gzip":
      return createGunzip;
    case "deflate":
      return createInflate;
    case "br":
      return createBrotliDecompress;
    default:
      throw new HTTPError(415, "a content coding other than one of gzip, deflate, br", {
        headers: { "Accept-Encoding": "gzip, deflate, br" },
      });
  }
}

/** Collects one body. Whatever comes first, end, fault or close, takes all listeners off again. */
class BodyReader {
  readonly #message: IncomingMessage;
  readonly #decoder: Transform | undefined;
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #resolve!: (body: Buffer) => void;
  #reject!: (error: Error) => void;

  constructor(message: IncomingMessage, decoder: (() => Transform) | undefined, limit: number) {
    this.#message = message;
    this.#decoder = decoder?.();
    this.#limit = limit;
  }

  read(): Promise<Buffer> {
    const { promise, resolve, reject } = withResolvers<Buffer>();
    this.#resolve = resolve;
    this.#reject = reject;
    readers.set(this.#message, this.#fail);
    // Without a listener for "error" Node reports an aborted request by "close" alone.
    this.#message.on("close", this.#close);
    this.#decoder?.on("error", this.#broken);
    (this.#decoder ?? this.#message).on("data", this.#take).on("end", this.#done);
    if (this.#decoder !== undefined) this.#message.pipe(this.#decoder);
    return promise;
  }

  readonly #take = (chunk: Buffer): void => {
    this.#size += chunk.length;
    if (this.#size > this.#limit) this.#fail(tooLarge(this.#limit));
    else this.#chunks.push(chunk);
  };

  readonly #done = (): void => {
    this.#release();
    const [first = empty, ...rest] = this.#chunks;
    this.#resolve(rest.length === 0 ? first : Buffer.concat(this.#chunks, this.#size));
  };

  readonly #close = (): void => {
    if (!this.#message.complete) this.#fail(new ClientClosedError());
  };

  readonly #broken = (): void => this.#fail(new HTTPError(400, "broken compressed data"));

  readonly #fail = (error: Error): void => {
    this.#release();
    this.#message.pause();
    this.#reject(error);
  };

  #release(): void {
    readers.delete(this.#message);
    this.#message.off("close", this.#close).off("data", this.#take).off("end", this.#done);
    if (this.#decoder === undefined) return;
    this.#message.unpipe(this.#decoder);
    this.#decoder.off("data", this.#take).off("end", this.#done);
    // The error listener stays: destroying a decoder at work may still report one.
    this.#decoder.destroy();
  }
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): Resolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
