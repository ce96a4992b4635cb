import type { ServerResponse } from "node:http";
import * as zlib from "node:zlib";
import { ConfigurationError } from "../errors.js";
import { acceptedEncodings } from "./negotiation.js";

/** When answers are compressed. */
export interface CompressOptions {
  /** Bytes below which an answer that is sent whole stays as it is. Default 1,024. */
  readonly threshold?: number;
  /** Content types that are compressed, tried on the type without its parameters. Default: text, JSON, XML, scripts, SVG, wasm. */
  readonly types?: RegExp;
}

type Coding = "br" | "zstd" | "gzip";
/** One of zlib's streams. */
export type Coder = zlib.Gzip | zlib.BrotliCompress;

const defaultTypes =
  /^(?:text\/.*|application\/(?:json|javascript|xml|wasm|manifest\+json|.*\+(?:json|xml))|image\/svg\+xml)$/i;

const makers: Partial<Record<Coding, () => Coder>> = {
  // The default of 11 takes a hundred times as long, for files that are compressed once.
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => zlib.createGzip(),
};
// Node has it from 22.15 on.
const { createZstdCompress } = zlib as unknown as { readonly createZstdCompress?: () => Coder };
if (createZstdCompress !== undefined) makers.zstd = () => createZstdCompress();
const codings = (["br", "zstd", "gzip"] as const).filter((coding) => makers[coding] !== undefined);

/**
 * Decides which answers are compressed, by the q-values of `Accept-Encoding` and by what the answer is. Source: Tornado's
 * `GZipContentEncoding`.
 *
 * @throws ConfigurationError for a threshold that is no number of bytes, or types that are no RegExp without memory.
 */
export class Compression {
  readonly #threshold: number;
  readonly #types: RegExp;

  constructor({ threshold = 1024, types = defaultTypes }: CompressOptions = {}) {
    if (!Number.isSafeInteger(threshold) || threshold < 0) {
      throw new ConfigurationError(`compress: threshold is a whole number of bytes, got ${String(threshold)}`);
    }
    if (!(types instanceof RegExp) || /[gy]/.test(types.flags)) {
      throw new ConfigurationError(`compress: types is a RegExp without the flags g and y, got ${String(types)}`);
    }
    this.#threshold = threshold;
    this.#types = types;
  }

  /**
   * Says in the header section how the body will be coded, and that it depends on `Accept-Encoding`.
   *
   * @param size of the body; undefined when it is not known yet.
   * @returns what codes it; undefined: it goes out as it is.
   */
  begin(response: ServerResponse, size: number | undefined): (() => Coder) | undefined {
    if (!mayBeCoded(response) || !this.#types.test(essenceOf(response))) return undefined;
    if (!/\baccept-encoding\b|^\*$/i.test(String(response.getHeader("Vary") ?? ""))) {
      response.appendHeader("Vary", "Accept-Encoding");
    }
    const accepted = acceptedEncodings(String(response.req.headers["accept-encoding"] ?? ""), codings);
    const [best] = accepted;
    // Whoever refuses the body as it is gets even a short one coded.
    const isShort = size !== undefined && size < this.#threshold && accepted.includes("identity");
    if (best === undefined || best === "identity" || isShort) return undefined;
    response.setHeader("Content-Encoding", best);
    response.removeHeader("Accept-Ranges");
    return makers[best];
  }
}

function mayBeCoded(response: ServerResponse): boolean {
  const { statusCode } = response;
  if (statusCode === 204 || statusCode === 206 || statusCode === 304 || response.hasHeader("Content-Encoding"))
    return false;
  return !/\bno-transform\b/i.test(String(response.getHeader("Cache-Control") ?? ""));
}

function essenceOf(response: ServerResponse): string {
  return /^[^;\s]*/.exec(String(response.getHeader("Content-Type") ?? ""))?.[0] ?? "";
}

/** False when the answer has become one without a body. */
export function isCoded(response: ServerResponse): boolean {
  return response.hasHeader("Content-Encoding");
}

/** The bytes of a coded body are others than those that the tag was made of (RFC 9110, section 8.8.1). */
export function weakenTag(response: ServerResponse): void {
  const tag = response.getHeader("Etag")?.toString();
  if (tag !== undefined && !tag.startsWith("W/")) response.setHeader("Etag", `W/${tag}`);
}
