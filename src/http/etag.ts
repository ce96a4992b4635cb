import { hash } from "node:crypto";
import { ResponseError } from "../errors.js";

/** Makes the tag of a body; undefined: it gets none. */
export type EntityTagger = (body: string | Uint8Array) => string | undefined;

/** Characters; of longer bodies hashing is not what costs. */
const rememberedLength = 1024;

let last = { body: "", tag: tagOf("") };

/**
 * The strong entity tag of a body: its SHA-1 in quotes, as Tornado makes it. It names content, it protects nothing. That of the
 * last short text is remembered: what is asked again and again mostly has not changed.
 */
export function entityTag(body: string | Uint8Array): string {
  if (typeof body !== "string" || body.length > rememberedLength) return tagOf(body);
  if (body !== last.body) last = { body, tag: tagOf(body) };
  return last.tag;
}

function tagOf(body: string | Uint8Array): string {
  return `"${hash("sha1", body)}"`;
}

/**
 * A tag that an application made (RFC 9110, section 8.8.3).
 * @throws ResponseError for one without its quotes, or with what no tag may have: it would equal nothing a client sends.
 */
export function checkedTag(tag: string | undefined): string | undefined {
  if (tag === undefined || /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag)) return tag;
  throw new ResponseError(`an entity tag is text in double quotes, with W/ in front if it is weak; got ${tag}`);
}

/** How two tags are compared (RFC 9110, section 8.8.3.2): by strong comparison, a weak tag equals nothing. */
export type Comparison = "weak" | "strong";

/**
 * Whether a list of tags, as `If-None-Match` and `If-Match` send it, has this one. `*` is the caller's to look for. Linear
 * in the length of the field; what is not a quoted tag is passed over.
 */
export function listsEntityTag(field: string, tag: string, comparison: Comparison): boolean {
  if (comparison === "strong" && isWeak(tag)) return false;
  const named: readonly string[] = field.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return named.some((other) => opaque(other) === opaque(tag) && (comparison === "weak" || !isWeak(other)));
}

function isWeak(tag: string): boolean {
  return tag.startsWith("W/");
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag;
}
