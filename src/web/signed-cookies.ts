import type { CookieOptions } from "../http/cookies.js";
import { signatureKeyVersion } from "../http/signed-value.js";
import type { HandlerContext } from "./handler.js";

/** What a signed cookie must be. */
export interface SignedCookieOptions {
  /** Days after which it is no longer valid, whatever its expiry says, which is the client's to keep. Default: 31. */
  readonly maxAgeDays?: number;
  /** A value from elsewhere, instead of the cookie's. */
  readonly value?: string;
}

/** The value of a valid signed cookie. */
export function readSigned(
  { application, exchange }: HandlerContext,
  name: string,
  { value = exchange.request.cookies[name], ...options }: SignedCookieOptions = {},
): string | undefined {
  return application.trust.signer.verify(name, value, options)?.toString();
}

/** The version of the key of a valid signed cookie. */
export function keyVersionOf(
  context: HandlerContext,
  name: string,
  { value = context.exchange.request.cookies[name], ...options }: SignedCookieOptions = {},
): number | undefined {
  const isValid = context.application.trust.signer.verify(name, value, options) !== undefined;
  return isValid ? signatureKeyVersion(value) : undefined;
}

const defaultDays = 30;

/** Signed cookies stay, unless it is said when they end. */
export function withExpiry(options: CookieOptions): CookieOptions {
  const { expires, expiresDays, maxAge } = options;
  if (expires !== undefined || expiresDays !== undefined || maxAge !== undefined) return options;
  return { ...options, expiresDays: defaultDays };
}
