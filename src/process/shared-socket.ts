import type { SocketAddress, SocketHandle } from "./bound-socket.js";
import { isSocketReply, type Place, type SocketReply, type SocketRequest } from "./socket-messages.js";

/** Descriptors beyond the one in use; a child that has none left has to wait for its primary. */
const spares = 4;

/** The address of the nth server that this process has there. */
type NthAddress = SocketAddress & { readonly nth: number };

/** Servers of this process by their address. */
const servers = new Map<string, number>();
let requests = 0;

/**
 * A child's part in a socket that its primary holds. A descriptor on which a server listens is closed with it, so each
 * time the child stops to accept for a moment it uses one up: there are always some in stock.
 */
export class SharedSocket {
  readonly place: Place | null;
  readonly #address: NthAddress;
  readonly #stock: SocketHandle[];
  #closed = false;

  private constructor(address: NthAddress, { place, handle }: Given) {
    this.#address = address;
    this.place = place;
    this.#stock = [handle];
    for (let count = 0; count < spares; count++) void this.#restock();
  }

  /**
   * Asks the primary for the socket of an address, which it binds if it has not done so.
   *
   * @returns undefined when the primary leaves it to node:cluster.
   * @throws NodeJS.ErrnoException when the primary cannot bind it, or ends before it has answered.
   */
  static async open({ port, host }: SocketAddress): Promise<SharedSocket | undefined> {
    const key = `${host ?? "*"} ${port}`;
    const nth = servers.get(key) ?? 0;
    servers.set(key, nth + 1);
    const address = { port, host, nth };
    const given = await ask(address);
    return given === undefined ? undefined : new SharedSocket(address, given);
  }

  /** A descriptor to listen on, if there is one; another one is asked for. */
  take(): SocketHandle | undefined {
    const handle = this.#stock.shift();
    if (handle !== undefined) void this.#restock();
    return handle;
  }

  /** True when `take` has something to give. */
  get hasSpare(): boolean {
    return this.#stock.length > 0;
  }

  /** Closes what is in stock and what is still on its way. */
  close(): void {
    this.#closed = true;
    for (const handle of this.#stock.splice(0)) handle.close();
  }

  async #restock(): Promise<void> {
    // A child whose primary has gone, or gives up the port, makes do with what it has.
    const given = await ask(this.#address).catch(() => undefined);
    if (given === undefined) return;
    if (this.#closed) given.handle.close();
    else this.#stock.push(given.handle);
  }
}

interface Given {
  readonly place: Place | null;
  readonly handle: SocketHandle;
}

/** What waits for an answer; told nothing when none will come. */
type Waiting = (reply?: SocketReply, handle?: SocketHandle) => void;

let waiting: Map<number, Waiting> | undefined;

async function ask({ port, host, nth }: NthAddress): Promise<Given | undefined> {
  const id = requests++;
  const request: SocketRequest = { waterspout: "socket", id, port, nth, ...(host !== undefined && { host }) };
  const { reply, handle } = await answerTo(request);
  if (reply === undefined) throw new Error("the primary has ended before this process listened");
  if ("failure" in reply) throw Object.assign(new Error(reply.failure.message), { code: reply.failure.code });
  return reply.place === "cluster" || handle === undefined ? undefined : { place: reply.place, handle };
}

function answerTo(request: SocketRequest): Promise<{ reply?: SocketReply; handle?: SocketHandle }> {
  const pending = (waiting ??= hear());
  return new Promise((resolve) => {
    const settle: Waiting = (reply, handle) => {
      pending.delete(request.id);
      resolve({ ...(reply && { reply }), ...(handle && { handle }) });
    };
    pending.set(request.id, settle);
    if (!process.connected) settle();
    else process.send?.(request, undefined, undefined, (error) => error !== null && settle());
  });
}

/** One listener for all that wait. */
function hear(): Map<number, Waiting> {
  const pending = new Map<number, Waiting>();
  process.on("message", (message, handle) => {
    if (isSocketReply(message)) pending.get(message.id)?.(message, handle as unknown as SocketHandle | undefined);
  });
  process.on("disconnect", () => {
    for (const settle of pending.values()) settle();
  });
  return pending;
}
