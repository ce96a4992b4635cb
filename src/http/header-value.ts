import { ResponseError } from "../errors.js";

/** What a header field may be set to: dates become HTTP dates (RFC 9110, section 5.6.7), lists one field each. */
export type HeaderValue = string | number | Date | readonly string[];

/** A field as it goes out, already checked. */
export type HeaderField = readonly [name: string, value: string];

const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unsafeCharacter = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** @throws ResponseError for a name that is no token. */
export function checkHeaderName(name: string): void {
  if (!nameForm.test(name)) throw new ResponseError(`Unsafe header name ${shown(name)}`);
}

/**
 * The text of a value as it goes out.
 *
 * @throws ResponseError for CR, LF, NUL, other control characters and what Latin-1 does not have: with them a value could
 * end its line and start a field, or a whole response, of its own.
 */
export function headerText(name: string, value: HeaderValue): string | string[] {
  if (typeof value === "string") return safe(name, value);
  if (typeof value === "number") return String(value);
  if (value instanceof Date) return dateText(name, value);
  return value.map((item) => safe(name, String(item)));
}

function safe(name: string, value: string): string {
  if (unsafeCharacter.test(value)) throw new ResponseError(`Unsafe header value for ${name}: ${shown(value)}`);
  return value;
}

function dateText(name: string, date: Date): string {
  if (Number.isNaN(date.getTime())) throw new ResponseError(`Unsafe header value for ${name}: an invalid Date`);
  return date.toUTCString();
}

/** @throws ResponseError for a reason phrase that is not printable ASCII or has `<`, which error pages would show as markup. */
export function checkReason(reason: string): void {
  if (/[^\u0020-\u007e]|</.test(reason)) {
    throw new ResponseError(`setStatus: the reason must be printable ASCII without "<", got ${shown(reason)}`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
