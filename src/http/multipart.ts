import { Dicer } from "@fastify/busboy";
import { Finish, HTTPError } from "../errors.js";
import { addArgument } from "./arguments.js";
import type { HTTPSettings } from "./limits.js";
import { decodeUtf8 } from "./media-type.js";
import { type PartFields, type PartHead, malformed, parsePartHead } from "./part-head.js";
import { type FileMap, FileSpool, type UploadedFile, discardUpload } from "./uploaded-file.js";

/** Limits of a form, see {@link HTTPSettings} for each. */
export type FormLimits = Pick<HTTPSettings, "partLimit" | "partHeaderLimit" | "fieldLimit" | "uploadMemory">;

/** Fields of one part's header section. Browsers send two. */
const headerPairs = 20;

/** What comes in smaller pieces is put together: a client that sends byte by byte must not cost as many steps of the parser. */
const batch = 16 * 1024;

/** What takes the bytes of one part. */
interface PartSink {
  /** @returns a promise when the disk is at work. */
  write(chunk: Buffer): Promise<void> | undefined;
  end(): void;
}

/**
 * The fields and files of a `multipart/form-data` body, taken apart as it comes in: fields go to memory, files that are not
 * small to disk. Give its `write` to `consumeBody`, then wait for `end`. After an error, `discard` it.
 *
 * The only file that knows the parser, which splits and unfolds; what a part's header means is ours, because the parser
 * passes over what it does not understand, and a field that is not there is not the same as one that was malformed.
 */
export class MultipartForm {
  readonly fields = new Map<string, string[]>();
  readonly files = Object.create(null) as FileMap;
  readonly #limits: FormLimits;
  readonly #parser: Dicer;
  readonly #spools: FileSpool[] = [];
  readonly #uploads: Promise<UploadedFile>[] = [];
  /** What has come and was not parsed. */
  readonly #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #parts = 0;
  /** Parts whose end has not been seen. */
  #open = 0;
  #fieldBytes = 0;
  /** Whether the closing boundary has come. */
  #closed = false;
  /** What the disk is busy with. */
  #work: Promise<void> | undefined;
  #error: Error | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(boundary: string, limits: FormLimits) {
    this.#limits = limits;
    this.#parser = new Dicer(parserOptions(boundary, limits))
      .on("part", this.#begin)
      .on("finish", this.#close)
      .on("error", () => this.#fail(malformed("the closing boundary is missing")));
  }

  /**
   * Takes the next piece of the body. Wait for the promise before the next one, if there is one.
   * @throws HTTPError 400 for what is malformed or too many, 413 for what is too long.
   */
  readonly write = (chunk: Buffer): Promise<void> | undefined => {
    if (this.#error !== undefined) throw this.#error;
    this.#pieces.push(chunk);
    this.#pieceBytes += chunk.length;
    return this.#pieceBytes < batch ? undefined : this.#parse();
  };

  /** The body is complete. Afterwards `fields` and `files` are. @throws HTTPError as `write`. */
  async end(): Promise<void> {
    await this.#parse();
    await this.#waiting((resolve) => {
      this.#resolve = resolve;
      this.#parser.end();
      this.#check();
    });
    for (const upload of await Promise.all(this.#uploads)) (this.files[upload.name] ??= []).push(upload);
  }

  /** Removes its temporary files and takes nothing more. Safe to call at any time, and twice. */
  async discard(): Promise<void> {
    // Whoever is still reading learns that nobody wants the rest.
    this.#fail(new Finish());
    const uploads = await Promise.allSettled(this.#uploads);
    const files = uploads.flatMap((upload) => (upload.status === "fulfilled" ? [upload.value] : []));
    await Promise.all([...this.#spools.map((spool) => spool.discard()), ...files.map(discardUpload)]);
  }

  async #parse(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces.splice(0));
    this.#pieceBytes = 0;
    await this.#waiting((resolve) => {
      this.#parser.write(bytes, () => resolve());
    });
    await this.#work;
  }

  #waiting(start: (resolve: () => void) => void): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      start(resolve);
    });
  }

