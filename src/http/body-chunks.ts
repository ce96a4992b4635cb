import type { BodySink } from "./body-reader.js";

type Result = IteratorResult<Buffer, undefined>;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A body as an iterable: chunk by chunk, and none is read before the one before it was worked on. The reading begins with
 * the first chunk that is asked for. Whoever leaves the loop before its end leaves the rest of the body unread.
 */
export class BodyChunks implements AsyncIterableIterator<Buffer, undefined> {
  readonly #read: (sink: BodySink) => Promise<void>;
  #state: "idle" | "reading" | "ended" = "idle";
  #error: Error | undefined;
  /** Whoever asked for the next chunk. */
  #waiting: Waiting | undefined;
  /** Lets the reader go on, or stops it. */
  #goOn: (() => void) | undefined;
  #stop: ((error: Error) => void) | undefined;

  /** @param read hands the body to a sink and settles when it has ended. */
  constructor(read: (sink: BodySink) => Promise<void>) {
    this.#read = read;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Rejects once with what ended the body: then, and after its last chunk, there is no further one. */
  next(): Promise<Result> {
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) return Promise.reject(error);
    if (this.#state === "ended") return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#state === "idle") this.#start();
      else this.#goOn?.();
    });
  }

  return(): Promise<Result> {
    this.#state = "ended";
    this.#stop?.(new Error("the rest of the body is not wanted"));
    return Promise.resolve({ done: true, value: undefined });
  }

  #start(): void {
    this.#state = "reading";
    this.#read(this.#put).then(this.#end, this.#fail);
  }

  readonly #put = (chunk: Buffer): Promise<void> => {
    this.#settle((waiting) => waiting.resolve({ done: false, value: chunk }));
    return new Promise((resolve, reject) => {
      this.#goOn = resolve;
      this.#stop = reject;
    });
  };

  readonly #end = (): void => {
    this.#state = "ended";
    this.#settle((waiting) => waiting.resolve({ done: true, value: undefined }));
  };

  readonly #fail = (error: Error): void => {
    // Whoever has left the loop has caused it.
    if (this.#state === "ended") return;
    this.#state = "ended";
    if (this.#waiting === undefined) this.#error = error;
    else this.#settle((waiting) => waiting.reject(error));
  };

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) how(waiting);
  }
}
