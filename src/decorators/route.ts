import type { Class } from "../concurrent.js";
import { type RouteMetadata, recordRoute } from "../metadata.js";

/** What else a route says: see {@link Route}. */
export type RouteOptions = Omit<RouteMetadata, "pattern">;

/**
 * Serves a path with the decorated handler class. It only records; nothing is routed before the class stands in
 * `handlers` of an application.
 *
 * Strings name segments: `/users/:id`, `/files/*`. A RegExp must match the whole path and its groups become the verb's
 * positional arguments; it is tried after the strings, in the order of the table. Several `@Route`s may stand on a class.
 *
 * @param options.name for `reverseUrl(name, …)`; unique in the application. Default: none.
 * @param options.host restricts the route to a `Host` (without port). Default: any.
 * @param options.timeout longest time of a request, in milliseconds; past it the client is answered 503, the request's
 * signal aborts, and so do its tasks on executors. Default: none.
 * @param options.bodyLimit longest body in bytes, in the place of the application's `bodyLimit`: for uploads.
 * @param options.bodyTimeout longest time of reading the body, in milliseconds, in the place of the application's
 * `requestTimeout`; 0 is none. It also holds while a handler takes the body more slowly than the client sends it.
 * @param options.cors which pages of other sites may use the route, in the place of the application's `cors`; false: none.
 *
 * @example
 * @Route("/users/:id", { name: "user" })
 * class UserHandler extends RequestHandler {
 *   get(id: string) { return { id }; }
 * }
 */
export function Route(pattern: string | RegExp, options: RouteOptions = {}): (target: Class) => void {
  return (target) => recordRoute(target, { ...options, pattern });
}
