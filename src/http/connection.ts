import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { HTTPError } from "../errors.js";
import { hasOwnTimeout, rejectBody } from "./body-reader.js";
import type { Refusal } from "./gate.js";

/** One request with the response that belongs to it. */
interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** What serves it, as its owner knows it. */
  work: unknown;
  /** Whether its owner knows that the response is over. */
  over: boolean;
}

/** What a connection asks of its transport. */
export interface ConnectionOwner {
  readonly draining: boolean;
  /** @returns what serves it, for `closed` and `expire`. */
  serve(message: IncomingMessage, response: ServerResponse): unknown;
  /** The response to a request is over: sent, or cut off. Told once. */
  closed(work: unknown): void;
  /** Answers a request at once that has had its time; its headers are not out. */
  expire(message: IncomingMessage, response: ServerResponse, work: unknown): void;
  /** Answers on the bare socket and closes it. */
  refuse(socket: Socket, refusal: Refusal): void;
}

/** From this many parsed requests that wait for their turn, no more is read from the connection. */
const readAhead = 16;

/** So many of them are served until the event loop turns. */
const servedAtOnce = 16;

/**
 * One client connection: runs its requests one after the other, and none after an answer that closes.
 *
 * Node starts pipelined requests all at once; then one that stands behind a `Connection: close` or behind a malformed
 * request is executed although its answer will never be sent.
 */
