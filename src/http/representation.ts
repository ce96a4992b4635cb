import type { ServerResponse } from "node:http";
import { ResponseError } from "../errors.js";
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
export function dropEntity(response: ServerResponse, body: BodyChunk): BodyChunk {
  if (body.length > 0) throw new ResponseError(`a body was written to an answer with status ${response.statusCode}`);
  for (const name of entityHeaders) response.removeHeader(name);
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
  response: ServerResponse,
  body: BodyChunk,
  tagger: EntityTagger | undefined,
  coded = false,
): BodyChunk {
  if (isBodiless(response.statusCode)) return dropEntity(response, body);
  // An answer to HEAD may give the length of a body that was never made.
  const unmade = setLength(response, body) && body.length === 0 && response.req.method === "HEAD";
  if (response.statusCode !== 200 || !isRead(response.req.method)) return body;
  const tag = unmade || response.hasHeader("Etag") ? undefined : tagger?.(body);
  if (tag !== undefined) response.setHeader("Etag", tag);
  if (coded) weakenTag(response);
  return isConditional(response.req.headers) ? answerConditions(response, body) : body;
}

/** @returns whether the length had been set. */
function setLength(response: ServerResponse, body: BodyChunk): boolean {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const declared = response.getHeader("Content-Length");
  if (declared === undefined) response.setHeader("Content-Length", length);
  else if (Number(declared) !== length && !(response.req.method === "HEAD" && length === 0)) {
    throw new ResponseError(`Content-Length is set to ${String(declared)}, but ${length} bytes were written`);
  }
  return declared !== undefined;
}

function isRead(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}

function answerConditions(response: ServerResponse, body: BodyChunk): BodyChunk {
  const verdict = evaluateConditions(response.req.method ?? "", response.req.headers, validatorsOf(response));
  if (verdict === "perform") return body;
  response.statusCode = verdict === "notModified" ? 304 : 412;
  response.statusMessage = "";
  dropEntity(response, "");
  if (verdict === "failed") response.setHeader("Content-Length", 0);
  return "";
}

function validatorsOf(response: ServerResponse): Validators {
  const date = parseHttpDate(String(response.getHeader("Last-Modified")));
  return {
    etag: response.getHeader("Etag")?.toString(),
    lastModified: date === undefined ? undefined : new Date(date),
  };
}
