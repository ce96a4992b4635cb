import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { ConfigurationError } from "../errors.js";
import { AddressRanges } from "./address-ranges.js";
import { type ForwardedHops, parseForwarded, parseXForwarded } from "./forwarded.js";
import { type ForwardedOrigin, RequestHeaders, remoteIpOf } from "./request.js";
import { isValidHost } from "./target.js";

/** Which fields proxies write: the three `X-Forwarded-…`, or RFC 7239's `Forwarded`. */
export type ProxyHeaders = "x-forwarded" | "forwarded";

const xForwarded = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] as const;

/**
 * The one test of what proxies say about a client. Only a peer that is trusted may say anything; from there the hops are
 * followed from the right, as long as they are trusted themselves: what stands further left may come from the client. Address,
 * protocol and host are taken from the same hop.
 */
export class TrustedProxies {
  readonly #trusted: AddressRanges;
  readonly #headers: ProxyHeaders | undefined;
  /** Asked once for a connection: a look into the list costs two microseconds. */
  readonly #peers = new WeakMap<Socket, boolean>();

  /**
   * @param ranges see {@link AddressRanges}.
   * @param headers the fields that the proxies write. Undefined: whichever there is, and both at once are malformed.
   * @throws ConfigurationError for other headers, and for ranges that are none.
   */
  constructor(ranges: readonly string[], headers?: ProxyHeaders) {
    this.#trusted = new AddressRanges(ranges, "trustedProxies");
    if (headers !== undefined && headers !== "x-forwarded" && headers !== "forwarded") {
      throw new ConfigurationError(`proxyHeaders must be "x-forwarded" or "forwarded", got ${JSON.stringify(headers)}`);
    }
    this.#headers = headers;
  }

  /** What is to be believed about the client; undefined when the peer is not trusted. */
  originOf(message: IncomingMessage): ForwardedOrigin | undefined {
    if (!this.#trustsPeer(message.socket)) return undefined;
    const hops = this.#hopsOf(new RequestHeaders(message.headers));
    return typeof hops === "string" ? { malformed: hops } : this.#outermost(hops);
  }

  /** The hops, or why they cannot be read. */
  #hopsOf(headers: RequestHeaders): ForwardedHops | string {
    const forwarded = this.#headers === "x-forwarded" ? undefined : headers.get("forwarded");
    const x = this.#headers === "forwarded" ? [] : xForwarded.map((name) => headers.get(name));
    if (forwarded === undefined) return parseXForwarded(x[0], x[1], x[2]);
    // A proxy writes one of them and passes the other on as the client sent it.
    if (x.some((field) => field !== undefined)) return "both Forwarded and X-Forwarded-…: set proxyHeaders";
    return parseForwarded(forwarded) ?? "malformed Forwarded";
  }

  #outermost({ addresses, protocols, hosts }: ForwardedHops): ForwardedOrigin {
    const last = addresses.length - 1;
    let index = last;
    while (index > 0 && this.#trusted.has(addresses[index] ?? "")) index -= 1;
    // Of a client that hides behind a word, the proxy that it spoke to is known.
    const remoteIp = addresses[index] ?? addresses[index + 1];
    const hop = last - Math.max(0, index);
    return {
      ...(remoteIp === undefined ? {} : { remoteIp }),
      ...protocolOf(fromRight(protocols, hop)),
      ...hostOf(fromRight(hosts, hop)),
    };
  }

  #trustsPeer(socket: Socket): boolean {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    const trusted = this.#trusted.has(remoteIpOf(socket));
    this.#peers.set(socket, trusted);
    return trusted;
  }
}

/** The item of a hop, counted from the nearest proxy; a list that is shorter was replaced on the way, not added to. */
function fromRight<T>(list: readonly T[], hop: number): T | undefined {
  return list[Math.max(0, list.length - 1 - Math.max(0, hop))];
}

function protocolOf(text: string | undefined): Pick<ForwardedOrigin, "protocol"> {
  const protocol = text?.toLowerCase();
  return protocol === "http" || protocol === "https" ? { protocol } : {};
}

function hostOf(host: string | undefined): Pick<ForwardedOrigin, "host"> {
  return host !== undefined && isValidHost(host) ? { host } : {};
}