export class Connection {
  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  #current: Exchange | undefined;
  #waiting: Exchange[] | undefined;
  /** A fault of the parser behind the requests that were parsed before it. */
  #fault: Refusal | undefined;
  #closing = false;
  /** Pipelined requests since the loop has turned for this connection. */
  #atOnce = 0;
  #isUpgraded = false;
  /** Whether it has had a request. Before the first one `headersTimeout` counts. */
  #isUsed = false;
  #quietSince = 0;
  /** How much had been read when `quietSince` was last asked for. */
  #bytesRead = 0;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
  }

  /** Whether no request is being answered. */
  get idle(): boolean {
    return this.#current === undefined && !this.#isUpgraded;
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the request that is being read has a clock of its own in the place of `requestTimeout`. */
  get timesItself(): boolean {
    return this.#current !== undefined && hasOwnTimeout(this.#current.message);
  }

  /** Since when it is between two requests and nothing was read, as far as those know who ask now and then. `now` if it is not. */
  quietSince(now: number): number {
    const { bytesRead } = this.socket;
    if (!this.idle || !this.#isUsed || bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.#quietSince = now;
    }
    return this.#quietSince;
  }

  /**
   * A request has been parsed. It is served when all is read that has come in by now on all connections: reading one after the other and
   * then serving one after the other keeps the code of each hot in the processor, which is a sixth of what a small request costs
   * (docs/performance.md). Each has its own `setImmediate`, and with it the asynchronous context in which it was parsed.
   */
  receive(message: IncomingMessage, response: ServerResponse): void {
    if (this.#closing) return;
    const exchange: Exchange = { message, response, work: undefined, over: false };
    if (this.#current !== undefined) return this.#wait(exchange);
    this.#current = exchange;
    // What a chunked body takes beside its own bytes is counted while it comes in; and what flows to a tracer is gone later.
    const isChunked = message.headers["transfer-encoding"] !== undefined;
    if (isChunked || message.readableFlowing !== null) this.serve(exchange);
    else setImmediate(serveLater, this, exchange);
  }

  /** @internal */
  serve(exchange: Exchange): void {
    // In the meantime its time may have run out, or its client may have left: that is told to what serves it.
    if (exchange.response.headersSent) return;
    if (this.#owner.draining) this.announceClose();
    exchange.work = this.#owner.serve(exchange.message, exchange.response);
    if (exchange.over) this.#owner.closed(exchange.work);
  }

  /** The answer has been sent, or the socket has closed under it. */
  settle(response: ServerResponse): void {
    if (this.#current?.response !== response) return;
    this.#tell(this.#current);
    if (this.#waiting !== undefined && ++this.#atOnce > servedAtOnce) return this.#settleLater(response);
    this.#current = undefined;
    this.#isUsed = true;
    if (this.#closing || !response.shouldKeepAlive || !this.socket.writable) this.#stop();
    else this.#next();
  }

  /** The socket has closed, which it tells before the response does. */
  lost(): void {
    if (this.#current !== undefined) this.#tell(this.#current);
  }

  /** Another protocol has it: it is neither idle nor busy, and no longer ours to close in a drain's linger. */
  letGo(): void {
    this.#isUpgraded = true;
    this.#current = undefined;
    this.#waiting = undefined;
  }

  #tell(exchange: Exchange): void {
    if (exchange.over) return;
    exchange.over = true;
    this.#owner.closed(exchange.work);
  }

  /** One packet may hold thousands of requests: served in one turn of the loop, they would keep all others waiting. */
  #settleLater(response: ServerResponse): void {
    setImmediate(() => {
      this.#atOnce = 0;
      this.settle(response);
    });
  }

  /** Makes this connection end with the request that is being answered, if its headers are not out. */
  announceClose(): void {
    const last = this.#waiting === undefined || this.#waiting.length === 0;
    if (last && this.#current?.response.headersSent === false) this.#current.response.shouldKeepAlive = false;
  }

  /**
   * The time for answers is over: has the request that is being answered answered at once, and none that waits.
   * @returns false when there is none, or its headers are out; then nothing was done.
   */
  expire(): boolean {
    const current = this.#current;
    if (current === undefined || current.response.headersSent) return false;
    this.#waiting = undefined;
    this.announceClose();
    this.#owner.expire(current.message, current.response, current.work);
    return true;
  }

  /** What came after the last request cannot be parsed, or did not come in time. One fault is answered, once. */
  fail(refusal: Refusal): void {
    if (this.#closing || this.#fault !== undefined) return;
    this.#fault = refusal;
    const faulty = this.#current?.message;
    if (faulty === undefined) this.#answerFault();
    else if (faulty.complete) this.#dropIncomplete();
    else this.#failBody(faulty, refusal);
  }

  /** Nothing more is executed here; the socket closes when what was written is sent. */
  #stop(): void {
    this.#closing = true;
    this.#waiting = undefined;
    this.socket.destroySoon();
  }

  #wait(exchange: Exchange): void {
    this.#waiting ??= [];
    this.#waiting.push(exchange);
    // Node resumes the socket at the end of each message, so pausing has to wait until this packet is parsed.
    if (this.#waiting.length === readAhead) process.nextTick(() => this.#holdBack());
  }

  #holdBack(): void {
    if ((this.#waiting?.length ?? 0) >= readAhead) this.socket.pause();
  }

  #next(): void {
    const next = this.#waiting?.shift();
    this.#current = next;
    if (next === undefined) this.#answerFault();
    else this.serve(next);
    if (this.#waiting?.length === 0) this.#readOn();
  }

  #readOn(): void {
    this.#waiting = undefined;
    if (this.socket.isPaused()) this.socket.resume();
  }

  #answerFault(): void {
    if (this.#fault === undefined) return;
    this.#closing = true;
    this.#owner.refuse(this.socket, this.#fault);
  }

  /** The fault is in a request that still waits: it must not run without the rest of it. */
  #dropIncomplete(): void {
    if (this.#waiting?.at(-1)?.message.complete === false) this.#waiting.pop();
  }

  /** The body of the request that is being answered is at fault: its reader gets to know, and answers in its own way. */
  #failBody(message: IncomingMessage, refusal: Refusal): void {
    this.#closing = true;
    this.announceClose();
    rejectBody(message, new HTTPError(refusal.status, refusal.reason));
  }
}

function serveLater(connection: Connection, exchange: Exchange): void {
  connection.serve(exchange);
}
