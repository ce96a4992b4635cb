import { randomBytes, timingSafeEqual } from "node:crypto";

/** A token of a client, apart from its mask. */
export interface XsrfToken {
  readonly bytes: Buffer;
  /** When it was made, in seconds since 1970. */
  readonly seconds: number;
}

const tokenLength = 16;
const maskLength = 4;
const form = new RegExp(`^2\\|([\\da-f]{${2 * maskLength}})\\|([\\da-f]{${2 * tokenLength}})\\|(\\d{1,12})$`, "i");

/** A token of its own for a client that has none. */
export function newXsrfToken(now = Date.now()): XsrfToken {
  return { bytes: randomBytes(tokenLength), seconds: Math.floor(now / 1000) };
}

/**
 * The text of a token, under a new mask each time: if the same bytes stood in each answer, whoever sees the lengths of
 * compressed answers could guess them piece by piece (BREACH).
 *
 * Source: version 2 of Tornado's XSRF tokens, byte for byte: `2`, mask, masked token and time, separated by `|`.
 */
export function encodeXsrfToken({ bytes, seconds }: XsrfToken, mask = randomBytes(maskLength)): string {
  return `2|${mask.toString("hex")}|${masked(bytes, mask).toString("hex")}|${seconds}`;
}

/** Undefined for what is no token, and for Tornado's version 1, which has no mask. */
export function decodeXsrfToken(text: string | undefined): XsrfToken | undefined {
  const [, mask = "", bytes = "", seconds = ""] = form.exec(text ?? "") ?? [];
  if (bytes === "") return undefined;
  return { bytes: masked(Buffer.from(bytes, "hex"), Buffer.from(mask, "hex")), seconds: Number(seconds) };
}

/** In constant time. */
export function isSameXsrfToken(one: XsrfToken, other: XsrfToken): boolean {
  return timingSafeEqual(one.bytes, other.bytes);
}

function masked(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index % maskLength] ?? 0)));
}
