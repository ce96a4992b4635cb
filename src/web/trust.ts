import type { IncomingMessage } from "node:http";
import { ConfigurationError, HTTPError } from "../errors.js";
import type { CorsOptions } from "../cors-options.js";
import { AllowedHosts } from "../http/allowed-hosts.js";
import { CorsPolicy } from "../http/cors.js";
import type { ForwardedOrigin, HTTPServerRequest } from "../http/request.js";
import { type SecurityHeaderOptions, SecurityHeaders } from "../http/security-headers.js";
import type { CookieSecret } from "../http/signed-value.js";
import { type ProxyHeaders, TrustedProxies } from "../http/trusted-proxies.js";
import type { Exchange } from "./exchange.js";
import { CookieSigner } from "./cookie-signer.js";
import { type XsrfOptions, type XsrfSettings, isSafeMethod, xsrfSettings } from "./xsrf.js";

/** Whom and what an application believes: the part of its definition that is about cookies, proxies and other sites. */
export interface TrustOptions extends XsrfOptions {
  /**
   * Signs cookies. Several by key version allow a change: `keyVersion` signs, the others still check what they signed.
   * At least 16 bytes each when NODE_ENV is production. Default: none, and signed cookies throw ConfigurationError.
   */
  readonly cookieSecret?: CookieSecret;
  /** The key of `cookieSecret` that signs; needed when it is an object, and refused when it is a string. */
  readonly keyVersion?: number;
  /**
   * Whose word counts about a client's address, protocol and host: addresses, ranges in CIDR notation, `"loopback"`,
   * `"linklocal"`, `"uniquelocal"`. Default: nobody's.
   */
  readonly trustedProxies?: readonly string[];
  /** Which fields these proxies write. Default: either, and a request with both is 400. */
  readonly proxyHeaders?: ProxyHeaders;
  /** The hosts that are answered for, without ports; `"*.example.com"` for subdomains. Others get 421. Default: all. */
  readonly allowedHosts?: readonly string[];
  /** Which pages of other sites may use the application; a route may say otherwise. Default: none. */
  readonly cors?: CorsOptions;
  /** Header fields of every answer: changed or added by name, `false` takes one away, or all of them. Default: see `defaultSecurityHeaders`. */
  readonly securityHeaders?: SecurityHeaderOptions | false;
  /** Where `@Authenticated` sends people: a path, or an URL. Default: nowhere, they get 403. */
  readonly loginUrl?: string;
}

const names = {
  cookieSecret: 1,
  keyVersion: 1,
  trustedProxies: 1,
  proxyHeaders: 1,
  allowedHosts: 1,
  cors: 1,
  securityHeaders: 1,
  loginUrl: 1,
  xsrfCookies: 1,
  xsrfCookieName: 1,
  xsrfCookieOptions: 1,
} satisfies Record<keyof TrustOptions, 1>;

/** The names that a definition may have for it. */
export const trustOptionNames: readonly string[] = Object.keys(names);

/** Options that mean nothing without another. */
const dependent: readonly (readonly [name: keyof TrustOptions, needed: keyof TrustOptions])[] = [
  ["keyVersion", "cookieSecret"],
  ["proxyHeaders", "trustedProxies"],
];

/** {@link TrustOptions}, checked and compiled once. */
export class Trust {
  readonly loginUrl: string | undefined;
  readonly xsrf: XsrfSettings;
  readonly cors: CorsPolicy | undefined;
  readonly headers: SecurityHeaders;
  readonly #signer: CookieSigner | undefined;
  readonly #proxies: TrustedProxies | undefined;
  readonly #hosts: AllowedHosts | undefined;

  /** @throws ConfigurationError for options that contradict each other or a rule. */
  constructor(options: TrustOptions) {
    const { cookieSecret, keyVersion, trustedProxies, proxyHeaders, allowedHosts } = options;
    for (const [name, needed] of dependent) refuseAlone(options, name, needed);
    if (cookieSecret !== undefined) this.#signer = new CookieSigner(cookieSecret, keyVersion);
    if (trustedProxies !== undefined) this.#proxies = new TrustedProxies(trustedProxies, proxyHeaders);
    if (allowedHosts !== undefined) this.#hosts = new AllowedHosts(allowedHosts);
    this.xsrf = xsrfSettings(options);
    this.cors = options.cors && new CorsPolicy(options.cors);
    this.headers = new SecurityHeaders(options.securityHeaders);
    this.loginUrl = checkedLoginUrl(options.loginUrl);
  }

  /** @throws ConfigurationError without `cookieSecret`. */
  get signer(): CookieSigner {
    if (this.#signer !== undefined) return this.#signer;
    throw new ConfigurationError("signed cookies need `cookieSecret` in the application's definition");
  }

  /** Whether a request of this method has to show a token. */
  checksXsrf(method: string): boolean {
    return this.xsrf.enforced && !isSafeMethod(method);
  }

  /** What proxies say about a request; undefined when nobody is believed who speaks here. */
  originOf(message: IncomingMessage): ForwardedOrigin | undefined {
    return this.#proxies?.originOf(message);
  }

  /** Gives an answer what it has whatever it will be: error pages, refusals and redirects too. */
  equip(exchange: Exchange): void {
    exchange.response.setDefaults(this.headers.fields(exchange.request));
    exchange.cors = this.cors;
  }

  /** Why a request is not even routed; undefined: go on. */
  refusalOf(request: HTTPServerRequest, origin: ForwardedOrigin | undefined): HTTPError | undefined {
    if (origin?.malformed !== undefined) return new HTTPError(400, origin.malformed);
    if (this.#hosts === undefined || this.#hosts.has(request.hostName)) return undefined;
    return new HTTPError(421, `the host ${request.hostName} is none of allowedHosts`);
  }
}

function refuseAlone(options: TrustOptions, name: keyof TrustOptions, needed: keyof TrustOptions): void {
  if (options[name] === undefined || options[needed] !== undefined) return;
  throw new ConfigurationError(`${name} means nothing without ${needed}`);
}

function checkedLoginUrl(url: string | undefined): string | undefined {
  if (url === undefined || (/^(?:\/(?!\/)|https?:\/\/)[!-~]*$/.test(url) && !url.includes("\\"))) return url;
  throw new ConfigurationError(
    `loginUrl must be a path that starts with one /, or an http URL; got ${JSON.stringify(url)}`,
  );
}
