import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { StartError } from "../errors.js";
import { generalLog } from "../log.js";
import { expectContinue } from "./body.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import { connectionLimit } from "./descriptors.js";
import { DropCount } from "./drop-count.js";
import { type Refusal, expectationRefusal, refusalOf } from "./gate.js";
import { IdleWatch, announceKeepAlive } from "./idle-watch.js";
import { defaultHTTPSettings, type HTTPSettings } from "./limits.js";
import { listen, type ListenTarget } from "./listen.js";
import { type ParserError, parserRefusal } from "./parser-errors.js";
import { refuseConnection, refuseRequest } from "./refusal.js";
import { remoteIpOf } from "./request.js";
import type { ResponseHost } from "./response.js";
import { SendWatch } from "./send-watch.js";
import { Upgrade, type UpgradeTest, upgradableMessage } from "./upgrade.js";

/**
 * Gets every request that passed the gate. It answers through `response`, best by a `ResponseWriter`, which takes `host`.
 * What it throws is logged and answered 500; a promise that it returns is not awaited. What it returns is kept for
 * {@link HTTPTransport.onClosed} and {@link HTTPTransport.onExpired}.
 */
export type RequestCallback = (message: IncomingMessage, response: ServerResponse, host: ResponseHost) => unknown;

/** How a drain ended; all zero when it was in order. */
export interface DrainReport {
  /** Requests that were answered 503 when `gracePeriod` was over. */
  readonly expired: number;
  /** Requests whose connection was destroyed, then or by `closeAllConnections`; connections of another protocol are not counted. */
  readonly cut: number;
}

/** How long the last answers may take to be sent. Milliseconds. */
const lastAnswersWithin = 250;
const expiry: Refusal = { status: 503, reason: "not answered before the server's end" };

const noTunnel: Refusal = { status: 501, reason: "CONNECT is not implemented" };
const allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/**
 * node:http with what it leaves out: the strict gate, one answer and one log line per malformed request, pipelined requests
 * in turn, a timeout on sending, and a drain that loses no request. It knows nothing of what serves the requests.
 *
 * Constructing it opens nothing; it serves from `listen` to `drain`, once.
 */
export class HTTPTransport implements ResponseHost, ConnectionOwner {
  readonly settings: HTTPSettings;
  readonly #callback: RequestCallback;
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();
  readonly #watch: SendWatch;
  readonly #idleWatch: IdleWatch;
  readonly #drainListeners = new Set<() => void>();
  #drained: Promise<DrainReport> | undefined;
  #lingered = false;
  #expired = 0;
  #cut = 0;
  #onClosed: ((work: unknown) => void) | undefined;
  #onExpired: ((work: unknown) => void) | undefined;
  #emptied: (() => void) | undefined;
  #address: AddressInfo | undefined;
  #onConnections: ((accepted: boolean) => void) | undefined;
  #requests = 0;
  readonly #drops: DropCount;

  /**
   * @param mayUpgrade says which requests may change the protocol, see `upgradeOf`: they are served as any other until somebody
   * takes their socket. Undefined: none; then `Upgrade` fields are ignored, as RFC 9110 (section 7.8) allows.
   */
  constructor(callback: RequestCallback, settings: HTTPSettings = defaultHTTPSettings, mayUpgrade?: UpgradeTest) {
    this.#callback = callback;
    this.settings = settings;
    this.#watch = new SendWatch(settings.sendTimeout, settings.connectionsCheckingInterval, stalled);
    const { keepAliveTimeout, connectionsCheckingInterval } = settings;
    this.#idleWatch = new IdleWatch(keepAliveTimeout, connectionsCheckingInterval, this.#connections);
    this.#server = createServer({ ...nodeOptions(settings), ...(mayUpgrade && this.#upgradeOptions(mayUpgrade)) });
    // One more than allowed, or Node cuts the list before the gate can count it.
    this.#server.maxHeadersCount = settings.headerCount + 1;
    const maxConnections = connectionLimit(settings.maxConnections);
    this.#server.maxConnections = maxConnections;
    this.#drops = new DropCount(maxConnections);
    this.#attach();
    if (mayUpgrade !== undefined) this.#server.on("upgrade", (message, _, head) => this.#upgrade(message, head));
  }

  /** Where it listens; undefined before and after. */
  get address(): AddressInfo | undefined {
    return this.#address;
  }

  /** True from the call of `drain()`. */
  get draining(): boolean {
    return this.#drained !== undefined;
  }

  /** Open client connections, idle ones included. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Requests that were answered, or whose client left before. */
  get requests(): number {
    return this.#requests;
  }

  /** Connections that were closed unheard, because there were `maxConnections`. */
  get droppedConnections(): number {
    return this.#drops.total;
  }

