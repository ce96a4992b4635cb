import { HTTPError } from "../errors.js";

/** Arguments by name, each with all its values in the order sent. It has no prototype: `"__proto__"` is a name like others. */
export type ArgumentMap = Record<string, string[]>;

export function emptyArguments(): ArgumentMap {
  return Object.create(null) as ArgumentMap;
}

/**
 * Parses a query or an `application/x-www-form-urlencoded` body in linear time. (`URLSearchParams` is quadratic on Node 24
 * and 26: one megabyte of `a&a&a` blocks for three seconds.) A name without `=` has the value `""`, as in Tornado; nothing
 * is nested.
 *
 * @param limit number of parameters; they are counted before the first is decoded.
 * @throws HTTPError 400 for too many parameters, malformed percent-encoding, or bytes that are not UTF-8.
 */
export function parseArguments(text: string, limit: number): ArgumentMap {
  const found = emptyArguments();
  if (text === "") return found;
  refuseTooMany(text, limit);
  for (const piece of text.split("&")) if (piece !== "") addPiece(found, piece);
  return found;
}

function refuseTooMany(text: string, limit: number): void {
  let count = 1;
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) {
    count += 1;
    if (count > limit) break;
  }
  if (count > limit) throw new HTTPError(400, `more than ${limit} parameters`);
}

function addPiece(found: ArgumentMap, piece: string): void {
  const equals = piece.indexOf("=");
  const name = decode(equals < 0 ? piece : piece.slice(0, equals));
  const value = equals < 0 ? "" : decode(piece.slice(equals + 1));
  (found[name] ??= []).push(value);
}

function decode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // The URIError says nothing more, and the text itself stays out of log and answer.
    throw new HTTPError(400, "malformed percent-encoding in a parameter");
  }
}

/** Both sources as one: of a name in both, the body's values come after the query's, so that the last wins. */
export function mergeArguments(query: ArgumentMap, body: ArgumentMap): ArgumentMap {
  const merged = emptyArguments();
  for (const source of [query, body]) {
    for (const name of Object.keys(source)) (merged[name] ??= []).push(...(source[name] ?? []));
  }
  return merged;
}

/** The last value of a name, cleaned; undefined when there is none. */
export function lastArgument(from: ArgumentMap, name: string, strip = true): string | undefined {
  const value = from[name]?.at(-1);
  return value === undefined ? undefined : cleanArgument(value, strip);
}

/** All values of a name, cleaned. */
export function allArguments(from: ArgumentMap, name: string, strip = true): string[] {
  return (from[name] ?? []).map((value) => cleanArgument(value, strip));
}

/** Control characters (not tabs and line ends) become spaces; then, by default, white space at both ends goes. Source: Tornado. */
export function cleanArgument(value: string, strip = true): string {
  const printable = value.replaceAll(/[\u0000-\u0008\u000e-\u001f]/g, " ");
  return strip ? printable.trim() : printable;
}
