import { isIP } from "node:net";
import { plainAddress } from "./target.js";

/** What proxies said of one request, each list in the order of its field: the nearest proxy wrote the last item. */
export interface ForwardedHops {
  /** Who connected to the proxy that wrote it; undefined for what is no address. */
  readonly addresses: readonly (string | undefined)[];
  readonly protocols: readonly (string | undefined)[];
  readonly hosts: readonly (string | undefined)[];
}

/**
 * Reads the three `X-Forwarded-…` fields. Proxies add to `X-Forwarded-For` and mostly replace the other two, so those may be
 * shorter.
 */
export function parseXForwarded(
  for_: string | undefined,
  proto: string | undefined,
  host: string | undefined,
): ForwardedHops {
  return { addresses: listOf(for_).map(addressOf), protocols: listOf(proto), hosts: listOf(host) };
}

function listOf(field: string | undefined): string[] {
  return field === undefined || field.trim() === "" ? [] : field.split(",").map((item) => item.trim());
}

/** A parameter, and what follows it: another one, the next element, or the end. */
const parameter = /[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")[ \t]*([;,]|$)/y;

/**
 * Reads a `Forwarded` field. Undefined when any of it is malformed: a quote that somebody left open would swallow what the
 * next proxy adds. Linear.
 *
 * Source: RFC 7239, section 4.
 */
export function parseForwarded(field: string): ForwardedHops | undefined {
  const elements: Map<string, string>[] = [new Map()];
  parameter.lastIndex = 0;
  let end = ",";
  while (end !== "") {
    const match = parameter.exec(field);
    const name = match?.[1]?.toLowerCase();
    const element = elements.at(-1) as Map<string, string>;
    // A parameter must not come twice in an element.
    if (match === null || name === undefined || element.has(name)) return undefined;
    element.set(name, match[2] ?? match[3]?.replaceAll(/\\(.)/gs, "$1") ?? "");
    end = match[4] ?? "";
    if (end === ",") elements.push(new Map());
  }
  const all = (name: string): (string | undefined)[] => elements.map((element) => element.get(name));
  return {
    addresses: all("for").map((node) => (node === undefined ? undefined : addressOf(node))),
    protocols: all("proto"),
    hosts: all("host"),
  };
}

const withPort = /^(?:\[([^\]]+)\](?::\w+)?|([\d.]+):\w+)$/;

/** The address of a node, which may have a port: `192.0.2.1:80`, `[2001:db8::1]:80`. Undefined for `unknown` and garbage. */
function addressOf(node: string): string | undefined {
  const match = withPort.exec(node);
  const address = match?.[1] ?? match?.[2] ?? node;
  // A zone (`fe80::1%eth0`) means something on the proxy alone.
  return isIP(address) === 0 || address.includes("%") ? undefined : plainAddress(address.toLowerCase());
}
