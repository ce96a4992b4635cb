import { STATUS_CODES } from "node:http";
import Negotiator from "negotiator";
import { HTTPError, WaterspoutError } from "../errors.js";

/** The body of an error answer. */
export interface ErrorPage {
  readonly type: string;
  readonly body: string;
}

const problem = "application/problem+json";
const html = "text/html";

/** Tornado's page or RFC 9457's, whichever `Accept` prefers; a client that names neither gets the latter. */
export function errorPage(status: number, error: unknown, accept: string | undefined): ErrorPage {
  const reason = (error instanceof HTTPError ? error.reason : undefined) ?? STATUS_CODES[status] ?? "Unknown";
  const preferred = new Negotiator({ headers: { accept: accept ?? "*/*" } }).mediaType([problem, html]);
  return preferred === html ? htmlPage(status, reason) : problemPage(status, reason, error);
}

function htmlPage(status: number, reason: string): ErrorPage {
  const title = `${status}: ${escapeHTML(reason)}`;
  return { type: `${html}; charset=UTF-8`, body: `<html><title>${title}</title><body>${title}</body></html>` };
}

/** Nothing of the error's message: only what its thrower marked as the client's, and for a 5xx the code alone. */
function problemPage(status: number, reason: string, error: unknown): ErrorPage {
  const extensions = error instanceof HTTPError ? error.extensions : {};
  const code = error instanceof WaterspoutError && !(error instanceof HTTPError) ? { code: error.code } : {};
  return { type: problem, body: JSON.stringify({ title: reason, status, ...code, ...extensions }) };
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHTML(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
