import type { IncomingMessage } from "node:http";
import { hasBody } from "./framing.js";

/** Why a request does not become a WebSocket. The reason is for the log. */
export interface HandshakeFault {
  readonly status: 400 | 426;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The version of RFC 6455. Those before it were drafts, and the last browser that spoke one is of 2011. */
const version = "13";

/** Sixteen bytes in base64. */
const keyForm = /^[+/0-9A-Za-z]{22}==$/;

const tokenList = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;

/**
 * What is wrong with a request to open a WebSocket; undefined: nothing.
 *
 * Source: RFC 6455, section 4.2.1; the statuses are Tornado's. A body, which no client sends, would be read as frames.
 */
export function handshakeFault(message: IncomingMessage): HandshakeFault | undefined {
  const { headers } = message;
  if (headers.upgrade?.toLowerCase() !== "websocket") return bad('Can "Upgrade" only to "WebSocket".');
  if (!hasToken(headers.connection, "upgrade")) return bad('"Connection" must be "Upgrade".');
  if (message.httpVersion !== "1.1") return bad("a WebSocket handshake in HTTP/1.0");
  if (hasBody(message)) return bad("a WebSocket handshake with a body");
  if (headers["sec-websocket-version"] !== version) {
    const headerFields = { Upgrade: "websocket", "Sec-WebSocket-Version": version };
    return { status: 426, reason: "another version of WebSocket than 13", headers: headerFields };
  }
  if (!keyForm.test(headers["sec-websocket-key"] ?? "")) return bad("no Sec-WebSocket-Key of 16 bytes");
  return protocolFault(headers["sec-websocket-protocol"]);
}

/** Whether HTTP may let go of the connection behind this request: it is a handshake without a fault. */
export function isHandshake(message: IncomingMessage): boolean {
  return message.method === "GET" && handshakeFault(message) === undefined;
}

/** The subprotocols that the client offers, in its order of preference. */
export function offeredProtocols({ headers }: IncomingMessage): readonly string[] {
  return listOf(headers["sec-websocket-protocol"]);
}

/**
 * Whether a page of this origin is of the host that was asked for, port included; its scheme does not count, because TLS may
 * end at a proxy. Source: Tornado's `check_origin`.
 */
export function isSameHost(origin: string, host: string): boolean {
  try {
    const { protocol, host: ofPage } = new URL(origin);
    return ofPage !== "" && ofPage === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function protocolFault(field: string | undefined): HandshakeFault | undefined {
  if (field === undefined) return undefined;
  if (!tokenList.test(field)) return bad("a malformed Sec-WebSocket-Protocol");
  const names = listOf(field);
  return new Set(names).size === names.length ? undefined : bad("a subprotocol that is offered twice");
}

function bad(reason: string): HandshakeFault {
  return { status: 400, reason };
}

function hasToken(field: string | undefined, token: string): boolean {
  return listOf(field).some((entry) => entry.toLowerCase() === token);
}

function listOf(field = ""): string[] {
  return field
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
