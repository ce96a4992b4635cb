/** A value of a query; several make several parameters. Undefined and null are left out. */
export type QueryValue = string | number | bigint | boolean | null | undefined;

/**
 * A URL with parameters added behind those that it has; a fragment stays last.
 *
 * @example urlConcat(this.reverseUrl("users"), { page: 2, tag: ["a", "b"] }); // "/users?page=2&tag=a&tag=b"
 *
 * Source: Tornado's `url_concat`.
 */
export function urlConcat(
  url: string,
  parameters: Readonly<Record<string, QueryValue | readonly QueryValue[]>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const item of [value].flat()) if (item !== undefined && item !== null) query.append(name, String(item));
  }
  return withQuery(url, query.toString());
}

/** A URL with a query, which is escaped already, behind its own. */
export function withQuery(url: string, query: string): string {
  if (query === "") return url;
  const [, base = "", fragment = ""] = /^([^#]*)(.*)$/s.exec(url) ?? [];
  const joint = !base.includes("?") ? "?" : /[?&]$/.test(base) ? "" : "&";
  return `${base}${joint}${query}${fragment}`;
}
