import { STATUS_CODES } from "node:http";
import { inspect } from "node:util";
import { HTTPError, WaterspoutError } from "../errors.js";
import { escapeHtml } from "../http/escape-html.js";
import { preferredType } from "../http/negotiation.js";
import type { ResponseWriter } from "../http/response.js";

/** The body of an error answer. */
export interface ErrorPage {
  readonly type: string;
  readonly body: string;
}

const problem = "application/problem+json";
const html = "text/html";

/** Tornado's page or RFC 9457's, whichever `Accept` prefers; a client that names neither gets the latter. */
export function errorPage(status: number, error: unknown, accept = "*/*"): ErrorPage {
  const reason = reasonOf(error) ?? STATUS_CODES[status] ?? "Unknown";
  return preferredType(accept, [problem, html]) === html
    ? htmlPage(status, reason)
    : problemPage(status, reason, error);
}

/** Whether a client takes a page for people at least as gladly as data for programs; one that takes anything does. */
export function prefersPage(accept = "*/*"): boolean {
  return preferredType(accept, [html, "application/json", problem]) === html;
}

/** The page of `debug: true`: what the log has, for the eyes of whoever writes the application. */
export function debugPage(error: unknown): ErrorPage {
  return { type: "text/plain; charset=UTF-8", body: `${inspect(error, { depth: 4 })}\n` };
}

/** Takes the place of what was set and written so far: the status of an error and the headers that it asks for. */
export function setErrorHead(response: ResponseWriter, status: number, error: unknown): void {
  response.setStatus(status, reasonOf(error));
  if (!(error instanceof WaterspoutError)) return;
  for (const [name, value] of Object.entries(error.responseHeaders)) response.setHeader(name, value);
}

/** Writes a page. What is chosen by `Accept` must say so to caches (RFC 9110, section 12.5.5). */
export function writePage(response: ResponseWriter, { type, body }: ErrorPage): void {
  response.setHeader("Content-Type", type);
  response.addHeader("Vary", "Accept");
  response.write(body);
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof HTTPError ? error.reason : undefined;
}

function htmlPage(status: number, reason: string): ErrorPage {
  const title = `${status}: ${escapeHtml(reason)}`;
  return { type: `${html}; charset=UTF-8`, body: `<html><title>${title}</title><body>${title}</body></html>` };
}

/** Nothing of the error's message: only its code, and what its thrower marked as the client's. */
function problemPage(status: number, reason: string, error: unknown): ErrorPage {
  const extensions = error instanceof HTTPError ? error.extensions : {};
  const code = error instanceof WaterspoutError && !(error instanceof HTTPError) ? { code: error.code } : {};
  return { type: problem, body: JSON.stringify({ title: reason, status, ...code, ...extensions }) };
}
