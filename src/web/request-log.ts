import { HTTPError, WaterspoutError } from "../errors.js";
import type { HTTPServerRequest } from "../http/request.js";
import { accessLog, applicationLog, generalLog } from "../log.js";
import type { Exchange } from "./exchange.js";

/**
 * Logs what ended a request: our own refusals (4xx, a full queue, a time-out) as one line, an error that nobody foresaw
 * with its stack.
 */
export function logFailure(request: HTTPServerRequest, error: unknown): void {
  const summary = `${request.method} ${request.uri} (${request.remoteIp})`;
  if (!(error instanceof WaterspoutError)) return applicationLog.error(`Uncaught exception ${summary}`, { error });
  if (error instanceof HTTPError && error.logMessage === undefined) return undefined;
  if (error.status === 500) return applicationLog.error(`${error.message}: ${summary}`, { error });
  return generalLog.warn(`${error.message}: ${summary}`);
}

/**
 * The line of a request that was answered or left. A client that left is logged as 499, which no server ever sends, and as
 * information: it is nobody's mistake.
 */
export function logAccess({ request, response, outcome }: Exchange): void {
  const left = outcome === "clientClosed";
  const status = left ? 499 : response.status;
  const line = `${status} ${request.method} ${request.uri} (${request.remoteIp}) ${request.requestTime().toFixed(2)}ms`;
  accessLog.log(left ? "info" : levelOf(status), line);
}

function levelOf(status: number): "info" | "warn" | "error" {
  if (status < 400) return "info";
  return status < 500 ? "warn" : "error";
}
