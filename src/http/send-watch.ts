import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

interface Progress {
  /** Bytes that still wait for the client. */
  left: number;
  /** When `left` last changed. */
  since: number;
}

/**
 * Finds clients that have stopped taking what is sent to them. Node has no such timeout: a client that opens its window
 * by nothing holds the answer in memory for ever.
 *
 * One timer serves all sockets; it exists only while one of them has something to send, and keeps no process alive.
 */
export class SendWatch {
  readonly #timeout: number;
  readonly #interval: number;
  readonly #stalled: (socket: Socket) => void;
  readonly #now: () => number;
  readonly #watched = new Map<Socket, Progress>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param timeout ms without progress; 0 watches nothing.
   * @param interval ms between two looks.
   * @param stalled called once for a socket that has run out of time; it should destroy it.
   * @param now the clock, in ms.
   */
  constructor(
    timeout: number,
    interval: number,
    stalled: (socket: Socket) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#timeout = timeout;
    this.#interval = interval;
    this.#stalled = stalled;
    this.#now = now;
  }

  /** Watches the socket until everything is sent. Calling it again changes nothing. */
  watch(socket: Socket): void {
    if (this.#timeout === 0 || this.#watched.has(socket)) return;
    this.#watched.set(socket, { left: bytesLeft(socket), since: this.#now() });
    this.#timer ??= setInterval(() => this.#look(this.#now()), this.#interval).unref();
  }

  #look(now: number): void {
    for (const [socket, progress] of this.#watched) this.#check(socket, progress, now);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(socket: Socket, progress: Progress, now: number): void {
    if (socket.destroyed || socket.writableLength === 0) {
      this.#watched.delete(socket);
      return;
    }
    const left = bytesLeft(socket);
    if (left !== progress.left) {
      progress.left = left;
      progress.since = now;
    } else if (now - progress.since >= this.#timeout) {
      this.#watched.delete(socket);
      this.#stalled(socket);
    }
  }
}

/**
 * `writableLength` alone counts one large write as unsent until its last byte is out. The handle's own count falls with
 * every packet the client takes; it is what `socket.setTimeout` of Node itself looks at.
 */
function bytesLeft(socket: Socket): number {
  const handle = Reflect.get(socket, "_handle") as { readonly writeQueueSize?: number } | null | undefined;
  return socket.writableLength + (handle?.writeQueueSize ?? 0);
}

/** Lets `sendTimeout` count for bytes that other code than a `ResponseWriter` writes. */
export function watchSending(response: ServerResponse, sending: (socket: Socket) => void): void {
  for (const name of ["write", "end"] as const) {
    const original = response[name] as (...args: unknown[]) => unknown;
    response[name] = function watched(this: ServerResponse, ...args: unknown[]): never {
      const result = original.apply(this, args);
      if (this.writableLength > 0) sending(this.req.socket);
      return result as never;
    };
  }
}
