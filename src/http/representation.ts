import type { IncomingMessage } from "node:http";
import { ResponseError } from "../errors.js";
import type { AnswerHead } from "./answer-head.js";
import { weakenTag } from "./compression.js";
import { type Validators, evaluateConditions, isConditional } from "./conditional.js";
import type { EntityTagger } from "./etag.js";
import { parseHttpDate } from "./http-date.js";

/** A part of a body; strings go out as UTF-8. */
export type BodyChunk = string | Uint8Array;

/** They describe a representation, which 204 and 304 do not carry (RFC 9110, section 15.4.5). */
const entityHeaders = ["Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type"];

/** One string or one array of bytes; the usual single chunk is passed through. */
export function joined(chunks: readonly BodyChunk[]): BodyChunk {
  const [first = ""] = chunks;
  if (chunks.length < 2) return first;
  if (chunks.every((chunk) => typeof chunk === "string")) return chunks.join("");
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk)));
}

/** Whether the status forbids a body. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

/**
 * Removes what describes a body from an answer that has none.
 * @throws ResponseError when a body was written all the same.
 */
export function dropEntity(head: AnswerHead, body: BodyChunk): BodyChunk {
  if (body.length > 0) throw new ResponseError(`a body was written to an answer with status ${head.status}`);
  for (const name of entityHeaders) head.remove(name);
  return body;
}

/**
 * Completes the header section for a body that is known whole: its length, its `Etag`, and the answer to the conditions of
 * the request.
 *
 * @param tagger makes the `Etag` when there is none; undefined: nobody does.
 * @param coded whether the body will be compressed, which weakens its tag.
 * @returns what of the body is to be sent.
 * @throws ResponseError when `Content-Length` was set to something else, or the status forbids a body.
 */
export function describe(
  head: AnswerHead,
  message: IncomingMessage,
  body: BodyChunk,
  tagger: EntityTagger | undefined,
  coded = false,
): BodyChunk {
  if (isBodiless(head.status)) return dropEntity(head, body);
  // An answer to HEAD may give the length of a body that was never made.
  const unmade = setLength(head, message, body) && body.length === 0 && message.method === "HEAD";
  if (head.status !== 200 || !isRead(message.method)) return body;
  const tag = unmade || head.has("Etag") ? undefined : tagger?.(body);
  if (tag !== undefined) head.set("Etag", tag);
  if (coded) weakenTag(head);
  return isConditional(message.headers) ? answerConditions(head, message, body) : body;
}

/** @returns whether the length had been set. */
function setLength(head: AnswerHead, message: IncomingMessage, body: BodyChunk): boolean {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const declared = head.get("Content-Length");
  if (declared === undefined) head.set("Content-Length", String(length));
  else if (Number(declared) !== length && !(message.method === "HEAD" && length === 0)) {
    throw new ResponseError(`Content-Length is set to ${String(declared)}, but ${length} bytes were written`);
  }
  return declared !== undefined;
}

function isRead(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}

function answerConditions(head: AnswerHead, message: IncomingMessage, body: BodyChunk): BodyChunk {
  const verdict = evaluateConditions(message.method ?? "", message.headers, validatorsOf(head));
  if (verdict === "perform") return body;
  head.status = verdict === "notModified" ? 304 : 412;
  head.reason = "";
  dropEntity(head, "");
  if (verdict === "failed") head.set("Content-Length", "0");
  return "";
}

function validatorsOf(head: AnswerHead): Validators {
  const date = parseHttpDate(String(head.get("Last-Modified")));
  return {
    etag: head.get("Etag")?.toString(),
    lastModified: date === undefined ? undefined : new Date(date),
  };
}
