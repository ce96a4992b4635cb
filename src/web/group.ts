import { ConfigurationError } from "../errors.js";
import type { HandlerEntry, RouteGroup } from "./route.js";

/** What else a group says; see {@link group}. */
export interface GroupOptions {
  /** The host of all routes in it that have none of their own. Default: any. */
  readonly host?: string | RegExp;
  /** Stands in front of the names of its routes, for `reverseUrl`. Default: nothing. */
  readonly namePrefix?: string;
}

/**
 * Mounts handlers under a prefix. Their patterns follow it as they are written: `/users` becomes `/api/users`, `/` becomes
 * `/api/`, and `""`, which only a group allows, `/api` itself. The prefix may have parameters, which come first among the
 * verb's arguments. Groups may stand in groups.
 *
 * @throws ConfigurationError when `entries` is no list. What it contains is checked with the application.
 * @example handlers: [group("/api", [UserHandler, route("/status", StatusHandler)], { namePrefix: "api:" })]
 */
export function group(prefix: string, entries: readonly HandlerEntry[], options: GroupOptions = {}): RouteGroup {
  if (Array.isArray(entries)) return { ...options, prefix, entries };
  throw new ConfigurationError(`group(${JSON.stringify(prefix)}) takes a list of handlers, got ${typeof entries}`);
}
