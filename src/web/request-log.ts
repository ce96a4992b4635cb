import { HTTPError, WaterspoutError } from "../errors.js";
import type { HTTPServerRequest } from "../http/request.js";
import { type LogFields, accessLog, applicationLog, generalLog } from "../log.js";
import { redactedTarget } from "../redaction.js";
import type { Exchange } from "./exchange.js";

/**
 * Logs what ended a request: an error that nobody foresaw, with its stack. Of our own refusals (4xx, a full queue, a
 * time-out) the reason is noted, for the line that the request has anyway: one bad request is one line.
 */
export function logFailure(exchange: Exchange, error: unknown): void {
  if (error instanceof WaterspoutError && error.status !== 500) {
    exchange.reason ??= error instanceof HTTPError ? error.logMessage : error.message;
    return;
  }
  const what = error instanceof WaterspoutError ? `${error.message}:` : "Uncaught exception";
  applicationLog.error(`${what} ${summaryOf(exchange.request)}`, { error, fields: () => identityOf(exchange) });
}

/**
 * The line of a request that was answered or left, with the reason if it was refused. A client that left is logged as 499,
 * which no server ever sends, and as information: it is nobody's mistake.
 */
export function logAccess(exchange: Exchange): void {
  const { request, reason } = exchange;
  const left = exchange.outcome === "clientClosed";
  const status = left ? 499 : exchange.response.status;
  const duration = request.requestTime();
  const line = `${status} ${summaryOf(request)} ${duration.toFixed(2)}ms`;
  accessLog.log(left ? "info" : levelOf(status), reason === undefined ? line : `${line}: ${reason}`, {
    fields: () => accessFields(exchange, status, duration),
  });
}

/** Where there is no access log, a refusal with a reason has a line all the same. */
export function logRefusal(exchange: Exchange): void {
  const { reason, request, response } = exchange;
  if (reason === undefined) return;
  generalLog.warn(`${response.status} ${summaryOf(request)}: ${reason}`, { fields: () => identityOf(exchange) });
}

/** The line of a WebSocket that this side has closed because of its handler, with the reason that was noted. */
export function logClosed(exchange: Exchange, code: number): void {
  const { reason = "", request } = exchange;
  generalLog.warn(`closed ${code} ${summaryOf(request)}: ${reason}`, { fields: () => identityOf(exchange) });
}

/** Method, target and peer, as every line about a request names it. */
function summaryOf({ method, uri, remoteIp }: HTTPServerRequest): string {
  return `${method} ${redactedTarget(uri)} (${remoteIp})`;
}

function accessFields(exchange: Exchange, status: number, duration: number): LogFields {
  const { method, uri, remoteIp } = exchange.request;
  const { outcome, queueTime, reason } = exchange;
  return {
    ...identityOf(exchange),
    method,
    target: redactedTarget(uri),
    status,
    remoteIp,
    outcome,
    duration: rounded(duration),
    ...(reason !== undefined && { reason }),
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
