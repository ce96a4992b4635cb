import { isIPv6 } from "node:net";

/** A request-target taken apart, nothing decoded. Source: RFC 9112, section 3.2. */
export interface RequestTarget {
  /** Host and port of an absolute-form target, which win over the Host field; else undefined. */
  readonly authority: string | undefined;
  /** Starts with `/`, or is `*`. */
  readonly path: string;
  /** Without the `?`; empty when there is none. */
  readonly query: string;
}

const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/** Splits what stands in the request line. It accepts anything; the gate has refused what is malformed. */
export function splitTarget(target: string): RequestTarget {
  if (target.startsWith("/")) return split(undefined, target);
  const match = absoluteForm.exec(target);
  if (match === null) return { authority: undefined, path: target, query: "" };
  const rest = target.slice(match[0].length);
  return split(match[1], rest.startsWith("/") ? rest : `/${rest}`);
}

function split(authority: string | undefined, rest: string): RequestTarget {
  const mark = rest.indexOf("?");
  if (mark < 0) return { authority, path: rest, query: "" };
  return { authority, path: rest.slice(0, mark), query: rest.slice(mark + 1) };
}

const hostForm = /^(?:[a-z0-9._~-]{1,255}|\[([0-9a-f:.]{2,45})\])(?::(\d{1,5}))?$/i;

/**
 * Whether this is one host name, IPv4 address or bracketed IPv6 address with an optional port: no user, path, list or
 * percent-encoding. Narrower than RFC 3986's `reg-name`, whose other characters no registered name has.
 */
export function isValidHost(host: string): boolean {
  const match = hostForm.exec(host);
  if (match === null) return false;
  const [, address, port] = match;
  return (address === undefined || isIPv6(address)) && (port === undefined || Number(port) <= 65_535);
}

/** An address as people write it, given in lower case: IPv4 in IPv6 clothes (`::ffff:192.0.2.1`) is shown as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}

/** The host without its port, in lower case: `[::1]:80` gives `[::1]`. */
export function withoutPort(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}
