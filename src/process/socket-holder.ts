import cluster, { type Worker } from "node:cluster";
import type { SendHandle } from "node:child_process";
import { bindSocket, type SocketHandle } from "./bound-socket.js";
import type { Scoreboard } from "./scoreboard.js";
import {
  isSocketRequest,
  type Place,
  type SocketFailure,
  type SocketReply,
  type SocketRequest,
} from "./socket-messages.js";

/** A socket with the children that accept on it, each with its place on the scoreboard. */
interface HeldSocket {
  readonly block: number;
  readonly handle: Promise<SocketHandle | undefined>;
  readonly places: Map<Worker, Place | null>;
}

const stopping: SocketFailure = { message: "the processes are stopping", code: "ECANCELED" };

/**
 * The primary's part in sharing a port: it binds the sockets that its children ask for, gives each of them a descriptor as
 * often as it asks, and keeps its own, on which it never accepts. So a port stays open while no child is there: clients
 * wait in the kernel's queue until the next child accepts them.
 */
export class SocketHolder {
  readonly #scoreboard: Scoreboard | undefined;
  readonly #by: "holder" | "cluster";
  readonly #sockets = new Map<string, HeldSocket>();
  #blocks = 0;
  #closed = false;

  /** @param by Who shares: `cluster` sends every child that asks to node:cluster. */
  constructor(scoreboard: Scoreboard | undefined, by: "holder" | "cluster" = "holder") {
    this.#scoreboard = scoreboard;
    this.#by = by;
  }

  /** From here on children are answered. */
  open(): void {
    cluster.on("message", this.#received);
    cluster.on("exit", this.#ended);
  }

  /** Lets go of sockets that no child uses any more; to be called when all children run new code. */
  releaseUnused(): void {
    for (const [key, socket] of this.#sockets) if (socket.places.size === 0) this.#release(key, socket);
  }

  /** Lets go of all sockets: they close as soon as the last child closes its own descriptor. Safe to call twice. */
  close(): void {
    this.#closed = true;
    for (const [key, socket] of this.#sockets) this.#release(key, socket);
  }

  #release(key: string, { handle }: HeldSocket): void {
    this.#sockets.delete(key);
    void handle.then(
      (bound) => bound?.close(),
      () => {},
    );
  }

  readonly #received = (worker: Worker, message: unknown): void => {
    if (isSocketRequest(message)) void this.#answer(worker, message);
  };

  readonly #ended = (worker: Worker): void => {
    for (const { places } of this.#sockets.values()) {
      const place = places.get(worker) ?? null;
      if (place !== null) this.#scoreboard?.release(place);
      places.delete(worker);
    }
  };

  async #answer(worker: Worker, request: SocketRequest): Promise<void> {
    const { id } = request;
    if (this.#closed) return reply(worker, { waterspout: "socket", id, failure: stopping });
    const socket = this.#socketOf(request);
    try {
      const handle = await socket.handle;
      // The child may have ended, and the port been given up, in the meantime.
      if (handle === undefined) reply(worker, { waterspout: "socket", id, place: "cluster" });
      else if (worker.isConnected())
        reply(worker, { waterspout: "socket", id, place: this.#place(worker, socket) }, handle);
    } catch (error) {
      this.#sockets.delete(keyOf(request));
      reply(worker, { waterspout: "socket", id, failure: failureOf(error as NodeJS.ErrnoException) });
    }
  }

  #socketOf(request: SocketRequest): HeldSocket {
    const known = this.#sockets.get(keyOf(request));
    if (known !== undefined) return known;
    const socket = { block: this.#blocks++, handle: this.#bind(request), places: new Map() };
    this.#sockets.set(keyOf(request), socket);
    return socket;
  }

  async #bind(request: SocketRequest): Promise<SocketHandle | undefined> {
    return this.#by === "cluster" ? undefined : bindSocket(request);
  }

  #place(worker: Worker, { block, places }: HeldSocket): Place | null {
    if (!places.has(worker)) places.set(worker, this.#scoreboard?.take(block) ?? null);
    return places.get(worker) ?? null;
  }
}

function keyOf({ host = "*", port, nth }: SocketRequest): string {
  return `${host} ${port} ${nth}`;
}

function failureOf({ message, code }: NodeJS.ErrnoException): SocketFailure {
  return { message, ...(code !== undefined && { code }) };
}

function reply(worker: Worker, message: SocketReply, handle?: SocketHandle): void {
  // Without a callback a child that has just ended would be an 'error' of its worker. It is no server or socket that is
  // sent but what they have inside, as node:cluster does.
  worker.process.send(message, handle as unknown as SendHandle | undefined, undefined, () => {});
}
