import { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { AnswerHead } from "./answer-head.js";

/** Whether a request may change the protocol. Asked several times for one request: it must say the same each time. */
export type UpgradeTest = (message: IncomingMessage) => boolean;

const asked = Symbol("asked");

/**
 * The class of requests for a server that changes the protocol for some of them. With a listener for `upgrade` Node gives the
 * connection away behind every request that asks, `Upgrade: h2c` and requests with bodies included. It asks the request:
 * those that fail the test say no and are served as if they had not asked, as RFC 9110 (section 7.8) allows.
 */
export function upgradableMessage(test: UpgradeTest): typeof IncomingMessage {
  return class UpgradableMessage extends IncomingMessage {
    declare private [asked]: boolean | null;

    /** Node's parser sets it before it knows method and fields, and reads it when it does. */
    get upgrade(): boolean {
      return this[asked] === true && (this.method === "CONNECT" || test(this));
    }

    set upgrade(value: boolean | null) {
      this[asked] = value;
    }
  };
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** The way from a request to another protocol; undefined where the test of the server's requests has not let it through. */
export function upgradeOf(message: IncomingMessage): Upgrade | undefined {
  return upgrades.get(message);
}

/** Bytes that a client may send before it has its answer; it should send none. More is left in the kernel. */
const headLimit = 16 * 1024;

/**
 * A request to change the protocol, behind which Node's parser has left the connection. Until somebody takes the socket it
 * has a response, like any request, and the connection closes behind that.
 */
export class Upgrade {
  readonly response: ServerResponse;
  readonly #message: IncomingMessage;
  readonly #socket: Socket;
  readonly #taken: () => void;
  #head: Buffer;

  /** @param taken called when the socket has been taken. */
  constructor(message: IncomingMessage, head: Buffer, taken: () => void) {
    this.#message = message;
    this.#socket = message.socket;
    this.#head = head;
    this.#taken = taken;
    this.response = this.#makeResponse();
    upgrades.set(message, this);
    this.#attach();
  }

  /** What the client has sent behind its request. */
  get head(): Buffer {
    return this.#head;
  }

  /** Whether the client is still there. */
  get open(): boolean {
    return this.#socket.readable && this.#socket.writable;
  }

  /** Takes the socket, to which nothing was written. From here on it is the caller's: its bytes, its errors and its end. */
  take(): void {
    const socket = this.#socket;
    socket.off("data", this.#keep).off("end", this.#leave).off("error", this.#leave).off("drain", this.#drained);
    this.response.detachSocket(socket);
    upgrades.delete(this.#message);
    this.#taken();
  }

  #makeResponse(): ServerResponse {
    const response = new ServerResponse(this.#message);
    response.shouldKeepAlive = false;
    response.assignSocket(this.#socket);
    response.on("finish", () => this.#socket.destroySoon());
    return response;
  }

  /** What Node's server does for a connection while its parser is on it. Unread, the client's leaving would go unseen. */
  #attach(): void {
    this.#socket.on("data", this.#keep).on("end", this.#leave).on("error", this.#leave).on("drain", this.#drained);
  }

  readonly #keep = (chunk: Buffer): void => {
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length > headLimit) this.#socket.pause();
  };

  readonly #leave = (): void => void this.#socket.destroy();

  readonly #drained = (): void => void this.response.emit("drain");
}

/** What describes a body or the connection; the handshake of the other protocol brings its own. */
const notCarried = /^(?:content-.*|connection|upgrade|keep-alive|sec-websocket-.*)$/i;

/** The header fields of an answer as lines, as far as they belong into a 101. */
export function upgradeLines(head: AnswerHead): readonly string[] {
  const carried = head.fields().filter(([name]) => !notCarried.test(name));
  return carried.flatMap(([name, value]) => [value].flat().map((line) => `${name}: ${line}`));
}
