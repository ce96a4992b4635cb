import type { SetCookie } from "cookie";
import { ResponseError } from "../errors.js";
import { library } from "../on-demand.js";
import { quoteCookieValue, unquoteCookieValue } from "./cookie-value.js";

const { parseCookie, stringifySetCookie } = library<typeof import("cookie")>("cookie");

/** The cookies of a request by name; an object without a prototype. */
export type Cookies = Readonly<Record<string, string | undefined>>;

/**
 * Reads a `Cookie` field as browsers write it: pairs between `;`, the first `=` ends a name, what is no pair is skipped and
 * the rest survives it. Of several cookies of one name the first counts: browsers send the one with the most specific path
 * first. Never throws.
 */
export function parseCookies(field: string): Cookies {
  return parseCookie(field, { decode: unquoteCookieValue });
}

/** The attributes of a cookie that is set. Source: RFC 6265bis. */
export interface CookieOptions {
  /** The host, and all below it, that get the cookie. Default: the host that sets it, alone. */
  readonly domain?: string;
  /** The path, and all below it, that get the cookie. Default: `"/"`. */
  readonly path?: string;
  /** When it ends. Default, with neither of the other two: when the browser is closed. */
  readonly expires?: Date;
  /** When it ends, in days from now; null: when the browser is closed. Not together with `expires`. */
  readonly expiresDays?: number | null;
  /** When it ends, in seconds from now, as the attribute counts; 0 ends it. It wins over `expires`. */
  readonly maxAge?: number;
  /** Hides it from scripts. Default: true. */
  readonly httpOnly?: boolean;
  /** Sends it over https alone. Default: true when the request came over https, and for what needs it. */
  readonly secure?: boolean;
  /**
   * Whether requests that other sites cause carry it: `"strict"` none, `"lax"` followed links alone, `"none"` all, which
   * needs `secure`. Default: `"lax"`.
   */
  readonly sameSite?: "strict" | "lax" | "none";
  /** One jar for each top-level site (CHIPS); needs `secure`. Default: false. */
  readonly partitioned?: boolean;
  /** Which cookies the browser drops first when there are too many; Chromium alone. Default: none. */
  readonly priority?: "low" | "medium" | "high";
}

/** What a cookie's text depends on besides its name, value and options. */
export interface CookieCircumstances {
  /** Whether the request came over https. */
  readonly https: boolean;
  /** Milliseconds since 1970. Default: now. */
  readonly now?: number;
}

/**
 * The value of a `Set-Cookie` field.
 *
 * @throws ResponseError for a name, value or attribute with characters that could start another attribute or field, and for
 * attributes with which a browser would silently drop the cookie: a path without `/` in front, `SameSite=None` or
 * `Partitioned` without `Secure`, and what the prefixes `__Host-` and `__Secure-` forbid.
 */
export function setCookieText(
  name: string,
  value: string,
  options: CookieOptions,
  { https, now = Date.now() }: CookieCircumstances,
): string {
  const secure = options.secure ?? (https || needsSecure(name, options));
  refuseUseless(name, options, secure);
  const { expiresDays, httpOnly = true, sameSite = "lax", path = "/", ...rest } = options;
  const lasting = typeof expiresDays !== "number" ? {} : { expires: new Date(now + expiresDays * 86_400_000) };
  return stringified({ ...rest, ...lasting, name, value: quoteCookieValue(value), httpOnly, sameSite, path, secure });
}

function stringified(cookie: SetCookie): string {
  try {
    return stringifySetCookie(cookie, { encode: String });
  } catch (error) {
    throw new ResponseError(`setCookie: ${(error as Error).message}`);
  }
}

const prefixed = /^__(?:host|secure)-/i;
const hostPrefixed = /^__host-/i;

/** Whether browsers take a cookie of this name only for the whole of one host. */
export function isHostCookie(name: string): boolean {
  return hostPrefixed.test(name);
}

function needsSecure(name: string, { sameSite, partitioned }: CookieOptions): boolean {
  return prefixed.test(name) || sameSite?.toLowerCase() === "none" || partitioned === true;
}

function refuseUseless(name: string, options: CookieOptions, secure: boolean): void {
  const { domain, path = "/", expires, expiresDays } = options;
  if (!secure && needsSecure(name, options)) refuse(name, "a prefix, SameSite=None and Partitioned need `secure`");
  if (isHostCookie(name) && (domain !== undefined || path !== "/"))
    refuse(name, "__Host- allows no domain and no path");
  if (!path.startsWith("/")) refuse(name, "the path must start with /");
  if (expires !== undefined && typeof expiresDays === "number")
    refuse(name, "give `expires` or `expiresDays`, not both");
}

function refuse(name: string, rule: string): never {
  throw new ResponseError(`setCookie: ${name}: ${rule}`);
}
