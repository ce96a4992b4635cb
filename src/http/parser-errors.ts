import type { Refusal } from "./gate.js";
import type { HTTPSettings } from "./limits.js";

/** What Node gives to `clientError`. */
export interface ParserError extends Error {
  readonly code?: string;
  /** The parser's words; they quote nothing of the request. */
  readonly reason?: string;
  /** The bytes that were being parsed. */
  readonly rawPacket?: Buffer;
}

const statuses: ReadonlyMap<string, number> = new Map([
  ["HPE_INVALID_METHOD", 501],
  ["HPE_INVALID_VERSION", 505],
  // The preface of HTTP/2, spoken without being asked.
  ["HPE_PAUSED_H2_UPGRADE", 505],
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/** Faults of the connection, not of a request: there is nobody to answer and nothing to log. */
const silent: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ETIMEDOUT"]);

/**
 * The answer to what the parser could not take; undefined when the connection itself broke. Unknown faults are 400.
 *
 * @param bytesRead of the connection: tells whether the packet at fault holds the request line.
 */
export function parserRefusal(error: ParserError, bytesRead: number, settings: HTTPSettings): Refusal | undefined {
  const code = error.code ?? "";
  if (silent.has(code)) return undefined;
  if (code === "HPE_HEADER_OVERFLOW" && isRequestLineTooLong(error, bytesRead, settings)) {
    return { status: 414, reason: `the request line is longer than ${settings.requestLineLimit} bytes` };
  }
  const reason = code === "" ? error.message : code;
  return { status: isLineEnd(error) ? 400 : (statuses.get(code) ?? 400), reason };
}

/** A wrong line end behind the version is reported as a wrong version. */
function isLineEnd({ reason = "" }: ParserError): boolean {
  return reason.startsWith("Expected CRLF");
}

/** Only the first packet of a connection surely starts with the request line; later ones count as header fields. */
function isRequestLineTooLong({ rawPacket }: ParserError, bytesRead: number, settings: HTTPSettings): boolean {
  if (rawPacket === undefined || rawPacket.length !== bytesRead) return false;
  const end = rawPacket.indexOf("\r\n");
  return end < 0 || end > settings.requestLineLimit;
}
