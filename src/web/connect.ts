import type { IncomingMessage, ServerResponse } from "node:http";
import { ConfigurationError } from "../errors.js";
import { exchangeOf } from "./handler.js";
import type { MiddlewareFunction } from "./middleware.js";

/** Middleware as Connect and Express know it. */
export type ConnectMiddleware<M = IncomingMessage, R = ServerResponse> = (
  message: M,
  response: R,
  next: (error?: unknown) => void,
) => unknown;

/**
 * Makes middleware of one that was written for Connect or Express, such as `helmet()` or `cors()`. It gets node's own request
 * and response. Headers that it sets stand on the answer, error pages included; when it answers by itself, the handler
 * does not run; what it gives to `next` or throws ends the request as an error of the handler does.
 *
 * The body has been read, so one that parses bodies finds nothing, and one that keeps the response to change it later (that
 * compresses it, say) is none of the kind. Express's own additions to request and response are not there.
 *
 * @throws ConfigurationError for what is no such function, and for one with four parameters: that is for errors alone.
 *
 * @example
 * await bootstrap(import.meta.url, { handlers, middleware: [connect(helmet()), connect(cors({ origin: "https://app.example" }))] });
 */
// oxlint-disable-next-line typescript/no-explicit-any -- each such library has its own types of request and response
export function connect(middleware: ConnectMiddleware<any, any>): MiddlewareFunction {
  if (typeof middleware !== "function" || middleware.length > 3) {
    const what = typeof middleware === "function" ? "a function of four parameters, for errors" : typeof middleware;
    throw new ConfigurationError(`connect() takes a function (request, response, next), got ${what}`);
  }
  return async (handler, next) => {
    const { message, response } = exchangeOf(handler);
    const { raw, closed } = response.handOver();
    const goesOn = await Promise.race([passed(middleware, message, raw), closed.then(() => false)]);
    if (goesOn && !raw.writableEnded) return next();
    return closed;
  };
}

/** Resolves when the middleware calls `next`. */
function passed(middleware: ConnectMiddleware, message: IncomingMessage, raw: ServerResponse): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void => (error === undefined || error === null ? resolve(true) : reject(error));
    Promise.resolve(middleware(message, raw, next)).catch(reject);
  });
}
