import type { WebSocketSettings } from "./websocket-options.js";

/** What is pinged. */
export interface Pinged {
  /** Bytes that have come of it so far: any is a sign of life, for a pong stands behind what is being sent. */
  received(): number;
  /** Whether it is held back, so that nothing can come of it. */
  held(): boolean;
  ping(): void;
  /** It has given no sign of life since the last ping. Called once. */
  lost(): void;
}

/**
 * Pings the other side of a connection at intervals, and finds out when nobody is there any more: a peer that has lost its
 * network closes nothing. Source: Tornado's `websocket_ping_interval` and `websocket_ping_timeout`.
 */
export class Pinger {
  readonly #peer: Pinged;
  readonly #interval: number;
  readonly #timeout: number;
  #timer: NodeJS.Timeout;
  #received = 0;

  constructor(peer: Pinged, { pingInterval, pingTimeout }: Pick<WebSocketSettings, "pingInterval" | "pingTimeout">) {
    this.#peer = peer;
    this.#interval = pingInterval;
    this.#timeout = pingTimeout;
    this.#timer = this.#after(pingInterval, () => this.#ping());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #ping(): void {
    this.#received = this.#peer.received();
    this.#peer.ping();
    this.#timer = this.#after(this.#timeout, () => this.#look());
  }

  #look(): void {
    if (this.#peer.received() === this.#received && !this.#peer.held()) return this.#peer.lost();
    this.#timer = this.#after(this.#interval - this.#timeout, () => this.#ping());
  }

  #after(delay: number, step: () => void): NodeJS.Timeout {
    return setTimeout(step, delay).unref();
  }
}
