import { ConfigurationError } from "../errors.js";
import { type CookieSecret, type VerifyOptions, createSignedValue, decodeSignedValue } from "../http/signed-value.js";

/** Signs and checks with the secret of an application. */
export class CookieSigner {
  readonly #secret: CookieSecret;
  readonly #keyVersion: number;

  /**
   * @param keyVersion which of several secrets signs; the others only check.
   * @throws ConfigurationError for a secret that is none, and a version that is missing or has no secret.
   */
  constructor(secret: CookieSecret, keyVersion: number | undefined) {
    if (typeof secret === "string") checkSingle(secret, keyVersion);
    else checkSeveral(secret, keyVersion);
    this.#secret = secret;
    this.#keyVersion = keyVersion ?? 0;
  }

  sign(name: string, value: string | Uint8Array): string {
    return createSignedValue(this.#secret, name, value, { keyVersion: this.#keyVersion });
  }

  verify(name: string, value: string | undefined, options?: VerifyOptions): Buffer | undefined {
    return decodeSignedValue(this.#secret, name, value, options);
  }
}

function checkSingle(secret: string, keyVersion: number | undefined): void {
  checkSecret("cookieSecret", secret);
  if (keyVersion !== undefined) {
    throw new ConfigurationError("keyVersion names one of several secrets, but cookieSecret is a single string");
  }
}

function checkSeveral(secrets: Readonly<Record<number, string>>, keyVersion: number | undefined): void {
  const entries = typeof secrets === "object" && secrets !== null ? Object.entries(secrets) : [];
  if (entries.length === 0) {
    throw new ConfigurationError("cookieSecret must be a string, or an object of strings by key version");
  }
  for (const [version, secret] of entries) checkVersioned(version, secret);
  if (keyVersion === undefined || !Object.hasOwn(secrets, keyVersion)) {
    throw new ConfigurationError(
      `keyVersion must name the secret that signs, one of ${Object.keys(secrets).join(", ")}; got ${String(keyVersion)}`,
    );
  }
}

function checkVersioned(version: string, secret: unknown): void {
  checkSecret(`cookieSecret[${version}]`, secret);
  if (!/^(?:0|[1-9]\d{0,8})$/.test(version)) {
    throw new ConfigurationError(`cookieSecret: a key version is a whole number from 0, got "${version}"`);
  }
}

/** In bytes. Below it, who has seen one signed value may find the secret by trying. */
const shortest = 16;

function checkSecret(option: string, secret: unknown): void {
  if (typeof secret !== "string" || secret === "") {
    throw new ConfigurationError(`${option} must be a string that is not empty`);
  }
  if (Buffer.byteLength(secret) >= shortest || process.env["NODE_ENV"] !== "production") return;
  throw new ConfigurationError(
    `${option} must have at least ${shortest} bytes when NODE_ENV is production; make one by ` +
      "node -p \"require('node:crypto').randomBytes(32).toString('base64')\"",
  );
}
