import type { HTTPSettings } from "./limits.js";
import { isValidHost, splitTarget } from "./target.js";

/** Why a request is not served. The reason is for the log; the client sees the status alone. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

type GateLimits = Pick<HTTPSettings, "requestLineLimit" | "headerLimit" | "headerCount">;

/**
 * What node:http lets through and RFC 9112 does not: called before anything else looks at a request, on the fields as they
 * came (`rawHeaders`), because the merged `headers` have dropped the duplicates already. Undefined: go on.
 *
 * Every refusal closes the connection: with framing in doubt nothing that follows can be trusted.
 */
export function refusalOf(
  method: string,
  target: string,
  httpVersion: string,
  rawHeaders: readonly string[],
  limits: GateLimits,
): Refusal | undefined {
  return (
    checkVersion(httpVersion) ??
    checkRequestLine(method, target, limits) ??
    checkFields(httpVersion, rawHeaders, limits)
  );
}

/** What a client expects may be `100-continue` alone; in HTTP/1.0 it is ignored (RFC 9110, section 10.1.1). */
export function expectationRefusal(expect: string | undefined, httpVersion: string): Refusal | undefined {
  if (expect === undefined || httpVersion === "1.0" || expect.toLowerCase() === "100-continue") return undefined;
  return refuse(417, "an expectation other than 100-continue");
}

function refuse(status: number, reason: string): Refusal {
  return { status, reason };
}

function checkVersion(version: string): Refusal | undefined {
  return version === "1.1" || version === "1.0" ? undefined : refuse(505, `HTTP/${version} is not spoken here`);
}

/** Two spaces and `HTTP/1.1`. */
const lineOverhead = 10;

function checkRequestLine(method: string, target: string, limits: GateLimits): Refusal | undefined {
  if (method.length + target.length + lineOverhead > limits.requestLineLimit) {
    return refuse(414, `the request line is longer than ${limits.requestLineLimit} bytes`);
  }
  // TRACE would reflect credentials; CONNECT asks for a tunnel.
  if (method === "TRACE" || method === "CONNECT") return refuse(501, `${method} is not implemented`);
  return checkTarget(method, target);
}

function checkTarget(method: string, target: string): Refusal | undefined {
  if (target.includes("#")) return refuse(400, "a fragment in the request target");
  if (target.startsWith("/")) return undefined;
  if (target === "*") return method === "OPTIONS" ? undefined : refuse(400, `${method} *`);
  const { authority } = splitTarget(target);
  if (authority === undefined) return refuse(400, "the request target is neither a path nor an http URL");
  // RFC 9110, section 7.4: what is meant for a secured connection must not be answered on another.
  if (/^https:/i.test(target)) return refuse(421, "an https target on a connection without TLS");
  return isValidHost(authority) ? undefined : refuse(400, "malformed host in the request target");
}

/** A field that changes framing, routing or authority: it may come once, and its value has a form. */
interface WatchedField {
  readonly bit: number;
  check?(value: string, version: string): Refusal | undefined;
}

const host = 1;
const contentLength = 2;
const transferEncoding = 4;

const twin: WatchedField = {
  bit: 0,
  check: () => refuse(400, "a header name that differs from a framing field only by an underscore"),
};

const watched: ReadonlyMap<string, WatchedField> = new Map<string, WatchedField>([
  ["host", { bit: host, check: checkHost }],
  ["content-length", { bit: contentLength, check: checkContentLength }],
  ["transfer-encoding", { bit: transferEncoding, check: checkTransferEncoding }],
  ["content-type", { bit: 8 }],
  ["authorization", { bit: 16 }],
  // A proxy or gateway that turns one spelling into the other would see a second, different frame.
  ["content_length", twin],
  ["transfer_encoding", twin],
  ["content_type", twin],
  ["content_encoding", twin],
]);

/** Lower-casing every name would cost more than all the rest of the gate: only these lengths can be watched names. */
const watchedLengths: ReadonlySet<number> = new Set([...watched.keys()].map((name) => name.length));

function checkFields(version: string, rawHeaders: readonly string[], limits: GateLimits): Refusal | undefined {
  if (rawHeaders.length > 2 * limits.headerCount) return refuse(431, `more than ${limits.headerCount} header fields`);
  let bytes = 0;
  let seen = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const value = rawHeaders[i + 1] ?? "";
    // Colon, space and line end.
    bytes += name.length + value.length + 4;
    const field = watchedLengths.has(name.length) ? watched.get(name.toLowerCase()) : undefined;
    if (field === undefined) continue;
    if ((seen & field.bit) !== 0) return refuse(400, `more than one ${name}`);
    seen |= field.bit;
    const refusal = field.check?.(value, version);
    if (refusal !== undefined) return refusal;
  }
  if (bytes > limits.headerLimit) return refuse(431, `header fields of more than ${limits.headerLimit} bytes`);
  return checkTogether(version, seen);
}

function checkTogether(version: string, seen: number): Refusal | undefined {
  if (version === "1.1" && (seen & host) === 0) return refuse(400, "no Host");
  const both = contentLength | transferEncoding;
  return (seen & both) === both ? refuse(400, "Content-Length and Transfer-Encoding together") : undefined;
}

/** Nearly every request names the host that the one before it named. */
let lastValidHost = "";

function checkHost(value: string): Refusal | undefined {
  if (value === lastValidHost && value !== "") return undefined;
  if (!isValidHost(value)) return refuse(400, "malformed Host");
  lastValidHost = value;
  return undefined;
}

function checkContentLength(value: string): Refusal | undefined {
  return /^(?:0|[1-9]\d{0,15})$/.test(value) ? undefined : refuse(400, "malformed Content-Length");
}

function checkTransferEncoding(value: string, version: string): Refusal | undefined {
  if (version === "1.0") return refuse(400, "Transfer-Encoding in HTTP/1.0");
  if (value === "") return refuse(400, "empty Transfer-Encoding");
  return value.toLowerCase() === "chunked" ? undefined : refuse(501, "a transfer coding other than chunked");
}
