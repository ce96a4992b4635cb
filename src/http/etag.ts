import { hash } from "node:crypto";

/** The strong entity tag of a body: its SHA-1 in quotes, as Tornado makes it. It names content, it protects nothing. */
export function entityTag(body: string | Uint8Array): string {
  return `"${hash("sha1", body)}"`;
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
