import { ConfigurationError, HTTPError } from "../errors.js";
import type { HTTPServerRequest } from "../http/request.js";
import { splitTarget } from "../http/target.js";
import { prefersPage } from "./error-page.js";
import type { RequestHandler } from "./handler.js";
import type { Verb } from "./verbs.js";

/** What `getCurrentUser` gives. @throws ConfigurationError for a promise: it would pass for a user. */
export function userOf<User>(handler: RequestHandler<User>): User | undefined {
  const user = handler.getCurrentUser?.() ?? undefined;
  if (typeof (user as { then?: unknown } | undefined)?.then !== "function") return user;
  throw new ConfigurationError(
    `${handler.constructor.name}.getCurrentUser() gave a promise: await in prepare(), and assign the user to this.currentUser`,
  );
}

const guardedVerbs = new WeakSet<Verb>();

/** The verb for those who are logged in alone. */
export function guarded(verb: Verb): Verb {
  const guard: Verb = function guardedVerb(...pathArguments) {
    return this.currentUser ? verb.apply(this, pathArguments) : askToLogIn(this);
  };
  guardedVerbs.add(guard);
  return guard;
}

/** Whether the verb will refuse whoever asks: then there is no sense in taking his body first. */
export function willRefuse(verb: Verb, handler: RequestHandler): boolean {
  return guardedVerbs.has(verb) && !handler.currentUser;
}

/**
 * Sends a person to the log-in page; a program, and whoever wants to change something, gets 403: a redirect would lose what
 * was sent. Source: Tornado's `authenticated`.
 */
function askToLogIn(handler: RequestHandler): void {
  const { request } = handler;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const url = isRead && prefersPage(request.headers.get("accept")) ? handler.getLoginUrl() : undefined;
  if (url === undefined) throw new HTTPError(403);
  handler.addHeader("Vary", "Accept");
  handler.redirect(withNext(url, request));
}

/** A log-in page with a query of its own knows what it wants; another one is told where to come back to. */
function withNext(url: string, request: HTTPServerRequest): string {
  if (url.includes("?")) return url;
  const next = /^[a-z][a-z\d+.-]*:/i.test(url) ? request.fullUrl() : localTarget(request);
  return `${url}?${new URLSearchParams({ next }).toString()}`;
}

/** Path and query. With two slashes in front a browser would take the path for a host. */
function localTarget({ uri }: HTTPServerRequest): string {
  const { path, query } = splitTarget(uri);
  return path.replace(/^\/+/, "/") + (query === "" ? "" : `?${query}`);
}
