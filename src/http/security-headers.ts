import { ConfigurationError } from "../errors.js";
import type { AnswerHead } from "./answer-head.js";
import { type HeaderField, checkHeaderName, headerText } from "./header-value.js";

/** Header fields that answers have, by name; `false` in the place of a value takes a default away. */
export type SecurityHeaderOptions = Readonly<Record<string, string | false>>;

/**
 * What browsers are told, unless something else is said: to believe an answer's type; and of documents, not to show them in
 * frames of other sites, not to tell other sites which page led to them, and to keep windows of other sites apart from them.
 */
export const defaultSecurityHeaders: Readonly<Record<string, string>> = Object.freeze({
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
});

/** Data is neither framed nor left by a link: an API does not pay a microsecond for each of these. */
const documentsOnly: ReadonlySet<string> = new Set([
  "x-frame-options",
  "referrer-policy",
  "cross-origin-opener-policy",
]);

/** Only https may say so, and what http says is ignored (RFC 6797, section 7.2). */
const httpsOnly = "strict-transport-security";

/** Fields of answers that nobody has to ask for. */
export interface DefaultFields {
  /** Of every answer; a handler may change them or take them away. */
  readonly always: readonly HeaderField[];
  /** Of answers whose type is a document's, unless the handler has set them. */
  readonly documents: readonly HeaderField[];
}

const types = /^(?:text\/(?:html|xml)|application\/(?:xhtml\+xml|xml|pdf)|image\/svg\+xml)\b/i;

/** Whether a browser shows it as a page. */
export function isDocumentType(contentType: string): boolean {
  return types.test(contentType);
}

/** Adds what documents have, if the answer is one. */
export function completeDocument(head: AnswerHead, { documents }: DefaultFields): void {
  if (documents.length === 0 || !isDocumentType(String(head.get("Content-Type")))) return;
  for (const [name, value] of documents) {
    if (!head.has(name)) head.set(name, value);
  }
}

/** Which fields answers have before a handler sets its own. */
export class SecurityHeaders {
  readonly #overHttp: DefaultFields;
  readonly #overHttps: DefaultFields;

  /** @throws ConfigurationError for names and values that no field can have. */
  constructor(options: SecurityHeaderOptions | false = {}) {
    const fields = options === false ? [] : fieldsOf(options);
    this.#overHttps = sorted(fields);
    const overHttp = fields.filter(([name]) => name.toLowerCase() !== httpsOnly);
    // The same object where there is no difference: then nobody has to know the protocol.
    this.#overHttp = overHttp.length === fields.length ? this.#overHttps : sorted(overHttp);
  }

  fields(request: { readonly protocol: "http" | "https" }): DefaultFields {
    if (this.#overHttp === this.#overHttps) return this.#overHttp;
    return request.protocol === "https" ? this.#overHttps : this.#overHttp;
  }
}

function sorted(fields: readonly HeaderField[]): DefaultFields {
  const isForDocuments = ([name]: HeaderField): boolean => documentsOnly.has(name.toLowerCase());
  return { always: fields.filter((field) => !isForDocuments(field)), documents: fields.filter(isForDocuments) };
}

function fieldsOf(options: SecurityHeaderOptions): HeaderField[] {
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError(`securityHeaders must be false or an object of header fields, got ${String(options)}`);
  }
  const fields = new Map<string, readonly [name: string, value: string | false]>();
  for (const field of [...Object.entries(defaultSecurityHeaders), ...Object.entries(options)]) {
    fields.set(field[0].toLowerCase(), field);
  }
  return [...fields.values()].flatMap(([name, value]) => (value === false ? [] : [checked(name, value)]));
}

/** They say how the answer is sent, which is the server's to say. */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "trailer",
  "content-length",
]);

function checked(name: string, value: unknown): HeaderField {
  if (framing.has(name.toLowerCase())) throw new ConfigurationError(`securityHeaders: ${name} is set by the server`);
  if (typeof value !== "string") {
    throw new ConfigurationError(`securityHeaders: ${name} must be a string, or false; got ${String(value)}`);
  }
  try {
    checkHeaderName(name);
    headerText(name, value);
    return [name, value];
  } catch (error) {
    throw new ConfigurationError(`securityHeaders: ${(error as Error).message}`);
  }
}
