/** What a child asks for: the socket of an address, to accept on. One descriptor for each request. */
export interface SocketRequest {
  readonly waterspout: "socket";
  /** Tells the answers apart. */
  readonly id: number;
  readonly port: number;
  readonly host?: string;
  /** Counts the servers that one child has on the same address; several with port 0 have a port each. */
  readonly nth: number;
}

/** The answer; with `place`, the handle comes along. */
export type SocketReply =
  | { readonly waterspout: "socket"; readonly id: number; readonly place: Place | null }
  /** The primary leaves this to node:cluster. */
  | { readonly waterspout: "socket"; readonly id: number; readonly place: "cluster" }
  | { readonly waterspout: "socket"; readonly id: number; readonly failure: SocketFailure };

/** A child's place on the scoreboard; null where there is none. */
export interface Place {
  /** The rows of one socket. */
  readonly block: number;
  readonly row: number;
}

/** Why there is no socket; the fields of the system's error. */
export interface SocketFailure {
  readonly message: string;
  readonly code?: string;
}

export function isSocketRequest(message: unknown): message is SocketRequest {
  return isSocketMessage(message) && "port" in message && typeof message.port === "number";
}

export function isSocketReply(message: unknown): message is SocketReply {
  return isSocketMessage(message) && ("place" in message || "failure" in message);
}

function isSocketMessage(message: unknown): message is { readonly id: number } {
  return typeof message === "object" && message !== null && "waterspout" in message && message.waterspout === "socket";
}