  readonly #begin = (part: Dicer.PartStream): void => {
    this.#open += 1;
    this.#parts += 1;
    if (this.#parts > this.#limits.partLimit) this.#fail(malformed(`more than ${this.#limits.partLimit} parts`));
    // Out of the parser at once: what `write` was given may hold a thousand more.
    if (this.#error !== undefined) throw this.#error;
    let sink: PartSink | undefined;
    part
      .on("header", (fields) => this.#attempt(() => (sink = this.#sinkFor(fields as PartFields))))
      .on("data", (chunk: Buffer) => this.#attempt(() => this.#take(sink, chunk)))
      .on("end", () => this.#attempt(() => this.#end(sink)))
      // The parser says the same by an error of its own.
      .on("error", () => {});
  };

  /** Runs a step in a callback of the parser, which knows nothing of errors. After the first one there are no further steps. */
  #attempt(step: () => void): void {
    if (this.#error !== undefined) return;
    try {
      step();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  readonly #fail = (error: Error): void => {
    this.#error ??= error;
    this.#reject?.(this.#error);
  };

  #sinkFor(fields: PartFields): PartSink {
    refuseLongHeader(fields, this.#limits.partHeaderLimit);
    const head = parsePartHead(fields);
    return head.filename === undefined ? this.#fieldSink(head) : this.#fileSink(head);
  }

  #fieldSink({ name }: PartHead): PartSink {
    const chunks: Buffer[] = [];
    const write = (chunk: Buffer): undefined => {
      this.#fieldBytes += chunk.length;
      if (this.#fieldBytes > this.#limits.fieldLimit) {
        throw new HTTPError(413, `multipart: fields of more than ${this.#limits.fieldLimit} bytes`);
      }
      chunks.push(chunk);
    };
    return { write, end: () => addArgument(this.fields, name, decodeUtf8(Buffer.concat(chunks))) };
  }

  #fileSink(head: PartHead): PartSink {
    const spool = new FileSpool(this.#limits.uploadMemory);
    this.#spools.push(spool);
    const end = (): void => {
      const upload = spool.end(head);
      this.#uploads.push(upload);
      upload.catch(this.#fail);
    };
    return { write: (chunk) => spool.write(chunk), end };
  }

  #take(sink: PartSink | undefined, chunk: Buffer): void {
    const work = sink?.write(chunk);
    if (work === undefined) return;
    this.#work = work;
    work.catch(this.#fail);
  }

  #end(sink: PartSink | undefined): void {
    if (sink === undefined) throw malformed("a part without a header section");
    sink.end();
    this.#open -= 1;
    this.#check();
  }

  readonly #close = (): void => {
    this.#closed = true;
    this.#check();
  };

  #check(): void {
    if (this.#closed && this.#open === 0) this.#resolve?.();
  }
}

function parserOptions(boundary: string, { partHeaderLimit }: FormLimits): Dicer.Config {
  const options = {
    boundary,
    // One more than allowed, or what is too long could not be told from what is just long enough.
    maxHeaderPairs: headerPairs + 1,
    maxHeaderSize: partHeaderLimit + 1,
    // The parser never waits for a part: it would wait for ever if the part ended meanwhile. Who writes waits for the disk.
    partHwm: Number.MAX_SAFE_INTEGER,
  };
  return options;
}

/** What the parser had to cut is at the limit, and refused as well: name, colon, space, value and line end are counted. */
function refuseLongHeader(fields: PartFields, limit: number): void {
  let pairs = 0;
  let bytes = 0;
  for (const [name, values = []] of Object.entries(fields)) {
    pairs += values.length;
    for (const value of values) bytes += name.length + value.length + 4;
  }
  if (pairs > headerPairs) throw malformed(`a part with more than ${headerPairs} header fields`);
  if (bytes > limit) throw malformed(`a part with a header of more than ${limit} bytes`);
}
