import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Cookies, parseCookies } from "./cookies.js";
import { hasBody } from "./framing.js";
import { plainAddress, splitTarget, withoutPort } from "./target.js";
import type { FileMap } from "./uploaded-file.js";

/** The header fields of a request by name in any case. */
export class RequestHeaders {
  readonly #headers: IncomingHttpHeaders;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  /** The value, several fields of one name joined as RFC 9110 (section 5.3) says; undefined when there is none. */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    // Node's object has a prototype: "__proto__" and "constructor" are in it without having been sent.
    const value = Object.hasOwn(this.#headers, key) ? this.#headers[key] : undefined;
    return Array.isArray(value) ? value.join(", ") : value;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (const name of Object.keys(this.#headers)) yield [name, this.get(name) ?? ""];
  }
}

/** What the request asks for, as routing sees it: the one canonical path, and the query without its `?`. */
export interface CanonicalTarget {
  readonly path: string;
  readonly query: string;
}

/** What a trusted proxy said about the client. One trust test decides over all of it. */
export interface ForwardedOrigin {
  readonly remoteIp?: string;
  readonly protocol?: "http" | "https";
  readonly host?: string;
  /** Why nothing can be said: the request is to be refused with 400. */
  readonly malformed?: string;
}

/**
 * One request. Everything but the constructor's arguments is computed when it is asked for.
 *
 * Source: Tornado's `HTTPServerRequest`; times are milliseconds here.
 */
export class HTTPServerRequest {
  /** Canonical and decoded; what routing, middleware and guards all see. */
  readonly path: string;
  /** As sent, without `?`. */
  readonly query: string;
  /** `performance.now()` at the construction. */
  readonly started: number = performance.now();
  /** The decoded body; empty until it has been read, and of a form with files, which is taken apart as it comes in. */
  body: Buffer = empty;
  /** The files of a `multipart/form-data` body by the name of their field; none until it has been read. */
  files: Readonly<FileMap> = noFiles;
  readonly #message: IncomingMessage;
  readonly #forwarded: ForwardedOrigin | undefined;
  #headers: RequestHeaders | undefined;
  #cookies: Cookies | undefined;

  constructor(message: IncomingMessage, target: CanonicalTarget, forwarded?: ForwardedOrigin) {
    this.#message = message;
    this.path = target.path;
    this.query = target.query;
    this.#forwarded = forwarded;
  }

  get method(): string {
    return this.#message.method ?? "";
  }

  /** The request-target as it stands in the request line, nothing decoded. */
  get uri(): string {
    return this.#message.url ?? "";
  }

  /** `"HTTP/1.1"` or `"HTTP/1.0"`. */
  get version(): string {
    return `HTTP/${this.#message.httpVersion}`;
  }

  get headers(): RequestHeaders {
    return (this.#headers ??= new RequestHeaders(this.#message.headers));
  }

  /** By name, in an object without a prototype. Of several of one name the first: see `parseCookies`. */
  get cookies(): Cookies {
    return (this.#cookies ??= parseCookies(this.#message.headers.cookie ?? ""));
  }

  /** Whether the request announces a body, read or not. */
  get hasBody(): boolean {
    return hasBody(this.#message);
  }

  get socket(): Socket {
    return this.#message.socket;
  }

  /** Whether the peer is one of `trustedProxies`: then address, protocol and host are what it says. */
  get viaTrustedProxy(): boolean {
    return this.#forwarded !== undefined;
  }

  /**
   * Host and port that the client asked for: what a trusted proxy says, else the absolute-form target's, else the Host field's. An HTTP/1.0 request
   * without Host gets the address it came in on.
   */
  get host(): string {
    return (
      this.#forwarded?.host ?? splitTarget(this.uri).authority ?? this.#message.headers.host ?? localHost(this.socket)
    );
  }

  /** The host without its port, in lower case. */
  get hostName(): string {
    return withoutPort(this.host);
  }

  get protocol(): "http" | "https" {
    return this.#forwarded?.protocol ?? ("encrypted" in this.socket ? "https" : "http");
  }

  /** The client's address as trusted proxies saw it, else the peer's; an IPv4 address in IPv6 clothes is shown as IPv4. May be empty when the socket is gone and nobody asked before. */
  get remoteIp(): string {
    return this.#forwarded?.remoteIp ?? remoteIpOf(this.socket);
  }

  /** Protocol, host and target, nothing decoded: for redirects and logs, not for decisions. */
  fullUrl(): string {
    const { path, query } = splitTarget(this.uri);
    return `${this.protocol}://${this.host}${path}${query === "" ? "" : `?${query}`}`;
  }

  /** Milliseconds since the request was read. */
  requestTime(): number {
    return performance.now() - this.started;
  }
}

const empty = Buffer.alloc(0);
const noFiles: Readonly<FileMap> = Object.freeze(Object.create(null) as FileMap);

/** The address of the other side as people write it; empty when the socket is closed. */
export function remoteIpOf(socket: Socket): string {
  return plainAddress(socket.remoteAddress ?? "");
}

function localHost({ localAddress = "127.0.0.1", localPort }: Socket): string {
  const address = plainAddress(localAddress);
  return `${address.includes(":") ? `[${address}]` : address}:${localPort ?? 80}`;
}
