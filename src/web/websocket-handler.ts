import { RequestNotAvailableError } from "../errors.js";
import { RequestHandler, exchangeOf } from "./handler.js";
import type { WebSocketConnection } from "./websocket-connection.js";
import type { Handshake } from "./websockets.js";

/**
 * The base of handlers for WebSockets: one instance for each connection, its services in the constructor. The request that
 * opens it is a request as any: `initialize`, middleware and `prepare` run before it is accepted and may refuse it with an
 * answer or an `HTTPError`, and headers and cookies that they set go out with the 101. Request, cookies, `currentUser` and
 * services are there until the connection has ended; `write`, `setHeader` and their kin are not.
 *
 * `open`, `onMessage`, `onPing`, `onPong` and `onClose` run one after the other, each when the one before it is done. What one
 * of them throws is logged, and the socket closes with 1011.
 *
 * @example
 * @Route("/echo")
 * class EchoHandler extends WebSocketHandler {
 *   static readonly websocket: WebSocketOptions = { maxMessageSize: 64 * 1024 };
 *   async onMessage(message: string | Uint8Array) { await this.writeMessage(message); }
 * }
 *
 * Source: `tornado.websocket.WebSocketHandler`.
 */
export abstract class WebSocketHandler<User = unknown> extends RequestHandler<User> {
  #handshake: Handshake | undefined;
  #connection: WebSocketConnection | undefined;

  // ---- entry points, for subclasses

  /** Runs first, with the path's arguments; messages wait until it is done. Default: nothing. */
  open?(...pathArguments: (string | undefined)[]): void | Promise<void>;

  /**
   * Runs for each message: text is a string, all else bytes, in memory that nobody else uses. While it is not done, the next
   * message waits, and a client that goes on sending is held back.
   */
  abstract onMessage(message: string | Uint8Array): void | Promise<void>;

  /**
   * Runs last, once, however the connection has ended; then `closeCode` and `closeReason` say what the client has said. A hook
   * that still runs when the client leaves is waited for: its `signal` has aborted. Nobody can be written to. Default: nothing.
   */
  onClose?(): void | Promise<void>;

  /** Runs for each ping of the client, which has been answered. Default: nothing. */
  onPing?(data: Uint8Array): void | Promise<void>;

  /** Runs for each pong of the client, those to pings of `pingInterval` included. Default: nothing. */
  onPong?(data: Uint8Array): void | Promise<void>;

  /**
   * Whether a page of this origin may open the socket; asked only of clients that send one, as all browsers do. Cookies go
   * along whatever the page: who says yes to all must not trust them. Not async. Default: pages of the same host and port,
   * and of origins that `cors` trusts with credentials.
   */
  checkOrigin(origin: string): boolean {
    return this.application.sockets?.trusts(origin, exchangeOf(this)) === true;
  }

  /**
   * Chooses one of the subprotocols that the client offers, of which there may be none; undefined: none. Called once, before
   * the socket is accepted. One that was not offered is answered 500. Not async. Default: none.
   */
  selectSubprotocol(_offered: readonly string[]): string | undefined {
    return undefined;
  }

  // ---- the socket

  /**
   * Sends a message: a string as text, bytes as they are, an object or array as JSON.
   *
   * @param binary says otherwise: true sends a string as bytes, false sends bytes, which must be UTF-8, as text.
   * @returns settles when the operating system has taken it: await it before sending more, and a slow client holds back whoever
   * sends, instead of filling this process's memory. Rejects with WebSocketClosedError when the socket is not open. Not
   * awaited, the rejection goes unreported; who sends to many need not await, and `maxBuffer` cuts off who reads too slowly.
   * Bytes must not be changed before.
   * @throws ResponseError for what is no message.
   */
  writeMessage(message: string | Uint8Array | object, binary?: boolean): Promise<void> {
    return this.#available("writeMessage").write(message, binary);
  }

  /** Sends a ping with up to 125 bytes. See `pingInterval` for those that are sent by themselves. @throws WebSocketClosedError, ResponseError. */
  ping(data: string | Uint8Array = ""): void {
    this.#available("ping").ping(data);
  }

  /**
   * Closes the socket; messages that have not been delivered are dropped. A client that does not answer within
   * `closeTimeout` is cut off. Before `open`, and the second time, it does nothing.
   *
   * @param code 1000 to 1014 without 1004, 1005 and 1006, or 3000 to 4999. Default: none, which clients see as 1005.
   * @param reason up to 123 bytes; with it the code is 1000 by default.
   * @throws ResponseError for another code or a longer reason.
   */
  close(code?: number, reason?: string): void {
    this.#connection?.close(code, reason);
  }

  /** The code of the client's close; undefined before, when it sent none, and when the connection just ended. */
  get closeCode(): number | undefined {
    return this.#connection?.closeCode;
  }

  /** What the client said with `closeCode`; may be empty. */
  get closeReason(): string | undefined {
    return this.#connection?.closeReason;
  }

  /** What `selectSubprotocol` chose. */
  get selectedSubprotocol(): string | undefined {
    return this.#connection?.subprotocol;
  }

  /** Whether small messages are sent at once (true, as it is by default), or may wait a moment to be sent together. */
  setNodelay(value: boolean): void {
    this.request.socket.setNoDelay(value);
  }

  /**
   * Looks at the handshake. An override may refuse by an `HTTPError` or an answer, and agrees by `super.get(…)`. The socket is
   * opened when middleware is done as well, which may still set headers, or refuse.
   *
   * @throws HTTPError 400 and 426 for what is no handshake, 403 for an origin that `checkOrigin` refuses.
   */
  get(..._pathArguments: (string | undefined)[]): void {
    this.#handshake = this.application.sockets?.check(this, exchangeOf(this));
  }

  /** Opens the socket when that is what the answer is to be, else as of any handler. Nobody needs to call it. */
  override finish(chunk?: unknown): Promise<void> {
    if (this.#handshake === undefined || this.getStatus() !== 101) return super.finish(chunk);
    this.#connection = this.application.sockets?.accept(this, exchangeOf(this), this.#handshake);
    return Promise.resolve();
  }

  #available(member: string): WebSocketConnection {
    if (this.#connection !== undefined) return this.#connection;
    throw new RequestNotAvailableError(
      `${this.constructor.name}: there is no open socket here, so \`${member}\` cannot be used: use it from open() on; in a ` +
        "@RunOnExecutor method, return what is to be sent",
    );
  }
}
