import { setTimeout as sleep } from "node:timers/promises";
import { CancelledError, WaterspoutError, WebSocketClosedError } from "../errors.js";
import { generalLog } from "../log.js";
import type { Exchange, HookRunner, Successor } from "./exchange.js";
import { followsFromEnd, logError } from "./failure.js";
import { logClosed } from "./request-log.js";
import type { WebSocketHandler } from "./websocket-handler.js";
import { type Delivery, Inbox } from "./websocket-inbox.js";
import { checkClose, checkPing, checkText, messageData } from "./websocket-message.js";
import type { WebSocketSettings } from "./websocket-options.js";
import { type Pinged, Pinger } from "./websocket-pinger.js";

/** What a connection needs of the library's socket. */
export interface PeerSocket {
  readonly protocol: string;
  /** 1 while it may be written to. */
  readonly readyState: number;
  /** Bytes that wait for the client to take them. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, options: { readonly binary: boolean }, done: (error?: Error) => void): void;
  ping(data?: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: "message", listener: (data: Buffer, binary: boolean) => void): unknown;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): unknown;
  on(event: "close", listener: (code: number, reason: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** What the library gives as the code where the client sent none, and where the connection ended without a close. */
const noCode = 1005;
const noClose = 1006;

/**
 * One open WebSocket and its handler: delivers what comes in to the handler's hooks, one after the other, and sends what it
 * writes. It ends when the connection has closed and the last hook is done.
 */
export class WebSocketConnection implements Successor {
  /** The code that the client's close had. */
  closeCode: number | undefined;
  closeReason: string | undefined;
  /** This side has ended the connection, without an answer to its close. */
  cut = false;
  /** Called once, at the end. */
  onEnd: (() => void) | undefined;
  readonly #handler: WebSocketHandler;
  readonly #exchange: Exchange;
  readonly #socket: PeerSocket;
  readonly #settings: WebSocketSettings;
  readonly #inbox: Inbox;
  readonly #pinger: Pinger | undefined;
  readonly #closed: Promise<void>;
  /** This side has closed: what the client still sends is of no interest. */
  #isClosing = false;
  #hooks: HookRunner | undefined;

