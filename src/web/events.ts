import { ClientClosedError, Finish, ResponseError } from "../errors.js";
import { eventText } from "../http/event-text.js";
import type { ResponseWriter } from "../http/response.js";
import { generalLog } from "../log.js";
import type { Exchange } from "./exchange.js";
import { jsonText } from "./json-text.js";

/** One event for the client's `EventSource`. */
export interface ServerSentEvent {
  /** A string goes out as it is, line ends included; everything else as JSON. Default: none, or empty if there is an `event`. */
  readonly data?: unknown;
  /** Its type: what the client listens for. Default: `message`. */
  readonly event?: string;
  /** What the client sends back as {@link EventStream.lastEventId} when it reconnects. */
  readonly id?: string | number;
  /** Milliseconds after which the client reconnects from now on, when the connection has ended. */
  readonly retry?: number;
}

/** How a stream of events is kept; see `RequestHandler.events`. */
export interface EventStreamOptions {
  /**
   * Milliseconds without an event after which a comment is sent, so that proxies do not take the connection for dead, and
   * a client that has vanished is noticed. 0: never. Default 15 s.
   */
  readonly heartbeat?: number;
  /**
   * Milliseconds after which clients reconnect, sent at the start if it is given. At a drain it is sent with up to as much
   * again at random, so that a thousand clients do not come back in one instant. Default: the client's own, 2 s at a drain.
   */
  readonly retry?: number;
  /**
   * Bytes that may wait for a client that reads slowly; above it the client is cut off. It counts for whoever sends
   * without awaiting. Default 1 MiB.
   */
  readonly maxBuffer?: number;
}

const defaults = { heartbeat: 15_000, retry: 2_000, maxBuffer: 1024 * 1024 } satisfies Required<EventStreamOptions>;

/**
 * Server-sent events to one client. It ends when the verb returns, the client leaves, or the server drains; then the
 * request's signal aborts, and `send` rejects, which ends the verb without an error. Let that happen: catch nothing.
 *
 * Source: the HTML standard, section 9.2.
 */
export class EventStream {
  readonly #exchange: Exchange;
  readonly #response: ResponseWriter;
  readonly #options: Required<EventStreamOptions>;
  #heartbeat: NodeJS.Timeout | undefined;

  /**
   * Sends the header section and the first bytes. @internal
   * @throws ResponseError when headers are out already, or an option is no whole number.
   */
  constructor(exchange: Exchange, options: EventStreamOptions = {}) {
    this.#exchange = exchange;
    this.#response = exchange.response;
    this.#options = checked(options);
    exchange.sendItem = (item) => this.send(item as ServerSentEvent | string);
    this.#open(options.retry);
  }

  /** The `id` of the last event that the client has got of an earlier connection; undefined for a new client. */
  get lastEventId(): string | undefined {
    const sent = this.#exchange.request.headers.get("last-event-id");
    // Browsers send it as UTF-8, and node:http gives header fields as Latin-1.
    return sent === undefined || sent === "" ? undefined : Buffer.from(sent, "latin1").toString();
  }

  /**
   * Sends an event; a string is its data. Await it in a loop: it settles when the client has room for more.
   *
   * @returns rejects with Finish when the stream has ended, with ClientClosedError when the client has left, neither of which
   * is logged, and with ResponseError for an event that cannot be written. Not awaited, the rejection goes unreported.
   */
  send(event: ServerSentEvent | string): Promise<void> {
    try {
      return this.#send(event);
    } catch (error) {
      return unreported(error as Error);
    }
  }

  /** Settles when the stream has ended in whatever way: for a verb that leaves the sending to others. */
  ended(): Promise<void> {
    return new Promise((resolve) => this.#response.onClose(resolve));
  }

  /** No `async`: an event to a thousand clients would make thousands of promises that nobody waits for. */
  #send(event: ServerSentEvent | string): Promise<void> {
    const text = textOf(event);
    this.#refuseEnded();
    this.#response.write(text);
    this.#heartbeat?.refresh();
    return this.#response.flush();
  }

  #open(retry: number | undefined): void {
    const response = this.#response;
    response.setHeader("Content-Type", "text/event-stream");
    response.setHeader("Cache-Control", "no-cache");
    // nginx and its kin hold answers back to fill a buffer.
    response.setHeader("X-Accel-Buffering", "no");
    if (retry !== undefined) response.write(eventText({ retry }));
    void response.flush();
    const { heartbeat } = this.#options;
    if (heartbeat > 0) this.#heartbeat = setInterval(() => this.#beat(), heartbeat).unref();
    response.onClose(() => clearInterval(this.#heartbeat));
    response.onClose(this.#exchange.onDrain(() => this.#drain()));
  }

  #beat(): void {
    // Bytes that wait already keep the connection alive, or show that it is dead.
    if (this.#response.finished || this.#response.waiting > 0) return;
    this.#response.write(":\n\n");
    void this.#response.flush();
  }

  /** The client is told when to come back; it finds another server then. */
  #drain(): void {
    if (this.#response.finished) return;
    const { retry } = this.#options;
    void this.#response.finish(eventText({ retry: retry + Math.floor(Math.random() * retry) }));
    this.#exchange.abort(new Finish());
  }

  #refuseEnded(): void {
    // HEAD runs `get`, which may never end by itself.
    if (this.#response.finished || this.#exchange.request.method === "HEAD") throw new Finish();
    if (this.#response.waiting > this.#options.maxBuffer) this.#cutOff();
  }

  #cutOff(): never {
    generalLog.info(`closed (${this.#exchange.request.remoteIp}): the client reads more slowly than its events come`);
    this.#exchange.clientLeft();
    this.#response.abort();
    throw new ClientClosedError();
  }
}

/** A rejection that need not be seen: nobody has to wait for an event. */
function unreported(reason: Error): Promise<never> {
  const rejected = Promise.reject<never>(reason);
  rejected.catch(() => {});
  return rejected;
}

/** What goes over the wire for an event. */
function textOf(event: ServerSentEvent | string): string {
  if (typeof event === "string") return eventText({ data: event });
  if (typeof event !== "object" || event === null || event instanceof Uint8Array) {
    throw new ResponseError(`an event is an object or a string, got ${typeof event}`);
  }
  const { data, event: type, id, retry } = event;
  return eventText({ event: type, id: id?.toString(), retry, data: dataText(data) ?? (type && "") });
}

function dataText(data: unknown): string | undefined {
  if (typeof data === "string" || data === undefined) return data;
  const text =
    typeof data === "object" && data !== null ? jsonText(data) : (JSON.stringify(data) as string | undefined);
  if (text === undefined)
    throw new ResponseError(`an event's data is a string or what JSON can show, got ${typeof data}`);
  return text;
}

function checked(options: EventStreamOptions): Required<EventStreamOptions> {
  const all = { ...defaults, ...options };
  for (const [name, value] of Object.entries(all)) {
    if (!Object.hasOwn(defaults, name)) throw new ResponseError(`events(): unknown option "${name}"`);
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) continue;
    throw new ResponseError(`events(): ${name} must be a whole number from 0 to ${2 ** 31 - 1}, got ${String(value)}`);
  }
  return all;
}
