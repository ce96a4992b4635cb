import { hash } from "node:crypto";

/** The strong entity tag of a body: its SHA-1 in quotes, as Tornado makes it. It names content, it protects nothing. */
export function entityTag(body: string | Uint8Array): string {
  return `"${hash("sha1", body)}"`;
}

/**
 * Whether `If-None-Match` names the tag: `*`, or one of its list by weak comparison (RFC 9110, sections 8.8.3.2, 13.1.2).
 * Linear in the length of the field; what is not a quoted tag is passed over.
 */
export function matchesEntityTag(ifNoneMatch: string, tag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const named: readonly string[] = ifNoneMatch.match(/"[^"]*"/g) ?? [];
  return named.includes(opaque(tag));
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}
