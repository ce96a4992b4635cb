import { ClientClosedError, Finish, HTTPError, WaterspoutError } from "../errors.js";
import { applicationLog } from "../log.js";
import { errorPage, setErrorHead, writePage } from "./error-page.js";
import type { Exchange } from "./exchange.js";
import type { RequestHandler } from "./handler.js";
import { logAccess, logFailure, logRefusal } from "./request-log.js";

/**
 * Ends a request whose handler threw. Each step may fail in its turn (the logger, the error page, a socket that is gone):
 * then the next, simpler one is taken; the last closes the connection. Never throws.
 */
export function failRequest(handler: RequestHandler | undefined, exchange: Exchange, error: unknown): void {
  if (error instanceof ClientClosedError) exchange.clientLeft();
  if (error instanceof Finish && handler !== undefined) return finishEarly(handler, exchange, error);
  if ((exchange.endedEarly || exchange.expired) && followsFromEnd(error)) return;
  if (exchange.outcome === "completed") exchange.outcome = "error";
  logError(handler, exchange, error);
  // Whoever has left is not answered.
  if (exchange.outcome !== "clientClosed") sendErrorPage(handler, exchange, error);
}

/**
 * The end of every request: one line in the access log, one `onFinish`. Never throws.
 *
 * @param logged whether the application has an access log.
 *
 * @returns settles when an async `onFinish` is done.
 */
export function concludeRequest(
  handler: RequestHandler | undefined,
  exchange: Exchange,
  logged: boolean,
): Promise<void> | undefined {
  if (!exchange.logged) logEnd(exchange, logged);
  return handler?.onFinish === undefined ? undefined : runHook(() => handler.onFinish?.(exchange.outcome));
}

/**
 * Answers a request 503 whose server ends and waits no longer, and has the line of it written. Its handler learns it by the
 * signal; `onFinish` runs when the verb has ended, if it does. Never throws.
 */
export function expireRequest(exchange: Exchange, logged: boolean): void {
  if (exchange.response.finished) return;
  const error = new HTTPError(503, "not answered before the server's end");
  exchange.outcome = "timeout";
  exchange.reason ??= error.logMessage;
  sendErrorPage(undefined, exchange, error);
  logEnd(exchange, logged);
  exchange.expired = true;
  exchange.abort(error);
}

/** Writes the line of a request in the access log. Never throws. */
export function logEnd(exchange: Exchange, logged: boolean): void {
  exchange.logged = true;
  attempt(() => (logged ? logAccess(exchange) : logRefusal(exchange)));
}

/** Runs a hook whose failure must reach nobody but the log, now or later. */
export async function runHook(hook: () => unknown): Promise<void> {
  try {
    await hook();
  } catch (error) {
    logStray(error);
  }
}

function finishEarly(handler: RequestHandler, exchange: Exchange, { chunk }: Finish): void {
  if (exchange.response.finished) return;
  try {
    void handler.finish(chunk);
  } catch (error) {
    failRequest(handler, exchange, error);
  }
}

/** Logs what a handler's code has thrown, unless it only says that the client has left. Never throws. */
export function logError(handler: RequestHandler | undefined, exchange: Exchange, error: unknown): void {
  if (exchange.outcome === "clientClosed" && followsFromEnd(error)) return;
  if (handler !== undefined && attempt(() => handler.logException(error))) return;
  attempt(() => logFailure(exchange, error));
}

/** An error that only says again that the request is over, in our words or in those of what `signal` was given to. */
export function followsFromEnd(error: unknown): boolean {
  return error instanceof WaterspoutError || (error instanceof Error && error.name === "AbortError");
}

function sendErrorPage(handler: RequestHandler | undefined, exchange: Exchange, error: unknown): void {
  const { response } = exchange;
  if (response.finished) return;
  const status = statusOf(error);
  const page = (): void =>
    handler === undefined ? sendBarePage(exchange, status, error) : handler.sendError(status, error);
  if (attempt(page) && response.finished) return;
  if (!attempt(() => sendBarePage(exchange, status, undefined))) response.abort();
}

/** An error that says nothing about a status is nobody's but ours: 500. */
function statusOf(error: unknown): number {
  return error instanceof WaterspoutError ? error.status : 500;
}

/** The page when there is no handler, or its own failed. Without an error it has nothing that may be at fault. */
function sendBarePage({ request, response }: Exchange, status: number, error: unknown): void {
  response.clear();
  setErrorHead(response, status, error);
  writePage(response, errorPage(status, error, request.headers.get("accept")));
  void response.finish();
}

/** Runs one step; a step that throws is logged and reported as failed. */
function attempt(step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    logStray(error);
    return false;
  }
}

function logStray(error: unknown): void {
  applicationLog.error("an error while a request was being ended", { error });
}
