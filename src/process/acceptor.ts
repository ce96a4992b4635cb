import type { AddressInfo } from "node:net";
import type { SocketAddress } from "./bound-socket.js";
import { ScoreboardRow } from "./scoreboard.js";
import { SharedSocket } from "./shared-socket.js";
import { Turns } from "./turns.js";

/** What is asked of a server that listens on a shared socket. */
export interface SharedListener {
  /** Open connections. */
  readonly connections: number;
  listen(target: SocketAddress & { readonly handle?: object }): Promise<AddressInfo>;
  /** Closes the listening descriptor; connections stay. */
  pauseAccepting(): void;
  /** Listens again, on another descriptor of the same socket. */
  resumeAccepting(handle: object): void;
  /** Calls back after each connection that was accepted and each that was closed. */
  onConnections(callback: (accepted: boolean) => void): void;
  /** Calls back when it stops accepting for good. */
  onDrain(callback: () => void): void;
}

/**
 * Listens in a child on the socket that it shares with its siblings, and sees to it that each gets its part of the
 * connections.
 *
 * @throws NodeJS.ErrnoException when the primary cannot bind it, or has ended.
 */
export async function listenShared(listener: SharedListener, address: SocketAddress): Promise<AddressInfo> {
  const socket = await SharedSocket.open(address);
  if (socket === undefined) return listener.listen(address);
  const handle = socket.take();
  if (handle === undefined) throw new Error("a shared socket came without a descriptor");
  const listening = await listener.listen({ ...address, handle });
  if (socket.place !== null) new Acceptor(listener, socket, new ScoreboardRow(socket.place)).start();
  else listener.onDrain(() => socket.close());
  return listening;
}

type Stock = Pick<SharedSocket, "hasSpare" | "take" | "close">;
type Row = Pick<ScoreboardRow, "write" | "leave" | "leastOfOthers">;

/** Accepts in turn with the siblings: tells them how many connections there are, and lets them go first when it is ahead. */
export class Acceptor {
  readonly #listener: SharedListener;
  readonly #socket: Stock;
  readonly #row: Row;
  readonly #turns: Pick<Turns, "accepted" | "resumed">;
  #pause: NodeJS.Timeout | undefined;
  /** From the end of a pause until the loop has looked once whether a connection was waiting. */
  #looking = false;

  constructor(
    listener: SharedListener,
    socket: Stock,
    row: Row,
    turns: Pick<Turns, "accepted" | "resumed"> = new Turns(),
  ) {
    this.#listener = listener;
    this.#socket = socket;
    this.#row = row;
    this.#turns = turns;
  }

  start(): void {
    this.#row.write(this.#listener.connections);
    this.#listener.onConnections((accepted) => this.#changed(accepted));
    this.#listener.onDrain(() => this.#stop());
  }

  #changed(accepted: boolean): void {
    const { connections } = this.#listener;
    this.#row.write(connections);
    if (!accepted) return;
    this.#look(true);
    const pause = this.#turns.accepted(connections, this.#row.leastOfOthers());
    // Without another descriptor it could not come back.
    if (pause > 0 && this.#socket.hasSpare) this.#giveWay(pause);
  }

  #giveWay(milliseconds: number): void {
    if (this.#pause !== undefined) return;
    this.#listener.pauseAccepting();
    this.#pause = setTimeout(() => this.#resume(), milliseconds);
  }

  #resume(): void {
    this.#pause = undefined;
    const handle = this.#socket.take();
    if (handle === undefined) return;
    this.#listener.resumeAccepting(handle);
    this.#looking = true;
    // The loop polls between its timers and its immediates: what was waiting has been accepted by then.
    setImmediate(() => this.#look(false));
  }

  #look(waiting: boolean): void {
    if (this.#looking) this.#turns.resumed(waiting);
    this.#looking = false;
  }

  #stop(): void {
    clearTimeout(this.#pause);
    this.#row.leave();
    this.#socket.close();
  }
}
