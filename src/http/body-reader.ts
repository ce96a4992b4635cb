import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
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

/** Bodies that are being read. */
const readers = new WeakMap<IncomingMessage, BodyReader>();
/** What went wrong with a body before somebody read it. */
const faults = new WeakMap<IncomingMessage, Error>();

/** Ends the reading of a body with `error`, at once or as soon as somebody reads it. */
export function rejectBody(message: IncomingMessage, error: Error): void {
  const reader = readers.get(message);
  if (reader === undefined) faults.set(message, error);
  else reader.fail(error);
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

/** Bytes on the wire for one of the body, if each comes in a chunk of its own: its length, two line ends and itself. */
const chunkFraming = 6;
/** Node limits the extensions of one chunk to 16 KiB, but not their sum. A packet that was read before is counted here, too. */
const extensionLimit = 16 * 1024 + 64 * 1024;

/** Hands one body to a sink. Whatever comes first, end, fault or close, takes all listeners off again. */
export class BodyReader {
  readonly #message: IncomingMessage;
  readonly #decoder: Transform | undefined;
  readonly #source: IncomingMessage | Transform;
  readonly #limits: BodyLimits;
  readonly #sink: BodySink;
  #size = 0;
  /** Bytes before decompression. */
  #rawSize = 0;
  /** Bytes of the connection before the body. */
  #from = 0;
  #timer: NodeJS.Timeout | undefined;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor(message: IncomingMessage, decoder: Transform | undefined, limits: BodyLimits, sink: BodySink) {
    this.#message = message;
    this.#decoder = decoder;
    this.#source = decoder ?? message;
    this.#limits = limits;
    this.#sink = sink;
  }

  /** Settles when the sink has taken the whole body. Call it once. */
  read(): Promise<void> {
    const fault = faults.get(this.#message);
    if (fault !== undefined) return Promise.reject(fault);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#start();
    });
  }

  /** Ends the reading; the rest of the body stays unread. */
  readonly fail = (error: Error): void => {
    this.#release();
    // Whoever answered has seen to the rest of the body, which must go on flowing then.
    if (error instanceof Finish) this.#message.resume();
    else this.#message.pause();
    this.#reject(error);
  };

  #start(): void {
    const { timeout = 0 } = this.#limits;
    readers.set(this.#message, this);
    this.#from = this.#message.socket.bytesRead;
    if (timeout > 0) this.#timer = setTimeout(this.#late, timeout);
    // Without a listener for "error" Node reports an aborted request by "close" alone.
    this.#message.on("close", this.#close);
    this.#decoder?.on("error", this.#broken);
    // With a Content-Length all this is known beforehand.
    if (this.#message.headers["transfer-encoding"] !== undefined) this.#message.on("data", this.#count);
    this.#source.on("data", this.#take).on("end", this.#done);
    if (this.#decoder !== undefined) this.#message.pipe(this.#decoder);
  }

  /** Looks at what is sent, whatever becomes of it. */
  readonly #count = (chunk: Buffer): void => {
    this.#rawSize += chunk.length;
    if (this.#rawSize > this.#limits.limit) return this.fail(tooLarge(this.#limits.limit));
    const overhead = this.#message.socket.bytesRead - this.#from - this.#rawSize * chunkFraming;
    if (overhead > extensionLimit) this.fail(new HTTPError(413, "chunk extensions of too many bytes"));
  };

  readonly #take = (chunk: Buffer): void => {
    // Counting, which comes first, has ended it.
    if (readers.get(this.#message) !== this) return;
    this.#size += chunk.length;
    if (this.#size > this.#limits.limit) return this.fail(tooLarge(this.#limits.limit));
    try {
      const taken = this.#sink(chunk);
      if (taken !== undefined) this.#hold(taken);
    } catch (error) {
      this.fail(error as Error);
    }
  };

  #hold(taken: Promise<void>): void {
    this.#source.pause();
    taken.then(this.#goOn, this.fail);
  }

  readonly #goOn = (): void => {
    if (readers.get(this.#message) === this) this.#source.resume();
  };

  readonly #done = (): void => {
    this.#release();
    this.#resolve();
  };

  /** A message that is destroyed gives nothing more, also of what it has received already. */
  readonly #close = (): void => {
    if (!this.#message.readableEnded) this.fail(new ClientClosedError());
  };

  readonly #broken = (): void => this.fail(new HTTPError(400, "broken compressed data"));

  readonly #late = (): void => this.fail(new HTTPError(408, `no whole body within ${this.#limits.timeout} ms`));

  #release(): void {
    clearTimeout(this.#timer);
    readers.delete(this.#message);
    this.#message.off("close", this.#close).off("data", this.#count);
    this.#message.off("data", this.#take).off("end", this.#done);
    if (this.#decoder === undefined) return;
    this.#message.unpipe(this.#decoder);
    this.#decoder.off("data", this.#take).off("end", this.#done);
    // The error listener stays: destroying a decoder at work may still report one.
    this.#decoder.destroy();
  }
}
