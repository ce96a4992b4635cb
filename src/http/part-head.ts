import { HTTPError } from "../errors.js";
import { decodeUtf8, parseMediaType, requireUtf8 } from "./media-type.js";

/** What the header section of one part of a form says. */
export interface PartHead {
  readonly name: string;
  /** Undefined for a field. Made safe by {@link safeFilename}. */
  readonly filename: string | undefined;
  /** The media type that the client claims; undefined when it claims none. */
  readonly type: string | undefined;
}

/** Header fields of a part by name in lower case, each with all its values, one character for each byte. */
export type PartFields = Readonly<Record<string, readonly string[] | undefined>>;

/**
 * Reads the header section of a part of `multipart/form-data` (RFC 7578). Clients escape in three ways: `\"` (RFC 2616),
 * `%22` (the HTML standard) and `filename*` (RFC 8187); all are understood.
 *
 * @throws HTTPError 400 for a part without a name, with a malformed or ambiguous header, in a transfer encoding, or that is a
 * multipart of its own: what it holds would be lost; 415 for a charset other than UTF-8.
 */
export function parsePartHead(fields: PartFields): PartHead {
  const parameters = parseDisposition(onlyValue(fields, "content-disposition"));
  const name = unescaped(parameters.get("name") ?? "");
  if (name === "") throw malformed("a part without a name");
  refuseEncoding(onlyValue(fields, "content-transfer-encoding"));
  return { name, filename: filenameOf(parameters), type: typeOf(onlyValue(fields, "content-type")) };
}

export function malformed(what: string): HTTPError {
  return new HTTPError(400, `multipart: ${what}`);
}

function onlyValue(fields: PartFields, name: string): string | undefined {
  const [value, ...others] = fields[name] ?? [];
  if (others.length > 0) throw malformed(`two ${name} in a part`);
  if (value === undefined) return undefined;
  const text = decodeUtf8(Buffer.from(value, "latin1"));
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) throw malformed("a control character in the header of a part");
  return text;
}

const typeForm = /^[ \t]*form-data(?=[ \t]*(?:;|$))/i;
const parameterForm = /[ \t]*(?:;[ \t]*(?:([!#$%&'*+.^_`|~0-9a-z-]+)=(?:"((?:[^"\\]|\\[^])*)"|([^\s";]+)))?|$)/iy;

/** The parameters of a Content-Disposition, names in lower case, read to the last character. */
function parseDisposition(text: string | undefined): ReadonlyMap<string, string> {
  const type = typeForm.exec(text ?? "");
  if (text === undefined || type === null) throw malformed("a part that is not form-data");
  const parameters = new Map<string, string>();
  for (let at = type[0].length; at < text.length; at = parameterForm.lastIndex) {
    parameterForm.lastIndex = at;
    const match = parameterForm.exec(text);
    if (match === null) throw malformed("a malformed Content-Disposition");
    addParameter(parameters, match);
  }
  return parameters;
}

function addParameter(parameters: Map<string, string>, [, name, quoted, plain]: RegExpExecArray): void {
  if (name === undefined) return;
  const key = name.toLowerCase();
  if (parameters.has(key)) throw malformed(`a Content-Disposition with two ${key}`);
  // Browsers leave a backslash as it is, others put one before a quote or another backslash.
  parameters.set(key, plain ?? (quoted ?? "").replaceAll(/\\(["\\])/g, "$1"));
}

const escapes: Readonly<Record<string, string>> = { "%22": '"', "%0D": "\r", "%0A": "\n" };

/** Undoes what browsers do to the three characters that cannot stand in quotes. Source: HTML, "multipart form data". */
function unescaped(text: string): string {
  return text.includes("%") ? text.replaceAll(/%(?:22|0D|0A)/g, (escape) => escapes[escape] ?? escape) : text;
}

/** An empty file name is what browsers send for a file field without a file: that is a field, as in Tornado. */
function filenameOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const extended = parameters.get("filename*");
  const given = extended === undefined ? unescaped(parameters.get("filename") ?? "") : extendedValue(extended);
  return given === "" ? undefined : safeFilename(given);
}

function extendedValue(text: string): string {
  const value = /^utf-8'[^']*'((?:%[0-9a-f]{2}|[!#$&+.^_`|~0-9a-z-])*)$/i.exec(text)?.[1];
  if (value === undefined) throw malformed("a malformed filename*");
  try {
    return decodeURIComponent(value);
  } catch {
    throw malformed("a filename* that is not UTF-8");
  }
}

/** Longest name that the usual file systems take. */
const longestFilename = 255;

/**
 * The last segment of a name that a client gave, without control characters and marks that turn the direction of text:
 * it names a file, and no other place. `"unnamed"` when nothing is left. It may still begin with a dot, end in `.exe`, or be
 * the name of a device on Windows: who stores files by names of clients has to know what is dangerous there.
 *
 * @throws HTTPError 400 for a name of more than 255 characters.
 */
export function safeFilename(given: string): string {
  const last = given.slice(Math.max(given.lastIndexOf("/"), given.lastIndexOf("\\")) + 1);
  const clean = last.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "").trim();
  if (clean.length > longestFilename) throw malformed(`a file name of more than ${longestFilename} characters`);
  return clean === "" || clean === "." || clean === ".." ? "unnamed" : clean;
}

function refuseEncoding(encoding: string | undefined): void {
  if (encoding === undefined || /^[ \t]*(?:7bit|8bit|binary)[ \t]*$/i.test(encoding)) return;
  throw malformed("a part in a transfer encoding");
}

function typeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const type = parseMediaType(text.trim());
  if (type === undefined) throw malformed("a malformed Content-Type of a part");
  if (type.essence.startsWith("multipart/")) throw malformed("a multipart within a part");
  if (type.essence === "text/plain") requireUtf8(type);
  return text.trim();
}
