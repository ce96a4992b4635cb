import { HTTPError } from "../errors.js";

/**
 * Arguments by name, each with all its values in the order sent. A `Map`, because clients choose the names: `"__proto__"` is
 * one like others, and V8 caches the properties of an object by names that it has seen as the very same strings, which those
 * of a request never are.
 */
export type ArgumentMap = ReadonlyMap<string, readonly string[]>;

export const noArguments: ArgumentMap = new Map();

/**
 * Parses a query or an `application/x-www-form-urlencoded` body in linear time. (`URLSearchParams` is quadratic on Node 24
 * and 26: one megabyte of `a&a&a` blocks for three seconds.) A name without `=` has the value `""`, as in Tornado; nothing
 * is nested.
 *
 * @param limit number of parameters; they are counted before the first is decoded.
 * @throws HTTPError 400 for too many parameters, malformed percent-encoding, or bytes that are not UTF-8.
 */
export function parseArguments(text: string, limit: number): ArgumentMap {
  if (text === "") return noArguments;
  refuseTooMany(text, limit);
  const found = new Map<string, string[]>();
  let start = 0;
  while (start < text.length) {
    const ampersand = text.indexOf("&", start);
    const end = ampersand < 0 ? text.length : ampersand;
    if (end > start) addPiece(found, text.slice(start, end));
    start = end + 1;
  }
  return found;
}

/** Adds one more value of a name. */
export function addArgument(to: Map<string, string[]>, name: string, value: string): void {
  const values = to.get(name);
  if (values === undefined) to.set(name, [value]);
  else values.push(value);
}

function refuseTooMany(text: string, limit: number): void {
  let count = 1;
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) {
    count += 1;
    if (count > limit) break;
  }
  if (count > limit) throw new HTTPError(400, `more than ${limit} parameters`);
}

function addPiece(found: Map<string, string[]>, piece: string): void {
  const equals = piece.indexOf("=");
  if (equals < 0) addArgument(found, decode(piece), "");
  else addArgument(found, decode(piece.slice(0, equals)), decode(piece.slice(equals + 1)));
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

/** All values of a name, cleaned. */
export function allArguments(from: ArgumentMap, name: string, strip = true): string[] {
  return (from.get(name) ?? []).map((value) => cleanArgument(value, strip));
}

const control = /[\u0000-\u0008\u000e-\u001f]/;
const controls = new RegExp(control, "g");

/** Control characters (not tabs and line ends) become spaces; then, by default, white space at both ends goes. Source: Tornado. */
export function cleanArgument(value: string, strip = true): string {
  const printable = control.test(value) ? value.replaceAll(controls, " ") : value;
  return strip ? printable.trim() : printable;
}