  /**
   * Opens the socket. In a `node:cluster` worker it is the one that all workers share.
   * @throws StartError saying what to change: the port is taken, not allowed, or the host is not of this machine.
   */
  async listen(target: ListenTarget): Promise<AddressInfo> {
    if (this.draining || this.#server.listening) {
      throw new StartError("HTTPTransport.listen: it serves once; make another one to listen again or elsewhere");
    }
    this.#address = await listen(this.#server, target, this.settings.backlog);
    this.#server.on("error", (error) => generalLog.error("the listening socket failed", { error }));
    return this.#address;
  }

  /** Calls back after each connection that was accepted, and after each that was closed. A second callback replaces the first. */
  onConnections(callback: (accepted: boolean) => void): void {
    this.#onConnections = callback;
  }

  /** Closes the listening descriptor, until `resumeAccepting`; connections are served as before. */
  pauseAccepting(): void {
    this.#stopListening();
    // With each 'listening' Node would begin its check of timeouts anew, and with many pauses never come to it.
    this.#server.removeAllListeners("listening");
  }

  /** Listens on another descriptor of the same socket. */
  resumeAccepting(handle: object): void {
    this.#server.listen(handle, this.settings.backlog);
  }

  /** Starts the `sendTimeout` for a socket with bytes to send. `ResponseWriter` calls it. */
  sending(socket: Socket): void {
    this.#watch.watch(socket);
  }

  /**
   * Calls back when the drain begins, at once if it has: for answers that would not end by themselves.
   * @returns takes the callback back.
   */
  onDrain(callback: () => void): () => void {
    if (this.draining) callback();
    else this.#drainListeners.add(callback);
    return () => this.#drainListeners.delete(callback);
  }

  /**
   * Stops in named steps: announce `Connection: close` in every further answer; accept what the kernel holds already and
   * stop listening; after `drainLinger` close what is idle; wait for requests in flight; after `gracePeriod` answer 503 where
   * headers are not out, and destroy the rest. Safe to call twice: the second call gets the first one's promise.
   */
  drain(): Promise<DrainReport> {
    return (this.#drained ??= this.#drain());
  }

  /** Destroys every connection at once; a drain that is going on ends. */
  closeAllConnections(): void {
    for (const { socket, busy } of this.#connections.values()) {
      if (this.draining && busy && !socket.destroyed) this.#cut += 1;
      socket.destroy();
    }
  }

  /**
   * Calls back when a response is over, sent or cut off, with what the request callback returned for it. One listener for all
   * costs a request less than one of its own.
   */
  onClosed(callback: (work: unknown) => void): void {
    this.#onClosed = callback;
  }

  /**
   * Calls back in a drain for each request that has had its time and whose headers are not out, with what the request
   * callback returned for it: to answer it at once. One that is not answered then gets a bare 503.
   */
  onExpired(callback: (work: unknown) => void): void {
    this.#onExpired = callback;
  }

  /** @internal One request whose turn has come. */
  serve(message: IncomingMessage, response: ServerResponse): unknown {
    const refusal = this.#refusalOf(message);
    if (refusal === undefined && message.url !== "*") return this.#call(message, response);
    if (refusal !== undefined) refuseRequest(message, response, refusal, this.settings);
    else response.writeHead(204, { Allow: allow }).end();
    return undefined;
  }

  /** @internal */
  closed(work: unknown): void {
    if (work !== undefined) this.#onClosed?.(work);
  }

  /** @internal */
  expire(message: IncomingMessage, response: ServerResponse, work: unknown): void {
    this.#expired += 1;
    if (work !== undefined) this.#onExpired?.(work);
    if (!response.headersSent) refuseRequest(message, response, expiry, this.settings);
  }

  /** @internal */
  refuse(socket: Socket, refusal: Refusal): void {
    refuseConnection(socket, refusal, this.settings);
  }

  #refusalOf({ method = "", url = "", httpVersion, rawHeaders, headers }: IncomingMessage): Refusal | undefined {
    return (
      refusalOf(method, url, httpVersion, rawHeaders, this.settings) ?? expectationRefusal(headers.expect, httpVersion)
    );
  }

