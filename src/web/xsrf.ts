import { ConfigurationError, HTTPError } from "../errors.js";
import { type CookieOptions, setCookieText } from "../http/cookies.js";
import { foreignSite } from "../http/fetch-metadata.js";
import { type XsrfToken, decodeXsrfToken, encodeXsrfToken, isSameXsrfToken, newXsrfToken } from "../http/xsrf-token.js";
import type { Exchange } from "./exchange.js";

/** The part of a definition that is about requests that other sites cause. */
export interface XsrfOptions {
  /**
   * Refuses requests other than GET, HEAD and OPTIONS with 403 when another site caused them, or when they do not repeat the
   * token of their `_xsrf` cookie. Default: false.
   */
  readonly xsrfCookies?: boolean;
  /** The cookie's name; one with `__Host-` cannot be set by neighbours. Default: `"_xsrf"`. */
  readonly xsrfCookieName?: string;
  /** The cookie's attributes. Default: those of `setCookie`, but open to scripts, which send it as a header field. */
  readonly xsrfCookieOptions?: CookieOptions;
}

/** {@link XsrfOptions} with all defaults. */
export interface XsrfSettings {
  readonly enforced: boolean;
  readonly name: string;
  readonly options: CookieOptions;
}

/** @throws ConfigurationError for a name or attributes that no cookie can have. */
export function xsrfSettings({ xsrfCookies, xsrfCookieName, xsrfCookieOptions }: XsrfOptions): XsrfSettings {
  const name = xsrfCookieName ?? "_xsrf";
  const options = { httpOnly: false, ...xsrfCookieOptions };
  try {
    setCookieText(name, "", options, { https: true });
  } catch (error) {
    throw new ConfigurationError(`xsrfCookieName, xsrfCookieOptions: ${(error as Error).message}`);
  }
  return { enforced: xsrfCookies ?? false, name, options };
}

/** These must change nothing (RFC 9110, section 9.2.1), so there is nothing to forge. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}

/** How long a known user's token stays. */
const userDays = 30;
/** How much of an origin is logged. */
const shownLength = 100;
/** Tornado's, and Django's. */
const headerNames = ["x-xsrftoken", "x-csrftoken"] as const;

/**
 * The token of one request and its answer. A page of another site can make a browser send the cookie, but can neither read
 * nor repeat it.
 *
 * Source: Tornado's `xsrf_token` and `check_xsrf_cookie`, with Fetch Metadata in front.
 */
export class Xsrf {
  readonly #exchange: Exchange;
  readonly #settings: XsrfSettings;
  readonly #sent: XsrfToken | undefined;
  #text: string | undefined;

  constructor(exchange: Exchange, settings: XsrfSettings) {
    this.#exchange = exchange;
    this.#settings = settings;
    this.#sent = decodeXsrfToken(exchange.request.cookies[settings.name]);
  }

  /**
   * The token for this answer; the same all through it. Sets the cookie when the client has none.
   *
   * @throws ResponseError when the cookie has to be set and the headers are out.
   */
  text(isKnownUser: () => boolean): string {
    if (this.#text !== undefined) return this.#text;
    const text = encodeXsrfToken(this.#sent ?? newXsrfToken());
    if (this.#sent === undefined) this.#setCookie(text, isKnownUser());
    return (this.#text = text);
  }

  /**
   * @param argument what the client repeats in its form or query.
   * @param isAllowed whether another origin may cause requests.
   * @throws HTTPError 403.
   */
  check(argument: string | undefined, isAllowed: (origin: string) => boolean): void {
    const { request } = this.#exchange;
    const site = foreignSite(request);
    if (site !== undefined && !isAllowed(site)) {
      throw new HTTPError(403, `another site caused the request: ${site.slice(0, shownLength)}`);
    }
    const given = argument || headerNames.map((name) => request.headers.get(name)).find(Boolean);
    if (given === undefined) throw new HTTPError(403, `'_xsrf' argument missing from ${request.method}`);
    const token = decodeXsrfToken(given);
    if (token === undefined) throw new HTTPError(403, "'_xsrf' argument has invalid format");
    if (this.#sent !== undefined && isSameXsrfToken(token, this.#sent)) return;
    throw new HTTPError(403, `XSRF cookie does not match ${request.method} argument`);
  }

  #setCookie(text: string, isKnownUser: boolean): void {
    const { name, options } = this.#settings;
    const lasting = isKnownUser && !hasEnd(options) ? { expiresDays: userDays } : {};
    this.#exchange.setCookies.set(name, text, { ...options, ...lasting });
  }
}

function hasEnd({ expires, expiresDays, maxAge }: CookieOptions): boolean {
  return expires !== undefined || expiresDays !== undefined || maxAge !== undefined;
}
