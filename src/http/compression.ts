import type { IncomingMessage } from "node:http";
import * as zlib from "node:zlib";
import { ConfigurationError } from "../errors.js";
import type { AnswerHead } from "./answer-head.js";
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
  begin(head: AnswerHead, message: IncomingMessage, size: number | undefined): (() => Coder) | undefined {
    if (!mayBeCoded(head) || !this.#types.test(essenceOf(head))) return undefined;
    if (!/\baccept-encoding\b|^\*$/i.test(String(head.get("Vary") ?? ""))) {
      head.append("Vary", "Accept-Encoding");
    }
    const accepted = acceptedEncodings(String(message.headers["accept-encoding"] ?? ""), codings);
    const [best] = accepted;
    // Whoever refuses the body as it is gets even a short one coded.
    const isShort = size !== undefined && size < this.#threshold && accepted.includes("identity");
    if (best === undefined || best === "identity" || isShort) return undefined;
    head.set("Content-Encoding", best);
    head.remove("Accept-Ranges");
    return makers[best];
  }
}

function mayBeCoded(head: AnswerHead): boolean {
  const { status } = head;
  if (status === 204 || status === 206 || status === 304 || head.has("Content-Encoding")) return false;
  return !/\bno-transform\b/i.test(String(head.get("Cache-Control") ?? ""));
}

function essenceOf(head: AnswerHead): string {
  return /^[^;\s]*/.exec(String(head.get("Content-Type") ?? ""))?.[0] ?? "";
}

/** False when the answer has become one without a body. */
export function isCoded(head: AnswerHead): boolean {
  return head.has("Content-Encoding");
}

/** The bytes of a coded body are others than those that the tag was made of (RFC 9110, section 8.8.1). */
export function weakenTag(head: AnswerHead): void {
  const tag = head.get("Etag")?.toString();
  if (tag !== undefined && !tag.startsWith("W/")) head.set("Etag", `W/${tag}`);
}