  #call(message: IncomingMessage, response: ServerResponse): unknown {
    try {
      return this.#callback(message, response, this);
    } catch (error) {
      generalLog.error("the request callback failed", { error });
      if (response.headersSent) message.socket.destroy();
      else refuseRequest(message, response, { status: 500, reason: "the request callback failed" }, this.settings);
      return undefined;
    }
  }

  #attach(): void {
    this.#server
      .on("connection", (socket) => this.#open(socket))
      .on("drop", this.#drops.note)
      .on("request", (message, response) => this.#receive(message, response))
      .on("checkContinue", (message, response) => this.#receiveExpecting(message, response))
      // In its turn the gate refuses it; refused here, what was sent behind it would be served.
      .on("checkExpectation", (message, response) => this.#receive(message, response))
      .on("connect", (message) => this.#connections.get(message.socket)?.fail(noTunnel))
      .on("clientError", (error: ParserError, socket) => this.#fail(error, socket as Socket));
  }

  #open(socket: Socket): void {
    // Node remembers the address once it was asked for; after the client has left it could not be known any more.
    void socket.remoteAddress;
    this.#connections.set(socket, new Connection(socket, this));
    this.#idleWatch.watch();
    socket.once("close", () => this.#closed(socket));
    this.#onConnections?.(true);
  }

  #closed(socket: Socket): void {
    this.#connections.get(socket)?.lost();
    this.#connections.delete(socket);
    this.#onConnections?.(false);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #receive(message: IncomingMessage, response: ServerResponse): void {
    response.on("close", this.#settle);
    announceKeepAlive(response, this.settings.keepAliveTimeout);
    this.#connections.get(message.socket)?.receive(message, response);
  }

  #receiveExpecting(message: IncomingMessage, response: ServerResponse): void {
    expectContinue(message, response);
    this.#receive(message, response);
  }

  #upgradeOptions(mayUpgrade: UpgradeTest): ServerOptions {
    // Behind a request that is still being answered there is no turn to take.
    const isIdle = ({ socket }: IncomingMessage): boolean => this.#connections.get(socket)?.idle === true;
    return { IncomingMessage: upgradableMessage((message) => mayUpgrade(message) && isIdle(message)) };
  }

  /** A request whose connection Node has let go of. */
  #upgrade(message: IncomingMessage, head: Buffer): void {
    const { response } = new Upgrade(message, head, () => {
      this.#requests += 1;
      this.#connections.get(message.socket)?.letGo();
    });
    this.#receive(message, response);
  }

  /** One listener for all responses: what it needs it finds at the response. */
  readonly #settle = ((transport: HTTPTransport) =>
    function settle(this: ServerResponse): void {
      transport.#settled(this);
    })(this);

  #settled(response: ServerResponse): void {
    this.#requests += 1;
    const connection = this.#connections.get(response.req.socket);
    connection?.settle(response);
    if (this.#lingered && connection?.idle === true) connection.socket.destroySoon();
  }

  #fail(error: ParserError, socket: Socket): void {
    const connection = this.#connections.get(socket);
    // Bytes behind a request that closes the connection are ignored, as RFC 9112 (section 9.6) asks.
    if (error.code === "HPE_CLOSED_CONNECTION") return;
    // Node reports each request that is late once, and leaves the socket to this listener.
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && connection?.timesItself === true) return;
    const refusal = parserRefusal(error, socket.bytesRead, this.settings);
    // Browsers open connections ahead of need: one that times out without a byte is nobody's mistake.
    const unused = socket.bytesRead === 0;
    const leftInside = error.code === "HPE_INVALID_EOF_STATE" && connection?.busy === true;
    if (connection === undefined || refusal === undefined || unused || leftInside || !socket.writable) socket.destroy();
    else connection.fail(refusal);
  }

  async #drain(): Promise<DrainReport> {
    for (const connection of this.#connections.values()) connection.announceClose();
    for (const callback of this.#drainListeners) callback();
    await turn();
    this.#stopListening();
    this.#address = undefined;
    const linger = setTimeout(() => this.#closeIdle(), this.settings.drainLinger);
    let grace = setTimeout(() => {
      grace = setTimeout(() => this.closeAllConnections(), lastAnswersWithin);
      this.#expireAll();
    }, this.settings.gracePeriod);
    await this.#allClosed();
    clearTimeout(linger);
    clearTimeout(grace);
    // Only now the rest of Node's own closing: at the start it would have closed idle connections at once.
    this.#server.close();
    return { expired: this.#expired, cut: this.#cut };
  }

  #expireAll(): void {
    for (const connection of this.#connections.values()) {
      if (connection.expire()) continue;
      if (connection.busy) this.#cut += 1;
      connection.socket.destroy();
    }
  }

  #stopListening(): void {
    if (this.#server.listening) NetServer.prototype.close.call(this.#server);
  }

  /** A request that came while the loop was busy waits in the kernel: it is read first, so that its connection is not idle. */
  #closeIdle(): void {
    setImmediate(() => {
      this.#lingered = true;
      for (const { socket, idle } of this.#connections.values()) if (idle) socket.destroySoon();
    });
  }

  #allClosed(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }
}

function nodeOptions(settings: HTTPSettings): ServerOptions {
  const { headersTimeout, requestTimeout, connectionsCheckingInterval } = settings;
  return {
    headersTimeout,
    requestTimeout,
    // The watch of idle connections does it.
    keepAliveTimeout: 0,
    connectionsCheckingInterval,
    // The parser counts target and fields together; the gate then tells them apart.
    maxHeaderSize: settings.requestLineLimit + settings.headerLimit,
    insecureHTTPParser: false,
    // The gate refuses it, with a body and a line in the log.
    requireHostHeader: false,
  };
}

function stalled(socket: Socket): void {
  generalLog.info(`closed (${remoteIpOf(socket)}): the client has stopped taking the answer`);
  socket.destroy();
}
