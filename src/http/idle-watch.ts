import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What is looked at. */
export interface WatchedConnection {
  readonly socket: Pick<Socket, "destroySoon">;
  /** Since when nothing happens on it, as far as those know who ask now and then; `now` while something does. */
  quietSince(now: number): number;
}

/**
 * Closes connections on which nothing happens between requests. Node sets a timer for it with each answer and takes it back
 * with each request, which is a thirtieth of what a small one costs; here one timer looks at all connections, and keeps no
 * process alive.
 */
export class IdleWatch {
  readonly #timeout: number;
  readonly #interval: number;
  readonly #connections: ReadonlyMap<unknown, WatchedConnection>;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param timeout ms without a request; 0 closes nothing.
   * @param interval ms between two looks: a connection is closed late by at most this.
   * @param connections those that are open. It is looked at until there is none; then `watch` is to be called again.
   */
  constructor(timeout: number, interval: number, connections: ReadonlyMap<unknown, WatchedConnection>) {
    this.#timeout = timeout;
    this.#interval = Math.min(timeout, interval);
    this.#connections = connections;
  }

  /** A connection was opened. */
  watch(): void {
    if (this.#timeout > 0) this.#timer ??= setInterval(() => this.#look(performance.now()), this.#interval).unref();
  }

  #look(now: number): void {
    const quiet = [...this.#connections.values()].filter((connection) => this.#isQuiet(connection, now));
    // A request that came while the loop was busy waits in the kernel: it is read first.
    if (quiet.length > 0) setImmediate(() => this.#close(quiet, now));
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #close(quiet: readonly WatchedConnection[], now: number): void {
    for (const connection of quiet) if (this.#isQuiet(connection, now)) connection.socket.destroySoon();
  }

  #isQuiet(connection: WatchedConnection, now: number): boolean {
    return connection.quietSince(now) <= now - this.#timeout;
  }
}

/** Has an answer say for how long its connection stays open without a request, as node does where it keeps the time itself. */
export function announceKeepAlive(response: ServerResponse, timeout: number): void {
  (response as unknown as Record<typeof announced, number>)[announced] = timeout;
}

const announced = "_keepAliveTimeout";
