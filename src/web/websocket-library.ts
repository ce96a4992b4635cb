import type { IncomingMessage } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { HTTPError } from "../errors.js";
import type { Upgrade } from "../http/upgrade.js";
import type { WebSocketSettings } from "./websocket-options.js";

/**
 * Frames that one message may come in. Browsers split at 64 KiB or not at all; each frame costs a hundred bytes of memory,
 * however small it is.
 */
const maxFragments = 1024;

/** Bytes per chunk, on the average, below which what is left of a message is no longer collected: a packet has 1,448. */
const smallestChunk = 256;

/**
 * Opens WebSockets with the settings of one handler class, and knows the library that speaks the protocol: frames, masks, UTF-8,
 * pongs, the closing handshake and compression are its own. The handshake has been checked before.
 */
export class WebSocketAcceptor {
  readonly #server: WebSocketServer;
  #protocol: string | undefined;
  #lines: () => readonly string[] = () => [];
  #fault: Error | undefined;

  constructor({ maxMessageSize, closeTimeout, compression }: WebSocketSettings) {
    const options = {
      noServer: true,
      clientTracking: false,
      maxPayload: maxMessageSize,
      maxFragments,
      maxBufferedChunks: Math.max(4096, Math.ceil(maxMessageSize / smallestChunk)),
      closeTimeout,
      perMessageDeflate: compression !== undefined && deflateOptions(compression),
      handleProtocols: () => this.#protocol ?? false,
    };
    this.#server = new WebSocketServer(options);
    this.#server.on("headers", (headers) => headers.push(...this.#lines()));
    this.#server.on("wsClientError", (error) => (this.#fault = error));
  }

  /**
   * Takes the connection of a handshake and answers 101.
   *
   * @param lines gives further lines of the header section; called just before it is written, and not when it is refused.
   * @throws HTTPError 400 for malformed extensions; then nothing was written, and the connection is still HTTP's.
   */
  accept(
    message: IncomingMessage,
    upgrade: Upgrade,
    protocol: string | undefined,
    lines: () => readonly string[],
  ): WebSocket {
    let opened: WebSocket | undefined;
    this.#protocol = protocol;
    this.#lines = () => {
      const fields = lines();
      upgrade.take();
      return fields;
    };
    this.#fault = undefined;
    // All of it happens before the call comes back.
    this.#server.handleUpgrade(message, message.socket, upgrade.head, (socket) => (opened = socket));
    if (opened === undefined) throw new HTTPError(400, this.#reason());
    // The client may have been held back, see `Upgrade`.
    opened.resume();
    return opened;
  }

  #reason(): string {
    return this.#fault?.message ?? "the client left in its handshake";
  }
}

/**
 * Without a context from message to message: one would cost some 300 KiB for each connection, for as long as it is open.
 */
function deflateOptions({ level, memLevel, threshold }: NonNullable<WebSocketSettings["compression"]>): object {
  return {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    threshold,
    zlibDeflateOptions: { level, memLevel },
  };
}
