import { ConfigurationError, HTTPError, ResponseError } from "../errors.js";
import { handshakeFault, isSameHost, offeredProtocols } from "../http/websocket-handshake.js";
import { upgradeOf, type Upgrade } from "../http/upgrade.js";
import type { Exchange } from "./exchange.js";
import { WebSocketConnection } from "./websocket-connection.js";
import type { WebSocketHandler } from "./websocket-handler.js";
import { WebSocketAcceptor } from "./websocket-library.js";
import type { WebSocketSettings } from "./websocket-options.js";

/** How the sockets of one handler class are opened and kept. */
interface Compiled {
  readonly settings: WebSocketSettings;
  readonly acceptor: WebSocketAcceptor;
}

/** A request that may become a WebSocket. */
export interface Handshake {
  readonly upgrade: Upgrade;
  /** The subprotocol that was chosen. */
  readonly protocol: string | undefined;
}

/**
 * The WebSockets of one application: accepts them, and ends them when the server drains. Loaded by a server whose table has a
 * handler for them, and by nobody else.
 */
export class WebSockets {
  readonly #compiled: ReadonlyMap<object, Compiled>;
  readonly #open = new Set<WebSocketConnection>();
  #isWatching = false;
  #isGoing = false;
  #cut = 0;
  #emptied: (() => void) | undefined;

  /** @param settings by handler class. */
  constructor(settings: ReadonlyMap<object, WebSocketSettings>) {
    this.#compiled = new Map(
      [...settings].map(([target, own]) => [target, { settings: own, acceptor: new WebSocketAcceptor(own) }]),
    );
  }

  /** Whether a page of this origin may open a socket, if its handler does not say otherwise. */
  trusts(origin: string, { request, cors }: Exchange): boolean {
    return isSameHost(origin, request.host) || cors?.trusts(origin) === true;
  }

  /**
   * Looks at the handshake that is the handler's request, and plans to answer it 101.
   *
   * @throws HTTPError for a request that cannot or may not become a WebSocket.
   */
  check(handler: WebSocketHandler, exchange: Exchange): Handshake {
    const upgrade = checked(handler, exchange);
    const handshake = { upgrade, protocol: chosenProtocol(handler, exchange) };
    exchange.response.planSwitch();
    return handshake;
  }

  /**
   * Answers a handshake, with all that was set for the answer. What comes in waits until the request has ended.
   *
   * @throws HTTPError for malformed extensions; then nothing was written.
   */
  accept(handler: WebSocketHandler, exchange: Exchange, { upgrade, protocol }: Handshake): WebSocketConnection {
    const { settings, acceptor } = this.#of(handler);
    const socket = acceptor.accept(exchange.message, upgrade, protocol, () => exchange.response.switchProtocols());
    // The route's timeout was for the answer.
    exchange.timeout = undefined;
    const connection = new WebSocketConnection(handler, exchange, socket, settings);
    exchange.successor = connection;
    this.#add(connection, exchange);
    return connection;
  }

  /**
   * Waits for what hooks still do when all connections have ended, no longer than `limit` milliseconds.
   *
   * @returns how many had not answered the close of the drain.
   */
  async ended(limit: number): Promise<number> {
    if (this.#open.size === 0) return this.#cut;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#cut;
  }

  #of(handler: WebSocketHandler): Compiled {
    const compiled = this.#compiled.get(handler.constructor);
    if (compiled !== undefined) return compiled;
    throw new ConfigurationError(`${handler.constructor.name} is in no table`);
  }

  #add(connection: WebSocketConnection, exchange: Exchange): void {
    this.#open.add(connection);
    connection.onEnd = () => this.#remove(connection);
    if (this.#isWatching) return;
    this.#isWatching = true;
    exchange.onDrain(() => this.#drain(exchange.settings));
  }

  #remove(connection: WebSocketConnection): void {
    this.#open.delete(connection);
    if (this.#isGoing && connection.cut) this.#cut += 1;
    if (this.#open.size === 0) this.#emptied?.();
  }

  /** As long as idle connections are kept, sockets are: clients that are told to go come back at once, and the port is still ours. */
  #drain({ drainLinger, gracePeriod }: Exchange["settings"]): void {
    const goAway = (): void => {
      this.#isGoing = true;
      for (const connection of this.#open) void connection.goAway();
    };
    setTimeout(goAway, Math.min(drainLinger, gracePeriod / 2)).unref();
  }
}

/** @throws HTTPError for what is no handshake, for pages that may not, and while the server drains. */
function checked(handler: WebSocketHandler, exchange: Exchange): Upgrade {
  const { message, request } = exchange;
  const fault = handshakeFault(message);
  if (fault !== undefined) throw new HTTPError(fault.status, fault.reason, { headers: fault.headers ?? {} });
  const origin = request.headers.get("origin");
  // A promise is not true: it must not let everybody in.
  const isAllowed: unknown = origin === undefined || handler.checkOrigin(origin);
  if (isAllowed !== true) throw new HTTPError(403, "Cross origin websockets not allowed");
  const upgrade = upgradeOf(message);
  if (upgrade === undefined) throw new HTTPError(400, "a handshake behind another request, or by HEAD");
  if (exchange.draining) throw new HTTPError(503, "the server ends");
  return upgrade;
}

/** @throws ResponseError for a subprotocol that the client did not offer. */
function chosenProtocol(handler: WebSocketHandler, { message }: Exchange): string | undefined {
  const offered = offeredProtocols(message);
  const chosen = handler.selectSubprotocol(offered);
  if (chosen === undefined || offered.includes(chosen)) return chosen;
  throw new ResponseError(
    `${handler.constructor.name}.selectSubprotocol() gave ${String(chosen)}, which was not offered`,
  );
}
