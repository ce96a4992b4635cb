import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { RequestNotAvailableError } from "../errors.js";
import type { PartHead } from "./part-head.js";
import { type TemporaryFile, openTemporaryFile } from "./temporary-file.js";

/** Files by the name of their field, each with all that came under it in the order sent. It has no prototype. */
export type FileMap = Record<string, UploadedFile[]>;

/** Where the bytes are: one of the two. */
type Content = { readonly body: Buffer } | { readonly path: string };

let discard: (file: UploadedFile) => Promise<void>;

/**
 * A file of a form. Small ones are in memory, others in a temporary file of mode 0600. It is there until `onFinish` is
 * done, and gone then, however the request ended; `moveTo` keeps it.
 *
 * Source: Tornado's `HTTPFile`.
 */
export class UploadedFile {
  /** Of the field. */
  readonly name: string;
  /** What the client calls it: the last segment, without control characters. Not unique, and not to be trusted further. */
  readonly filename: string;
  /** The media type that the client claims, parameters included. Look into the file before you rely on it. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  #content: Content | undefined;
  #moved = false;

  static {
    discard = (file) => file.#discard();
  }

  /** Made by {@link FileSpool}. */
  constructor(head: PartHead, size: number, content: Content) {
    this.name = head.name;
    this.filename = head.filename ?? "";
    this.type = head.type ?? "application/octet-stream";
    this.size = size;
    this.#content = content;
  }

  /** The bytes, if they are in memory: up to `uploadMemory` of them, and not moved. */
  get body(): Buffer | undefined {
    return "body" in this.#present ? this.#present.body : undefined;
  }

  /** Where it lies on disk, if it does. In the course of the request it can be handed to whatever reads files. */
  get path(): string | undefined {
    return "path" in this.#present ? this.#present.path : undefined;
  }

  /** The bytes, piece by piece. May be called several times. */
  stream(): Readable {
    const content = this.#present;
    return "path" in content ? createReadStream(content.path) : Readable.from(content.body);
  }

  /** All bytes in memory, whatever their number. */
  async buffer(): Promise<Buffer> {
    const content = this.#present;
    return "path" in content ? readFile(content.path) : content.body;
  }

  /**
   * Makes it a file of yours: it stays when the request ends. Another file at `target` is replaced; whoever looks sees the old
   * one or the whole new one. Its mode is 0600.
   *
   * @param target a path. Do not make it of `filename`, which the client chooses.
   * @throws Error of the file system: no such folder, no space, no permission.
   */
  async moveTo(target: string): Promise<void> {
    const content = this.#present;
    if ("path" in content) await move(content.path, target);
    else await replace(target, (path) => writeFile(path, content.body, { mode: 0o600 }));
    this.#content = { path: target };
    this.#moved = true;
  }

  async #discard(): Promise<void> {
    const content = this.#content;
    if (content === undefined || this.#moved) return;
    this.#content = undefined;
    if ("path" in content) await rm(content.path, { force: true });
  }

  get #present(): Content {
    if (this.#content !== undefined) return this.#content;
    throw new RequestNotAvailableError("the uploaded file has gone with its request: use moveTo() to keep one");
  }
}

/** Removes a file that was not moved; nothing of it can be used any more. Safe to call twice. */
export function discardUpload(file: UploadedFile): Promise<void> {
  return discard(file);
}

async function move(from: string, target: string): Promise<void> {
  try {
    await rename(from, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await replace(target, (path) => copyFile(from, path));
    await rm(from, { force: true });
  }
}

/** Writes beside the target, then puts the whole in its place. */
async function replace(target: string, write: (path: string) => Promise<void>): Promise<void> {
  const partial = `${target}.${randomUUID()}`;
  try {
    await write(partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** From this many bytes on, what waits is written to disk: a client that sends byte by byte must not cause as many writes. */
const batch = 64 * 1024;

/** Takes the bytes of one file: in memory at first, on disk from `memory` bytes on. */
export class FileSpool {
  readonly #memory: number;
  #chunks: Buffer[] = [];
  /** Of `chunks`, in bytes. */
  #waiting = 0;
  #size = 0;
  #file: TemporaryFile | undefined;
  #work: Promise<void> | undefined;

  constructor(memory: number) {
    this.#memory = memory;
  }

  /** @returns settles when the disk has taken what it was given; undefined: there is nothing to wait for. */
  write(chunk: Buffer): Promise<void> | undefined {
    this.#size += chunk.length;
    this.#waiting += chunk.length;
    this.#chunks.push(chunk);
    const limit = this.#work === undefined ? this.#memory : batch;
    return this.#waiting <= limit ? undefined : this.#flush();
  }

  /** No more bytes. */
  async end(head: PartHead): Promise<UploadedFile> {
    if (this.#work === undefined) return new UploadedFile(head, this.#size, { body: Buffer.concat(this.#chunks) });
    await this.#flush();
    const { handle, path } = this.#file as TemporaryFile;
    await handle.close();
    return new UploadedFile(head, this.#size, { path });
  }

  /** Leaves nothing behind. Safe to call at any time. */
  async discard(): Promise<void> {
    this.#chunks = [];
    await this.#work?.catch(() => {});
    if (this.#file === undefined) return;
    await this.#file.handle.close();
    await rm(this.#file.path, { force: true });
  }

  #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#chunks.splice(0));
    this.#waiting = 0;
    this.#work = this.#append(bytes, this.#work);
    return this.#work;
  }

  async #append(bytes: Buffer, before: Promise<void> | undefined): Promise<void> {
    await before;
    this.#file ??= await openTemporaryFile();
    await this.#file.handle.writeFile(bytes);
  }
}
