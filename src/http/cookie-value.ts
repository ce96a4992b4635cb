import { ResponseError } from "../errors.js";

/** What Python's `http.cookies` sends without quotes, and what it sends between quotes as it is. */
const plainText = /^[\w!#$%&'*+\-.^`|~:]*$/;
const toEscape = /[^\w!#$%&'*+\-.^`|~: ()/<=>?@[\]{}]/g;
/** Controls and spaces, which would end a line or be trimmed; and what an octal escape cannot say. */
const forbidden = /[^!-~\u00a0-\u00ff]/;

/**
 * The text of a cookie's value as it goes out: as it is, or between double quotes with octal escapes (`;` is `\073`).
 *
 * @throws ResponseError for control characters, spaces, and characters beyond Latin-1: encode such a value first.
 *
 * Source: `_quote` of Python's `http.cookies`, as Tornado's `set_cookie` uses it.
 */
export function quoteCookieValue(value: string): string {
  if (forbidden.test(value)) {
    throw new ResponseError(
      "setCookie: the value has a space, a control character or one beyond Latin-1; encode it, by encodeURIComponent for example",
    );
  }
  return plainText.test(value) ? value : `"${value.replaceAll(toEscape, escapeOf)}"`;
}

function escapeOf(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}

/**
 * The value that a cookie's text stands for: only what stands in double quotes has escapes. Linear in its length, which
 * Python's own was not (CVE-2024-7592). Never throws.
 */
export function unquoteCookieValue(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  const inner = text.slice(1, -1);
  return inner.includes("\\") ? inner.replaceAll(/\\(?:([0-3][0-7]{2})|(.))/gs, unescaped) : inner;
}

function unescaped(_: string, octal: string | undefined, character: string): string {
  return octal === undefined ? character : String.fromCharCode(Number.parseInt(octal, 8));
}
