import type { HTTPServerRequest } from "./request.js";

/**
 * The site that caused a request, when it is another one: what a browser calls it, its origin where there is one. Undefined
 * for a request that the own pages or the user caused, and for clients that are no browsers and say nothing.
 *
 * `Sec-Fetch-Site` decides, which no page can set; browsers from before 2020–2023 send `Origin` alone, and that is compared
 * with the host. A subdomain is another site here: who controls one must not act on its parent.
 *
 * Source: W3C Fetch Metadata; the algorithm is that of Go's `CrossOriginProtection`.
 */
export function foreignSite(request: HTTPServerRequest): string | undefined {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  if (site === "same-origin" || site === "none") return undefined;
  if (site !== undefined) return origin ?? site;
  return origin === undefined || isOwn(origin, request.host.toLowerCase()) ? undefined : origin;
}

/** A proxy may have dropped the port from the host; then the port is no criterion. */
function isOwn(origin: string, host: string): boolean {
  const [, hostAndPort = "", name] =
    /^https?:\/\/(([^/:[\]]+|\[[\da-f:.]+\])(?::\d+)?)$/i.exec(origin.toLowerCase()) ?? [];
  return hostAndPort === host || name === host;
}
