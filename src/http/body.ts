import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { ClientClosedError, HTTPError, RequestNotAvailableError } from "../errors.js";
import {
  type BodyEnd,
  type BodyLimits,
  BodyReader,
  type BodySink,
  isFaultless,
  nothing,
  tooLarge,
} from "./body-reader.js";
import { hasBody } from "./framing.js";
import { isWatched, passOver } from "./unread-message.js";

/** Requests whose client waits for `100 Continue` before it sends the body. */
const awaitingContinue = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes that `100 Continue` is due as soon as somebody wants the body. Called from the server's `checkContinue`. */
export function expectContinue(message: IncomingMessage, response: ServerResponse): void {
  awaitingContinue.set(message, response);
}

/** Whether the client still holds its body back. */
export function isAwaitingContinue(message: IncomingMessage): boolean {
  return awaitingContinue.has(message);
}

/**
 * The body of a request that has come in whole, as small ones have when their request is served; undefined: it is to be read.
 * Taken so it is read, and nothing is told of its end.
 *
 * @throws HTTPError 413 above the limit.
 */
export function bodyAtHand(message: IncomingMessage, limit: number): Buffer | undefined {
  const { complete, headers } = message;
  const isPlain = headers["content-encoding"] === undefined && headers["transfer-encoding"] === undefined;
  if (!complete || !isPlain || !isFaultless(message) || isWatched(message)) return undefined;
  // Its client is to be told, though it has not waited: Node closes behind a request that was not.
  if (isAwaitingContinue(message)) return undefined;
  const { readableLength: length } = message;
  if (length > limit) throw tooLarge(limit);
  passOver(message);
  // Without the length Node 26 gives the first piece alone.
  return message.read(length) as Buffer;
}

/** The whole body, decoded. @throws what `consumeBody` throws. */
export function readBody(message: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => read(message, limits, undefined, { resolve, reject }));
}

/**
 * Hands the body to `sink`, piece by piece, with its `Content-Encoding` (gzip, deflate or br, one of them) undone. Call it once
 * per request. When it rejects, the rest of the body stays unread; finishing the response through `ResponseWriter` reads or
 * cuts it.
 *
 * @throws HTTPError 413 above the limit (before the first byte is read when `Content-Length` says so), 415 for another
 * coding, 400 for broken compressed data, 408 when `requestTimeout`, or the limits' own, runs out.
 * @throws ClientClosedError when the connection ends before the body does: a part is never taken for the whole.
 * @throws whatever the sink throws.
 */
export function consumeBody(message: IncomingMessage, limits: BodyLimits, sink: BodySink): Promise<void> {
  return new Promise((resolve, reject) => read(message, limits, sink, { resolve: () => resolve(), reject }));
}

const takenByOthers =
  "somebody else has read the body: who listens for data on node's message takes it from the handler";

/** Begins to read. What it throws rejects the promise in which it is called: on the way of every body each one counts. */
function read(message: IncomingMessage, limits: BodyLimits, sink: BodySink | undefined, end: BodyEnd): void {
  if (!hasBody(message)) return end.resolve(nothing);
  const decoder = decoderOf(message.headers["content-encoding"]);
  if (Number(message.headers["content-length"] ?? 0) > limits.limit) throw tooLarge(limits.limit);
  if (message.readableEnded) throw new RequestNotAvailableError(takenByOthers);
  if (message.destroyed) throw new ClientClosedError();
  acceptBody(message);
  new BodyReader(message, decoder?.(), limits, sink, end).start();
}

/** Somebody wants the body: a client that waits for `100 Continue` gets it. */
export function acceptBody(message: IncomingMessage): void {
  const response = awaitingContinue.get(message);
  if (response === undefined) return;
  awaitingContinue.delete(message);
  response.writeContinue();
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
