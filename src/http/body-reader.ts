import type { IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";
import { ClientClosedError, Finish, HTTPError } from "../errors.js";

/**
 * Takes one chunk of a decoded body. While a promise that it returns is pending, nothing more is read: the client is held
 * back. What it throws ends the reading; `Finish` says that the request is answered and the rest of the body nobody's.
 */
export type BodySink = (chunk: Buffer) => void | Promise<void>;

/** How a body is read. */
export interface BodyLimits {
  /** Bytes, counted after decompression, and as they come as well: compressed data may unfold to nothing. */
  readonly limit: number;
  /** Milliseconds from the start of the reading to the end of the body. Default: none, but the server's `requestTimeout`. */
  readonly timeout?: number | undefined;
}

/** Told once how the reading ended. */
export interface BodyEnd {
  /** The sink has taken the whole body, or here it is if there was none. */
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

const reader = Symbol("reader");
const fault = Symbol("fault");

/**
 * A message or a decoder while it is read. What belongs to it stands at it: a `WeakMap` of messages costs each of them a hash
 * and an entry that every garbage collection looks at, and listeners that find their reader there need not be made for each.
 */
interface Source extends Readable {
  [reader]?: BodyReader | undefined;
  /** What went wrong with a body before somebody read it. */
  [fault]?: Error;
}

/** Ends the reading of a body with `error`, at once or as soon as somebody reads it. */
export function rejectBody(message: IncomingMessage, error: Error): void {
  const source: Source = message;
  if (source[reader] === undefined) source[fault] = error;
  else source[reader].fail(error);
}

/** Whether nothing went wrong with a body that nobody has read yet. */
export function isFaultless(message: IncomingMessage): boolean {
  return (message as Source)[fault] === undefined;
}

/** Whether somebody takes what comes of the body, and its end has not come yet. */
export function isBeingRead(message: IncomingMessage): boolean {
  return (message as Source)[reader] !== undefined;
}

/** Bodies with a clock of their own. */
const timed = new WeakSet<IncomingMessage>();

/** The server's `requestTimeout` no longer counts for this request: whoever reads its body gives it another, or none. */
export function takeOverTimeout(message: IncomingMessage): void {
  timed.add(message);
}

/** Whether the server's `requestTimeout` does not count. */
export function hasOwnTimeout(message: IncomingMessage): boolean {
  return timed.has(message);
}

export function tooLarge(limit: number): HTTPError {
  return new HTTPError(413, `a body of more than ${limit} bytes`);
}

export const nothing = Buffer.alloc(0);

/** Bytes on the wire for one of the body, if each comes in a chunk of its own: its length, two line ends and itself. */
const chunkFraming = 6;
/** Node limits the extensions of one chunk to 16 KiB, but not their sum. A packet that was read before is counted here, too. */
const extensionLimit = 16 * 1024 + 64 * 1024;

/**
 * Hands one body to a sink, or collects it. Whatever comes first, end, fault or close, ends the reading; the listeners that stay find no reader
 * any more.
 */
export class BodyReader {
  readonly #message: IncomingMessage & Source;
  readonly #decoder: (Transform & Source) | undefined;
  readonly #limits: BodyLimits;
  readonly #sink: BodySink | undefined;
  readonly #end: BodyEnd;
  #size = 0;
  /** Bytes before decompression. */
  #rawSize = 0;
  /** Bytes of the connection before the body. */
  #from = 0;
  /** Whether the sink is busy. */
  #isHeld = false;
  /** Whether the body has come to its end, of which a busy sink hears later. */
  #isDone = false;
  #timer: NodeJS.Timeout | undefined;
  /** What was collected: nearly all bodies come in one piece, which needs neither a list nor a copy. */
  #body: Buffer | undefined;
  #others: Buffer[] | undefined;

  /** @param sink undefined: the body is collected. */
  constructor(
    message: IncomingMessage,
    decoder: Transform | undefined,
    limits: BodyLimits,
    sink: BodySink | undefined,
    end: BodyEnd,
  ) {
    this.#message = message;
    this.#decoder = decoder;
    this.#limits = limits;
    this.#sink = sink;
    this.#end = end;
  }

  /** Call it once. */
  start(): void {
    const message = this.#message;
    if (message[fault] !== undefined) return this.#end.reject(message[fault]);
    const { timeout = 0 } = this.#limits;
    if (timeout > 0) this.#timer = setTimeout(() => this.#late(timeout), timeout);
    message[reader] = this;
    // Without a listener for "error" Node reports an aborted request by "close" alone.
    message.on("close", closed);
    if (message.headers["transfer-encoding"] !== undefined) this.#watch();
    if (this.#decoder === undefined) message.on("data", took).on("end", ended);
    else this.#decode(this.#decoder);
  }

  /** Ends the reading; the rest of the body stays unread. */
  fail(error: Error): void {
    this.#release();
    // Whoever answered has seen to the rest of the body, which must go on flowing then.
    if (error instanceof Finish) this.#message.resume();
    else this.#message.pause();
    this.#end.reject(error);
  }

  /** The next bytes of the body. */
  take(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#limits.limit) return this.fail(tooLarge(this.#limits.limit));
    if (this.#sink === undefined) this.#collect(chunk);
    else this.#handOn(chunk, this.#sink);
  }

  /** Looks at what is sent, whatever becomes of it. */
  count(chunk: Buffer): void {
    this.#rawSize += chunk.length;
    if (this.#rawSize > this.#limits.limit) return this.fail(tooLarge(this.#limits.limit));
    const overhead = this.#message.socket.bytesRead - this.#from - this.#rawSize * chunkFraming;
    if (overhead > extensionLimit) this.fail(new HTTPError(413, "chunk extensions of too many bytes"));
  }

  done(): void {
    this.#isDone = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    // What has come before it is read ends while the first of it is worked on.
    if (this.#isHeld) return;
    this.#release();
    const body = this.#body ?? nothing;
    this.#end.resolve(this.#others === undefined ? body : Buffer.concat([body, ...this.#others], this.#size));
  }

  /** A message that is destroyed gives nothing more, also of what it has received already. */
  close(): void {
    if (!this.#message.readableEnded) this.fail(new ClientClosedError());
  }

  /** With a `Content-Length` all that is counted here is known beforehand. Counting comes first, and may end the reading. */
  #watch(): void {
    this.#from = this.#message.socket.bytesRead;
    this.#message.on("data", counted);
  }

  #decode(decoder: Transform & Source): void {
    decoder[reader] = this;
    decoder.on("error", broke).on("data", took).on("end", ended);
    this.#message.pipe(decoder);
  }

  #collect(chunk: Buffer): void {
    if (this.#body === undefined) this.#body = chunk;
    else (this.#others ??= []).push(chunk);
  }

  #handOn(chunk: Buffer, sink: BodySink): void {
    try {
      const taken = sink(chunk);
      if (taken !== undefined) this.#hold(taken);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #hold(taken: Promise<void>): void {
    const source = this.#decoder ?? this.#message;
    source.pause();
    this.#isHeld = true;
    const goOn = (): void => {
      this.#isHeld = false;
      if (source[reader] !== this) return;
      if (this.#isDone) this.done();
      else source.resume();
    };
    const stop = (error: Error): void => {
      if (source[reader] === this) this.fail(error);
    };
    taken.then(goOn, stop);
  }

  #late(timeout: number): void {
    this.fail(new HTTPError(408, `no whole body within ${timeout} ms`));
  }

  #release(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#message[reader] = undefined;
    // Node takes what is left of these off a message that nobody has read to its end, in a way that costs ten times as much.
    this.#message.off("data", took);
    if (this.#decoder === undefined) return;
    this.#decoder[reader] = undefined;
    this.#message.unpipe(this.#decoder);
    // The error listener stays: destroying a decoder at work may still report one.
    this.#decoder.destroy();
  }
}

function took(this: Source, chunk: Buffer): void {
  this[reader]?.take(chunk);
}

function counted(this: Source, chunk: Buffer): void {
  this[reader]?.count(chunk);
}

function ended(this: Source): void {
  this[reader]?.done();
}

function closed(this: Source): void {
  this[reader]?.close();
}

function broke(this: Source): void {
  this[reader]?.fail(new HTTPError(400, "broken compressed data"));
}
