import { ConfigurationError } from "../errors.js";
import type { CookieSecret } from "../http/signed-value.js";
import { CookieSigner } from "./cookie-signer.js";

/** Whom and what an application believes: the part of its definition that is about cookies, proxies and other sites. */
export interface TrustOptions {
  /**
   * Signs cookies. Several by key version allow a change: `keyVersion` signs, the others still check what they signed.
   * At least 16 bytes each when NODE_ENV is production. Default: none, and signed cookies throw ConfigurationError.
   */
  readonly cookieSecret?: CookieSecret;
  /** The key of `cookieSecret` that signs; needed when it is an object, and refused when it is a string. */
  readonly keyVersion?: number;
}

const names = { cookieSecret: 1, keyVersion: 1 } satisfies Record<keyof TrustOptions, 1>;

/** The names that a definition may have for it. */
export const trustOptionNames: readonly string[] = Object.keys(names);

/** {@link TrustOptions}, checked and compiled once. */
export class Trust {
  readonly #signer: CookieSigner | undefined;

  /** @throws ConfigurationError for options that contradict each other or a rule. */
  constructor({ cookieSecret, keyVersion }: TrustOptions) {
    if (cookieSecret !== undefined) this.#signer = new CookieSigner(cookieSecret, keyVersion);
    else if (keyVersion !== undefined)
      throw new ConfigurationError("keyVersion needs cookieSecret, which it is a key of");
  }

  /** @throws ConfigurationError without `cookieSecret`. */
  get signer(): CookieSigner {
    if (this.#signer !== undefined) return this.#signer;
    throw new ConfigurationError("signed cookies need `cookieSecret` in the application's definition");
  }
}
