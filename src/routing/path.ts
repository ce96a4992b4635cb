/** A request target taken apart; see {@link canonicalPath}. */
export interface CanonicalTarget {
  /**
   * Decoded once. Three escapes stay, in upper case: `%2F` and `%5C`, which would otherwise read as separators, and `%25`,
   * which marks the text of an escape; so two targets have equal paths only if they mean the same.
   */
  readonly path: string;
  /** What follows the first `?`, as it came. Empty when there is none. */
  readonly query: string;
}

/** What RFC 3986 allows nowhere in a path unescaped: controls, space, non-ASCII; and `\`, which browsers read as `/`. */
const notInPath = /[^\x21-\x7e]|\\/;
const control = /[\u0000-\u001f\u007f-\u009f]/;
const keptEscapes = /%(?:25|2f|5c)/gi;

/**
 * The one form of a path that middleware, router and static files all see. `target` is in origin-form (RFC 9112, section
 * 3.2.1): another form is the caller's to take apart first. Dot segments are text like any other; clients resolve them.
 *
 * Undefined means malformed: no `/` in front, a `#`, a broken escape, escapes that are not UTF-8, a control character,
 * a raw space, backslash or non-ASCII character in the path. It never throws.
 *
 * @example
 * canonicalPath("/caf%C3%A9/a%2fb?x=%20"); // { path: "/café/a%2Fb", query: "x=%20" }
 */
export function canonicalPath(target: string): CanonicalTarget | undefined {
  if (!target.startsWith("/") || target.includes("#")) return undefined;
  const mark = target.indexOf("?");
  const path = decodeOnce(mark === -1 ? target : target.slice(0, mark));
  return path === undefined ? undefined : { path, query: mark === -1 ? "" : target.slice(mark + 1) };
}

function decodeOnce(raw: string): string | undefined {
  if (notInPath.test(raw)) return undefined;
  if (!raw.includes("%")) return raw;
  const path = decodeOrUndefined(raw.replaceAll(keptEscapes, (escape) => `%25${escape.slice(1).toUpperCase()}`));
  return path === undefined || control.test(path) ? undefined : path;
}

function decodeOrUndefined(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The text of a piece of a canonical path: resolves the three escapes that {@link canonicalPath} leaves. */
export function decodeRest(piece: string): string {
  return piece.includes("%") ? piece.replaceAll(keptEscapes, decodeURIComponent) : piece;
}
