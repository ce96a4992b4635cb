import { HTTPError, WaterspoutError } from "../errors.js";
import type { HTTPServerRequest } from "../http/request.js";
import { type LogFields, accessLog, applicationLog, generalLog } from "../log.js";
import { redactedTarget } from "../redaction.js";
import type { Exchange } from "./exchange.js";

/**
 * Logs what ended a request: our own refusals (4xx, a full queue, a time-out) as one line, an error that nobody foresaw
 * with its stack.
 */
export function logFailure(exchange: Exchange, error: unknown): void {
  const summary = summaryOf(exchange.request);
  const fields = (): LogFields => identityOf(exchange);
  if (!(error instanceof WaterspoutError))
    return applicationLog.error(`Uncaught exception ${summary}`, { error, fields });
  if (error instanceof HTTPError && error.logMessage === undefined) return undefined;
  if (error.status === 500) return applicationLog.error(`${error.message}: ${summary}`, { error, fields });
  return generalLog.warn(`${error.message}: ${summary}`, { fields });
}

/**
 * The line of a request that was answered or left. A client that left is logged as 499, which no server ever sends, and as
 * information: it is nobody's mistake.
 */
export function logAccess(exchange: Exchange): void {
  const { request } = exchange;
  const left = exchange.outcome === "clientClosed";
  const status = left ? 499 : exchange.response.status;
  const duration = request.requestTime();
  accessLog.log(left ? "info" : levelOf(status), `${status} ${summaryOf(request)} ${duration.toFixed(2)}ms`, {
    fields: () => accessFields(exchange, status, duration),
  });
}

/** Method, target and peer, as every line about a request names it. */
function summaryOf({ method, uri, remoteIp }: HTTPServerRequest): string {
  return `${method} ${redactedTarget(uri)} (${remoteIp})`;
}

function accessFields(exchange: Exchange, status: number, duration: number): LogFields {
  const { method, uri, remoteIp } = exchange.request;
  const { outcome, queueTime } = exchange;
  return {
    ...identityOf(exchange),
    method,
    target: redactedTarget(uri),
    status,
    remoteIp,
    outcome,
    duration: rounded(duration),
    ...(queueTime !== undefined && { queueTime: rounded(queueTime) }),
  };
}

/** By which lines of one request, and those of other services about it, are found. */
function identityOf({ requestId, traceparent }: Exchange): LogFields {
  return { requestId, ...(traceparent !== undefined && { traceparent }) };
}

/** Milliseconds to the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

function levelOf(status: number): "info" | "warn" | "error" {
  if (status < 400) return "info";
  return status < 500 ? "warn" : "error";
}
