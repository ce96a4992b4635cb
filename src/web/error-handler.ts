import { ConfigurationError, HTTPError } from "../errors.js";
import { RequestHandler } from "./handler.js";
import { anyVerb, leavesBody } from "./any-verb.js";

/** What an {@link ErrorHandler} answers. */
export interface ErrorArguments {
  /** From 400 to 599. */
  readonly status: number;
}

/**
 * Answers every method with an error page.
 *
 * @example
 * route("/internal/*", ErrorHandler, { status: 404 })
 *
 * Source: `tornado.web.ErrorHandler`.
 */
export class ErrorHandler extends RequestHandler {
  static readonly [leavesBody] = true;
  #status = 500;

  static checkArguments({ status }: ErrorArguments, pattern: string | RegExp): void {
    if (Number.isInteger(status) && status >= 400 && status <= 599) return;
    throw new ConfigurationError(
      `ErrorHandler on ${String(pattern)}: status is an integer from 400 to 599, got ${String(status)}`,
    );
  }

  override initialize({ status }: ErrorArguments): void {
    this.#status = status;
  }

  /** @internal */
  [anyVerb](): never {
    throw new HTTPError(this.#status);
  }
}