  constructor(handler: WebSocketHandler, exchange: Exchange, socket: PeerSocket, settings: WebSocketSettings) {
    this.#handler = handler;
    this.#exchange = exchange;
    this.#socket = socket;
    this.#settings = settings;
    this.#inbox = new Inbox(socket);
    this.#listen();
    this.#closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.#noteClose(code, reason.toString());
        resolve();
      });
    });
    if (settings.pingInterval > 0) this.#pinger = new Pinger(this.#pinged(), settings);
  }

  /** The subprotocol that was agreed upon. */
  get subprotocol(): string | undefined {
    return this.#socket.protocol === "" ? undefined : this.#socket.protocol;
  }

  /** See {@link Successor.run}. */
  async run(hooks: HookRunner): Promise<void> {
    this.#hooks = hooks;
    const handler = this.#handler;
    // What stands around the handler has failed behind it.
    if (this.#exchange.outcome === "error") this.close(1011);
    else await this.#hook("open", () => handler.open?.(...handler.pathArguments));
    this.#inbox.start(({ hook, value }) => this.#hook(hook, () => handler[hook]?.(value as Buffer)));
    await this.#closed;
    await this.#inbox.emptied();
    await this.#hook("onClose", () => handler.onClose?.());
    this.onEnd?.();
  }

  /** See `WebSocketHandler.writeMessage`. */
  write(message: unknown, binary: boolean | undefined): Promise<void> {
    const data = messageData(message);
    const isBinary = binary ?? typeof data !== "string";
    if (!isBinary) checkText(data);
    if (!this.#isOpen) return unsent();
    if (this.#socket.bufferedAmount > this.#settings.maxBuffer) {
      this.#cutOff("the client reads more slowly than its messages come");
      return unsent();
    }
    return this.#send(data, isBinary);
  }

  /** See `WebSocketHandler.ping`. */
  ping(data: string | Uint8Array): void {
    checkPing(data);
    if (!this.#isOpen) throw new WebSocketClosedError();
    this.#socket.ping(data);
  }

  /** See `WebSocketHandler.close`. */
  close(code?: number, reason?: string): void {
    checkClose(code, reason);
    if (!this.#isOpen) return;
    this.#isClosing = true;
    this.#inbox.drop();
    this.#socket.close(code ?? (reason === undefined ? undefined : 1000), reason);
  }

  /** The library learns of a connection that was cut off after those who have written to it. */
  /** Closes with 1001 when what has come in is worked off, for which there is `closeTimeout`. Never rejects. */
  async goAway(): Promise<void> {
    this.#inbox.end();
    await Promise.race([this.#inbox.emptied(), sleep(this.#settings.closeTimeout, undefined, { ref: false })]);
    this.close(1001, "going away");
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === 1 && !this.#exchange.message.socket.destroyed;
  }

  #listen(): void {
    const handler = this.#handler;
    this.#socket.on("message", (data, binary) => this.#take("onMessage", binary ? data : data.toString()));
    if (handler.onPing !== undefined) this.#socket.on("ping", (data) => this.#take("onPing", data));
    if (handler.onPong !== undefined) this.#socket.on("pong", (data) => this.#take("onPong", data));
    this.#socket.on("error", (error) => this.#note(`the client broke the protocol: ${error.message}`));
  }

  #take(hook: Delivery["hook"], value: string | Buffer): void {
    if (!this.#isClosing) this.#inbox.add({ hook, value });
  }

  #send(data: string | Uint8Array, binary: boolean): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      this.#socket.send(data, { binary }, (failure) => {
        if (!failure) return resolve();
        sent.catch(ignored);
        return reject(new WebSocketClosedError());
      });
    });
    if (this.#socket.bufferedAmount > 0) this.#exchange.sending();
    return sent;
  }

  /** Runs a hook; what it throws ends the connection. It neither throws nor rejects. */
  #hook(name: string, call: () => unknown): Promise<void> | undefined {
    try {
      const returned = this.#hooks?.(name, call);
      if (!isThenable(returned)) return undefined;
      return Promise.resolve(returned).then(ignored, (error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    if (!this.#isOpen && followsFromEnd(error)) return;
    const exchange = this.#exchange;
    const code = closeCodeFor(error);
    exchange.outcome = "error";
    exchange.reason = undefined;
    logError(this.#handler, exchange, error);
    // Of a foreseen one the reason was noted, and nothing written.
    if (exchange.reason !== undefined) logClosed(exchange, code);
    this.close(code);
  }

  #noteClose(code: number, reason: string): void {
    const { socket } = this.#exchange.message;
    const isLost = code === noClose;
    this.cut = isLost && !socket.readableEnded && socket.errored === null;
    if (code !== noCode && code !== noClose) {
      this.closeCode = code;
      this.closeReason = reason;
    }
    this.#pinger?.stop();
    if (isLost && this.#exchange.outcome === "completed") this.#exchange.outcome = "clientClosed";
    this.#exchange.abort(new CancelledError("the client closed the connection"));
  }

  #pinged(): Pinged {
    const { socket } = this.#exchange.message;
    return {
      received: () => socket.bytesRead,
      held: () => this.#inbox.held,
      ping: () => this.#isOpen && this.#socket.ping(),
      lost: () => this.#cutOff(`no sign of life within ${this.#settings.pingTimeout} ms of a ping`),
    };
  }

  #cutOff(reason: string): void {
    this.#note(reason);
    this.#socket.terminate();
  }

  /** What happens to one client is information: it is nobody's mistake here. */
  #note(what: string): void {
    generalLog.info(`closed (${this.#exchange.request.remoteIp}): ${what}`);
  }
}

function ignored(): void {}

/** Who does not await it must not bring the process down when a client leaves. */
function unsent(): Promise<never> {
  const rejected = Promise.reject(new WebSocketClosedError());
  rejected.catch(ignored);
  return rejected;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

/** RFC 6455 and IANA's registry: 1008 the client may not, 1013 try again later, 1011 this side has failed. */
function closeCodeFor(error: unknown): number {
  const status = error instanceof WaterspoutError ? error.status : 500;
  if (status === 503) return 1013;
  return status < 500 ? 1008 : 1011;
}
