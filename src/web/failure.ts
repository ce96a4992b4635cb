import { Finish, WaterspoutError } from "../errors.js";
import type { ResponseWriter } from "../http/response.js";
import { applicationLog } from "../log.js";
import { errorPage } from "./error-page.js";
import type { Exchange } from "./exchange.js";
import type { RequestHandler } from "./handler.js";
import { logAccess, logFailure } from "./request-log.js";

/**
 * Ends a request whose handler threw. Each step may fail in its turn (the logger, the error page, a socket that is gone):
 * then the next, simpler one is taken; the last closes the connection, so that a truncated answer looks truncated.
 */
export function failRequest(handler: RequestHandler | undefined, exchange: Exchange, error: unknown): void {
  if (error instanceof Finish) return finishEarly(handler, exchange, error);
  // Whoever has left is not answered, and an error that followed from leaving is not worth a line.
  if (exchange.outcome === "clientClosed") return;
  if (exchange.outcome === "completed") exchange.outcome = "error";
  attempt(() => (handler === undefined ? logFailure(exchange.request, error) : handler.logException(error)));
  if (exchange.response.finished) return;
  if (handler !== undefined && attempt(() => handler.sendError(statusOf(error), error))) return;
  if (!attempt(() => sendBarePage(exchange, statusOf(error), error))) exchange.response.abort();
}

/** The end of every request: one line in the access log, one `onFinish`. */
export function concludeRequest(handler: RequestHandler | undefined, exchange: Exchange, logged: boolean): void {
  if (logged) attempt(() => logAccess(exchange));
  runHook(() => handler?.onFinish?.(exchange.outcome));
}

/** Runs a hook whose failure must not reach anybody, now or later. */
export function runHook(hook: () => unknown): void {
  attempt(() => {
    const result = hook();
    if (result instanceof Promise) result.catch((error: unknown) => logStray(error));
  });
}

function finishEarly(handler: RequestHandler | undefined, exchange: Exchange, { chunk }: Finish): void {
  if (exchange.response.finished) return;
  attempt(() => void handler?.finish(chunk));
}

/** An error that says nothing about a status is nobody's but ours: 500. */
function statusOf(error: unknown): number {
  return error instanceof WaterspoutError ? error.status : 500;
}

/** The answer when there is no handler, or its own page failed: the same page, without anything of the handler's. */
export function sendBarePage({ request, response }: Pick<Exchange, "request" | "response">, status: number, error: unknown): void {
  if (response.headersWritten) throw new Error("the headers are out");
  response.clear();
  response.setStatus(status);
  setErrorHeaders(response, error);
  const page = errorPage(status, error, request.headers.get("accept"));
  response.setHeader("Content-Type", page.type);
  response.write(page.body);
  void response.finish();
}

function setErrorHeaders(response: ResponseWriter, error: unknown): void {
  if (!(error instanceof WaterspoutError)) return;
  for (const [name, value] of Object.entries(error.responseHeaders)) response.setHeader(name, value);
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
