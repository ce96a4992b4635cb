import { HTTPError } from "../errors.js";

/** A parsed `Content-Type`. */
export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** Names in lower case, values unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9a-z-]+";
const essenceForm = new RegExp(`^${token}/${token}`, "i");
const parameterForm = new RegExp(
  `[ \\t]*;[ \\t]*(?:(${token})=(?:(${token})|"((?:[^"\\\\\\r\\n]|\\\\[\\t -~])*)"))?`,
  "iy",
);

/**
 * Parses a `Content-Type` to its last character; undefined for anything else than the grammar of RFC 9110, section 8.3.1,
 * or for a parameter given twice. Whoever checks a type and whoever parses the body must both use this one result.
 */
export function parseMediaType(text: string): MediaType | undefined {
  const essence = essenceForm.exec(text)?.[0];
  if (essence === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (let at = essence.length; at < text.length; at = parameterForm.lastIndex) {
    if (/^[ \t]*$/.test(text.slice(at))) break;
    parameterForm.lastIndex = at;
    const match = parameterForm.exec(text);
    if (match === null || !addParameter(parameters, match)) return undefined;
  }
  return { essence: essence.toLowerCase(), parameters };
}

/** False for a name that was there already: two readers would each take another one. */
function addParameter(parameters: Map<string, string>, match: RegExpExecArray): boolean {
  const [, name, plain, quoted = ""] = match;
  if (name === undefined) return true;
  const key = name.toLowerCase();
  if (parameters.has(key)) return false;
  parameters.set(key, plain ?? quoted.replaceAll(/\\(.)/g, "$1"));
  return true;
}

const boundaryForm = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/;

/** Whether a `Content-Type` announces `multipart/form-data`. */
export function isMultipartForm(contentType: string | undefined): boolean {
  return contentType !== undefined && /^multipart\/form-data\b/i.test(contentType);
}

/**
 * The boundary of `multipart/form-data`.
 *
 * @throws HTTPError 400 when there is none, or one that RFC 2046 (section 5.1.1) does not allow: more than 70 characters, for
 * example.
 */
export function formBoundary(contentType = ""): string {
  const boundary = parseMediaType(contentType)?.parameters.get("boundary");
  if (boundary !== undefined && boundaryForm.test(boundary)) return boundary;
  throw new HTTPError(400, "multipart: no boundary, or a malformed one");
}

/** @throws HTTPError 415 when there is a charset and it is not UTF-8. */
export function requireUtf8(type: MediaType): void {
  const charset = type.parameters.get("charset")?.toLowerCase();
  if (charset === undefined || charset === "utf-8" || charset === "utf8") return;
  throw new HTTPError(415, "the charset of the body is not UTF-8");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a UTF-8 body without its byte order mark. @throws HTTPError 400 for bytes that are not UTF-8. */
export function decodeUtf8(body: Buffer): string {
  const text = body.toString();
  // Node puts U+FFFD in the place of what is not UTF-8; the mark is left where it was. Nearly no text has either.
  return text.includes("\ufffd") || text.startsWith("\ufeff") ? decodeStrictly(body) : text;
}

function decodeStrictly(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new HTTPError(400, "the body is not UTF-8");
  }
}
