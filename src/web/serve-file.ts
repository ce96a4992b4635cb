import { closeSync, createReadStream, read } from "node:fs";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { HTTPError } from "../errors.js";
import { type Validators, holdsForRange } from "../http/conditional.js";
import { contentTypeOf } from "../http/content-types.js";
import { stampOf } from "../http/file-versions.js";
import { isLocalUrl } from "../http/local-url.js";
import { acceptedEncodings } from "../http/negotiation.js";
import { type ByteRange, parseRange } from "../http/range.js";
import type { StaticEntry } from "../http/static-root.js";
import { withQuery } from "../http/url-concat.js";
import { decodeRest } from "../routing/path.js";
import { exchangeOf } from "./handler.js";
import { type StaticFiles, staticFiles } from "./static-files.js";
import type { StaticFileArguments, StaticFileHandler } from "./static-handler.js";

/** One request for a file. */
interface FileRequest {
  readonly handler: StaticFileHandler;
  readonly args: StaticFileArguments;
  readonly files: StaticFiles;
  /** Below the folder, decoded. */
  readonly path: string;
}

/** What is sent for a file: itself, or a compressed one beside it. */
interface Representation {
  readonly file: StaticEntry;
  readonly coding: string | undefined;
}

/**
 * Answers with a file of a folder. @returns its content: bytes, or a stream that closes the file whatever becomes of it.
 * @throws HTTPError 404 for what is not there or not served, 416 for a range outside, and what `checkConditions` throws.
 */
export async function serveFile(
  handler: StaticFileHandler,
  args: StaticFileArguments,
  path: string,
): Promise<Buffer | Readable | undefined> {
  const asked: FileRequest = { handler, args, files: staticFiles(args), path };
  // A separator that was sent escaped is no separator: the file would have a second path that no guard knows.
  const found = /%(?:2F|5C)/.test(handler.request.path) ? undefined : await asked.files.root.find(path);
  if (found === undefined || (found.kind === "file" && path.endsWith("/"))) throw new HTTPError(404);
  if (found.kind === "file") return answer(asked, found);
  const index = await indexOf(asked);
  return path === "" || path.endsWith("/") ? answer(asked, index) : redirectToSlash(handler);
}

/** The file that stands for a folder. */
async function indexOf({ args, files, path }: FileRequest): Promise<StaticEntry> {
  const { defaultFilename } = args;
  const separator = path === "" || path.endsWith("/") ? "" : "/";
  const index = defaultFilename && (await files.root.find(path + separator + defaultFilename));
  if (!index || index.kind !== "file") throw new HTTPError(404);
  return index;
}

function redirectToSlash(handler: StaticFileHandler): undefined {
  const { path, query } = handler.request;
  const target = `${path.split("/").map(escapeSegment).join("/")}/`;
  // Only a route with a pattern of its own gets here with `//host`, but one is enough.
  if (!isLocalUrl(target)) throw new HTTPError(404);
  handler.redirect(withQuery(target, query), true);
}

function escapeSegment(segment: string): string {
  return encodeURIComponent(decodeRest(segment));
}

async function answer(asked: FileRequest, original: StaticEntry): Promise<Buffer | Readable | undefined> {
  const { handler, args, path } = asked;
  const representation = args.precompressed === true ? await compressed(asked, original) : plain(original);
  const { file } = representation;
  const validators = validatorsOf(representation);
  handler.setHeader("Content-Type", contentTypeOf(original.path));
  handler.setHeader("Accept-Ranges", "bytes");
  handler.setHeader("Cache-Control", await cacheControl(asked, original));
  if (args.precompressed === true) handler.addHeader("Vary", "Accept-Encoding");
  if (representation.coding !== undefined) handler.setHeader("Content-Encoding", representation.coding);
  handler.setExtraHeaders(path);
  handler.checkConditions(validators);
  const range = rangeOf(handler, validators, file.stats.size);
  const { start, end } = range ?? { start: 0, end: file.stats.size - 1 };
  if (range !== undefined) announceRange(handler, range, file.stats.size);
  const length = end - start + 1;
  if (handler.request.method === "HEAD") handler.setHeader("Content-Length", length);
  return handler.request.method === "HEAD" || length === 0 ? undefined : content(asked, file, { start, end });
}

function plain(file: StaticEntry): Representation {
  return { file, coding: undefined };
}

/** What a coding is called in a file's name, best first. */
const extensions = { br: "br", zstd: "zst", gzip: "gz" } as const;
const codings = Object.keys(extensions) as (keyof typeof extensions)[];

/** The best of what the client takes and what is there. */
async function compressed({ handler, files, path }: FileRequest, file: StaticEntry): Promise<Representation> {
  const name = path === "" || path.endsWith("/") ? path + basename(file.path) : path;
  for (const coding of acceptedEncodings(handler.request.headers.get("accept-encoding") ?? "", codings)) {
    if (coding === "identity") break;
    const other = await files.root.find(`${name}.${extensions[coding]}`);
    // One that was left behind when the file changed would show what it was before.
    if (other?.kind === "file" && other.stats.mtimeMs >= file.stats.mtimeMs) return { file: other, coding };
  }
  return plain(file);
}

function validatorsOf({ file, coding }: Representation): Validators {
  const suffix = coding === undefined ? "" : `-${coding}`;
  return { etag: `"${stampOf(file.stats)}${suffix}"`, lastModified: file.stats.mtime };
}

/** A year, which is as good as ever, for who has asked for the very content that is there. */
const forEver = "public, max-age=31536000, immutable";

async function cacheControl({ handler, args, files }: FileRequest, file: StaticEntry): Promise<string> {
  const asked = handler.request.query === "" ? "" : handler.getQueryArgument("v", "");
  // While a new version is deployed an old server is asked for it, too: what it has must not be kept under that name.
  const isCurrent = asked !== "" && asked === (await files.versions.of(file));
  return isCurrent ? forEver : (args.cacheControl ?? "no-cache");
}

/** Undefined: the whole. */
function rangeOf(handler: StaticFileHandler, validators: Validators, size: number): ByteRange | undefined {
  const { method, headers } = exchangeOf(handler).message;
  if (method !== "GET" || headers.range === undefined || !holdsForRange(headers, validators)) return undefined;
  const range = parseRange(headers.range, size);
  if (range !== "unsatisfiable") return range;
  throw new HTTPError(416, undefined, { headers: { "Content-Range": `bytes */${size}` } });
}

function announceRange(handler: StaticFileHandler, { start, end }: ByteRange, size: number): void {
  handler.setStatus(206);
  handler.setHeader("Content-Range", `bytes ${start}-${end}/${size}`);
}

/** Up to this size a file is read at once: a stream would cost more than it saves. */
const whole = 64 * 1024;
const pieces = 128 * 1024;

async function content(
  { handler, files }: FileRequest,
  file: StaticEntry,
  { start, end }: ByteRange,
): Promise<Buffer | Readable> {
  const length = end - start + 1;
  if (length > whole) handler.setHeader("Content-Length", length);
  const fd = await files.root.open(file);
  if (fd === undefined) throw new HTTPError(404, "a file was replaced while it was asked for");
  if (length > whole) return createReadStream("", { fd, start, end, highWaterMark: pieces });
  try {
    return await bytesOf(fd, start, length);
  } finally {
    closeSync(fd);
  }
}

const readInto = promisify(read);

async function bytesOf(fd: number, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await readInto(fd, buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new HTTPError(503, "a file became shorter while it was read");
    filled += bytesRead;
  }
  return buffer;
}
