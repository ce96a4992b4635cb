import type { IncomingMessage, ServerResponse } from "node:http";
import { ConfigurationError } from "../errors.js";
import { RequestHandler, exchangeOf } from "./handler.js";
import { anyVerb, leavesBody } from "./any-verb.js";

/** A node:http request listener; an Express or Connect application is one. */
export type RequestListener = (message: IncomingMessage, response: ServerResponse) => unknown;

/** What a {@link FallbackHandler} hands its requests to. */
export interface FallbackArguments {
  readonly fallback: RequestListener;
}

/**
 * Hands requests to another server in the same process: an Express or Connect application, or any `(req, res)` function.
 * It gets node's own objects, with the body unread and the URL as it was sent, so mount the inner one under the same
 * prefix. Middleware, the route's timeout, the access log and `onFinish` work as for any handler; limits on bodies,
 * compression and error pages are the inner one's own.
 *
 * @example
 * route("/legacy/*", FallbackHandler, { fallback: express().use("/legacy", legacy) })
 *
 * Source: `tornado.web.FallbackHandler`.
 */
export class FallbackHandler extends RequestHandler {
  static readonly [leavesBody] = true;
  #fallback!: RequestListener;

  static checkArguments({ fallback }: FallbackArguments, pattern: string | RegExp): void {
    if (typeof fallback === "function") return;
    throw new ConfigurationError(
      `FallbackHandler on ${String(pattern)}: fallback is a function (request, response), got ${typeof fallback}`,
    );
  }

  override initialize({ fallback }: FallbackArguments): void {
    this.#fallback = fallback;
  }

  /** @internal */
  async [anyVerb](): Promise<void> {
    const { message, response } = exchangeOf(this);
    const { raw, closed } = response.handOver();
    // A listener that fails before the end must not leave the client without one.
    const failed = new Promise<never>((_, reject) => {
      Promise.resolve(this.#fallback(message, raw)).catch(reject);
    });
    await Promise.race([closed, failed]);
  }
}
