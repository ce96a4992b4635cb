import { ConfigurationError } from "../errors.js";
import type { ApplicationDefinition } from "./application.js";
import { type RouteSpec, route } from "./route.js";
import { StaticFileHandler } from "./static-handler.js";
import type { StaticRoute } from "./static-url.js";

/** What a definition says of static files. @throws ConfigurationError for a prefix that is none. */
export function staticRouteOf({ staticPath, staticUrlPrefix }: ApplicationDefinition): StaticRoute | undefined {
  const prefix = staticUrlPrefix ?? "/static/";
  if (!/^\/(?:[^/:*]+\/)+$/.test(prefix)) {
    throw new ConfigurationError(
      `staticUrlPrefix begins and ends with a slash, as "/static/", got ${JSON.stringify(prefix)}`,
    );
  }
  if (staticPath !== undefined) return { prefix, args: { path: staticPath } };
  if (staticUrlPrefix === undefined) return undefined;
  throw new ConfigurationError("staticUrlPrefix says where the files of `staticPath` are served: set that as well");
}

/** Their routes. Browsers and crawlers ask for two of them at the root. Source: Tornado's `static_path`. */
export function staticSpecs(staticRoute: StaticRoute | undefined, others: readonly RouteSpec[]): RouteSpec[] {
  if (staticRoute === undefined) return [];
  const taken = new Set(others.map(({ pattern }) => pattern));
  return [`${staticRoute.prefix}*`, "/favicon.ico", "/robots.txt"]
    .filter((pattern) => pattern.endsWith("*") || !taken.has(pattern))
    .map((pattern) => route(pattern, StaticFileHandler, staticRoute.args));
}
