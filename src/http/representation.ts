import type { ServerResponse } from "node:http";
import { ResponseError } from "../errors.js";
import { entityTag, matchesEntityTag } from "./etag.js";

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
 * Completes the header section for a body that is known whole: its length, and the answer to `If-None-Match`.
 *
 * @param etag whether to make an `Etag` when there is none, and compare.
 * @returns what of the body is to be sent.
 * @throws ResponseError when `Content-Length` was set to something else, or the status forbids a body.
 */
export function describe(response: ServerResponse, body: BodyChunk, etag: boolean): BodyChunk {
  if (isBodiless(response.statusCode)) return dropEntity(response, body);
  setLength(response, body);
  if (!etag || response.statusCode !== 200 || !isRead(response.req.method)) return body;
  const tag = tagOf(response, body);
  const condition = response.req.headers["if-none-match"];
  if (condition === undefined || !matchesEntityTag(condition, tag)) return body;
  response.statusCode = 304;
  response.statusMessage = "";
  return dropEntity(response, "");
}

function setLength(response: ServerResponse, body: BodyChunk): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const declared = response.getHeader("Content-Length");
  // An answer to HEAD may give the length of a body that was never made.
  const unmade = response.req.method === "HEAD" && length === 0;
  if (declared === undefined) response.setHeader("Content-Length", length);
  else if (Number(declared) !== length && !unmade) {
    throw new ResponseError(`Content-Length is set to ${String(declared)}, but ${length} bytes were written`);
  }
}

function isRead(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}

function tagOf(response: ServerResponse, body: BodyChunk): string {
  const own = response.getHeader("Etag");
  if (own !== undefined) return String(own);
  const tag = entityTag(body);
  response.setHeader("Etag", tag);
  return tag;
}
