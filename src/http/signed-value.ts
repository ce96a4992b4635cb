/** One secret, or several by the version of their key, so that old values stay valid while new ones get a new key. */
export type CookieSecret = string | Readonly<Record<number, string>>;

/** How {@link createSignedValue} signs. */
export interface SignOptions {
  /** Which of several secrets signs. Default: 0. */
  readonly keyVersion?: number;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** What {@link decodeSignedValue} accepts. */
export interface VerifyOptions {
  /** Days after which a value is no longer valid. Default: 31. */
  readonly maxAgeDays?: number;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: () => number;
}

const day = 86_400;
const defaultMaxAgeDays = 31;
/** Days by which the clock of who signed may be ahead of ours. */
const aheadDays = 1;

/**
 * Signs a value together with a name, so that it cannot be used under another one, and with the time. The value can be read
 * by everybody; it cannot be changed.
 *
 * @throws RangeError when there are several secrets and none of this version.
 *
 * Source: Tornado's `create_signed_value`, format 2, byte for byte: fields with their lengths in front, separated by `|`
 * (version, key version, seconds since 1970, name, value in base64), and the HMAC-SHA256 of all that in hexadecimal.
 */
export function createSignedValue(
  secret: CookieSecret,
  name: string,
  value: string | Uint8Array,
  { keyVersion = 0, clock = Date.now }: SignOptions = {},
): string {
  const key = secretOf(secret, keyVersion);
  if (key === undefined) throw new RangeError(`createSignedValue: there is no secret of version ${keyVersion}`);
  const seconds = Math.floor(clock() / 1000);
  const encoded = Buffer.from(value as string).toString("base64");
  const fields = [String(keyVersion), String(seconds), name, encoded].map(
    (text) => `${Buffer.byteLength(text)}:${text}|`,
  );
  const signed = `2|${fields.join("")}`;
  return signed + signatureOf(key, signed).toString();
}

/**
 * The value that was signed under this name. Undefined for everything else: another name, a signature that does not fit,
 * a version other than 2 (the first has no separators, so names and values could be shifted into each other), a key version
 * that has no secret, a value that is too old or, beyond a day, from the future. Takes the same time whichever byte of a
 * signature is wrong. Never throws.
 *
 * Source: Tornado's `decode_signed_value`, without its format 1.
 */
export function decodeSignedValue(
  secret: CookieSecret,
  name: string,
  value: string | undefined,
  { maxAgeDays = defaultMaxAgeDays, clock = Date.now }: VerifyOptions = {},
): Buffer | undefined {
  const parts = value === undefined ? undefined : partsOf(value);
  if (parts === undefined) return undefined;
  const key = secretOf(secret, parts.keyVersion);
  if (key === undefined || !isEqual(parts.signature, signatureOf(key, parts.signed))) return undefined;
  if (!parts.name.equals(Buffer.from(name))) return undefined;
  const now = clock() / 1000;
  const inTime = parts.seconds >= now - maxAgeDays * day && parts.seconds <= now + aheadDays * day;
  return inTime ? Buffer.from(parts.value.toString(), "base64") : undefined;
}

/** The version of the key that a value says it was signed with; not checked. Undefined when it is no signed value. */
export function signatureKeyVersion(value: string | undefined): number | undefined {
  return value === undefined ? undefined : partsOf(value)?.keyVersion;
}

function secretOf(secret: CookieSecret, keyVersion: number): string | undefined {
  if (typeof secret === "string") return secret;
  return Object.hasOwn(secret, keyVersion) ? secret[keyVersion] : undefined;
}

function signatureOf(key: string, signed: string | Buffer): Buffer {
  return Buffer.from(crypto().createHmac("sha256", key).update(signed).digest("hex"));
}

/** The comparison takes as long as the length says, which is no secret. */
function isEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && crypto().timingSafeEqual(given, expected);
}

interface SignedParts {
  readonly keyVersion: number;
  readonly seconds: number;
  readonly name: Buffer;
  readonly value: Buffer;
  /** All that the signature is of. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const fieldCount = 4;

function partsOf(text: string): SignedParts | undefined {
  if (!text.startsWith("2|")) return undefined;
  const bytes = Buffer.from(text);
  const fields: Buffer[] = [];
  let position = 2;
  while (fields.length < fieldCount) {
    const field = fieldAt(bytes, position);
    if (field === undefined) return undefined;
    fields.push(field.content);
    position = field.next;
  }
  const [keyVersion, seconds, name, value] = fields as [Buffer, Buffer, Buffer, Buffer];
  const numbers = { keyVersion: numberOf(keyVersion), seconds: numberOf(seconds) };
  if (Number.isNaN(numbers.keyVersion) || Number.isNaN(numbers.seconds)) return undefined;
  return { ...numbers, name, value, signed: bytes.subarray(0, position), signature: bytes.subarray(position) };
}

/** Longer lengths than any header section has are no lengths. */
const longestLength = 9;

/** A length, a colon, as many bytes, and a bar. */
function fieldAt(bytes: Buffer, start: number): { readonly content: Buffer; readonly next: number } | undefined {
  const colon = bytes.subarray(start, start + longestLength + 1).indexOf(":");
  if (colon < 1) return undefined;
  const from = start + colon + 1;
  const to = from + numberOf(bytes.subarray(start, start + colon));
  // Not a number makes this byte undefined as well.
  return bytes[to] === 0x7c ? { content: bytes.subarray(from, to), next: to + 1 } : undefined;
}

/** Decimal without a sign, space or leading zero; NaN for anything else. */
function numberOf(digits: Buffer): number {
  const text = digits.toString("latin1");
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : Number.NaN;
}

/** Every worker thread loads this file, and few sign anything. */
function crypto(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}
