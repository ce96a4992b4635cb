import type { IncomingHttpHeaders } from "node:http";
import { listsEntityTag } from "./etag.js";
import { parseHttpDate } from "./http-date.js";

/** What is known of a representation, to be compared with what a client knows of it. */
export interface Validators {
  /** With its quotes, and `W/` in front of a weak one. */
  readonly etag?: string | undefined;
  /** Compared in whole seconds. */
  readonly lastModified?: Date | undefined;
}

/** What is to be done: go on, answer 304, or answer 412. */
export type Verdict = "perform" | "notModified" | "failed";

/** Whether a request has conditions at all: few have. */
export function isConditional(headers: IncomingHttpHeaders): boolean {
  return (
    headers["if-none-match"] !== undefined ||
    headers["if-modified-since"] !== undefined ||
    headers["if-match"] !== undefined ||
    headers["if-unmodified-since"] !== undefined
  );
}

/**
 * Evaluates a request's conditions in the order of RFC 9110, section 13.2.2. Call it only if the request would succeed
 * without them, and before anything is changed. What is malformed counts as absent.
 *
 * @param current the validators of what the request asks for; undefined when there is nothing yet, as before a PUT that
 * creates it.
 */
export function evaluateConditions(
  method: string,
  headers: IncomingHttpHeaders,
  current: Validators | undefined,
): Verdict {
  if (!holdsForChange(headers, current)) return "failed";
  const isRead = method === "GET" || method === "HEAD";
  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined) {
    if (!names(noneMatch, current, "weak")) return "perform";
    return isRead ? "notModified" : "failed";
  }
  const since = isRead ? dateOf(headers["if-modified-since"]) : undefined;
  const modified = secondsOf(current);
  return since !== undefined && modified !== undefined && modified <= since ? "notModified" : "perform";
}

/**
 * Whether a range may be served in answer to `If-Range`: without one, or when it names what is there now, by strong
 * comparison or by the very date (RFC 9110, section 13.1.5).
 */
export function holdsForRange(headers: IncomingHttpHeaders, current: Validators): boolean {
  const field = headers["if-range"];
  // Node joins nothing here, but its types allow for several fields.
  if (field === undefined) return true;
  const text = String(field);
  if (text.includes('"')) return /^"[^"]*"$/.test(text) && names(text, current, "strong");
  const date = dateOf(text);
  return date !== undefined && date === secondsOf(current);
}

/** `If-Match`, and in its absence `If-Unmodified-Since`: guards against overwriting what somebody else has changed. */
function holdsForChange(headers: IncomingHttpHeaders, current: Validators | undefined): boolean {
  const match = headers["if-match"];
  if (match !== undefined) return names(match, current, "strong");
  const since = dateOf(headers["if-unmodified-since"]);
  const modified = secondsOf(current);
  return since === undefined || modified === undefined || modified <= since;
}

function names(field: string, current: Validators | undefined, comparison: "weak" | "strong"): boolean {
  if (field.trim() === "*") return current !== undefined;
  return current?.etag !== undefined && listsEntityTag(field, current.etag, comparison);
}

function dateOf(field: string | undefined): number | undefined {
  return field === undefined ? undefined : parseHttpDate(field);
}

/** In milliseconds, without what a date field does not show. */
function secondsOf(current: Validators | undefined): number | undefined {
  const time = current?.lastModified?.getTime();
  return time === undefined ? undefined : time - (time % 1000);
}
