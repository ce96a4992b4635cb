import type { Class } from "../concurrent.js";
import { middlewareOf, recordMiddleware } from "../metadata.js";
import type { RequestHandler } from "./handler.js";
import type { HandlerClass } from "./verbs.js";

/**
 * Goes on with the request: the next middleware, at last `prepare` and the verb. It settles when they are done and what
 * the verb returned is written, and rejects with what they threw. Nothing is sent before the middleware itself has ended,
 * unless the handler flushed. Headers that are set before stand on error pages, too. Call it once, or not at all.
 */
export type Next = () => Promise<void>;

/** Middleware as a function. What it returns is written as an answer, like what a verb returns. */
export type MiddlewareFunction = (handler: RequestHandler, next: Next) => unknown;

/** Middleware as a class with injected services: made for each request, or once when it is a `@singleton()`. */
export interface MiddlewareClass {
  handle(handler: RequestHandler, next: Next): unknown;
}

/** What `middleware` of a definition and {@link Use} take. */
// oxlint-disable-next-line typescript/no-explicit-any -- a class is accepted whatever its constructor takes
export type Middleware = MiddlewareFunction | (new (...args: any[]) => MiddlewareClass);

/**
 * Puts middleware around a handler class, or around one of its verbs: outside of `prepare` and the verb, inside of the
 * application's own, in the order written; a class's before its verb's, a parent class's first. HEAD passes what the verb
 * that answers it passes. It only records.
 *
 * It does not run when the method is answered 405, or when the body was refused; it does run for an OPTIONS request that
 * is answered from the verbs.
 *
 * @example
 * @Route("/admin")
 * @Use(async (handler, next) => {
 *   if (handler.request.headers.get("x-key") !== key) throw new HTTPError(403);
 *   await next();
 * })
 * class AdminHandler extends RequestHandler { … }
 */
export function Use(...middleware: readonly Middleware[]): ClassDecorator & MethodDecorator {
  return (target: object, method?: string | symbol): void => {
    if (typeof target === "function") recordMiddleware(target as Class, undefined, middleware);
    else recordMiddleware(target.constructor as Class, String(method), middleware);
  };
}

/** The names of all verbs. */
export const verbNames = ["get", "head", "post", "put", "patch", "delete", "options"] as const;

/** The classes among the middleware of a handler: what they are given is part of the application, too. */
export function middlewareClasses(target: HandlerClass, application: readonly Middleware[] = []): Class[] {
  const names = [undefined, ...verbNames];
  const own = names.flatMap((verb) => middlewareOf(target, verb));
  return [...application, ...own].filter(isMiddlewareClass);
}

/** Whether it is a class, to be constructed, or a function, to be called. */
export function isMiddlewareClass(entry: unknown): entry is Class<MiddlewareClass> {
  if (typeof entry !== "function") return false;
  const { prototype } = entry as { prototype?: { handle?: unknown } };
  return typeof prototype?.handle === "function";
}
