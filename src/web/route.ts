import type { RouteOptions } from "../decorators/route.js";
import type { RouteMetadata } from "../metadata.js";
import type { RequestHandler } from "./handler.js";
import type { HandlerClass } from "./verbs.js";

/** A route as the table form writes it; made by {@link route}. */
export interface RouteSpec extends RouteMetadata {
  readonly handler: HandlerClass;
  readonly args: object | undefined;
}

/** What follows the handler in {@link route}: the arguments of its `initialize`, to be left out only if that needs none. */
type RouteRest<H> = H extends { initialize(args: infer A extends object): void }
  ? Record<string, never> extends A
    ? [args?: A, options?: RouteOptions]
    : [args: A, options?: RouteOptions]
  : [args?: Record<string, never>, options?: RouteOptions];

/**
 * A line of the routing table, for handlers without `@Route` or with arguments: `args` is passed to `initialize` of each
 * instance and typed by it. What `options` says is what `@Route` says.
 *
 * @example handlers: [route("/files/*", DownloadHandler, { root: "/srv/files" }, { name: "files" })]
 */
export function route<H extends RequestHandler>(
  pattern: string | RegExp,
  handler: new (...args: never[]) => H,
  ...[args, options]: RouteRest<H>
): RouteSpec {
  return { ...options, pattern, handler: handler as unknown as HandlerClass, args };
}

/** Entries that are mounted together; made by `group`. */
export interface RouteGroup {
  readonly prefix: string;
  readonly entries: readonly HandlerEntry[];
  readonly host?: string | RegExp;
  readonly namePrefix?: string;
}

/** What a definition may list: decorated classes, lines of the table, and groups of them. */
export type HandlerEntry = HandlerClass | RouteSpec | RouteGroup;

/** The classes of all entries, those in groups included: what workers need to know of a table. */
export function handlersOf(entries: readonly HandlerEntry[]): HandlerClass[] {
  return entries.flatMap((entry) => {
    if (typeof entry === "function") return [entry];
    return "entries" in entry ? handlersOf(entry.entries) : [entry.handler];
  });
}
