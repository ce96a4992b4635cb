import { lookup } from "node:dns/promises";
import net from "node:net";
import { getSystemErrorMap } from "node:util";

/** Where a socket is bound. */
export interface SocketAddress {
  /** 0 takes a free one. */
  readonly port: number;
  /** Address or name of this machine; undefined is every address, IPv6 included. */
  readonly host?: string | undefined;
}

/** A bound socket as Node has it inside: it can be sent to a child, and `listen` of a server takes it. */
export interface SocketHandle {
  close(): void;
  getsockname(into: object): number;
}

/** Gives the number of the error when there is no handle. */
type CreateHandle = (
  address: string | null,
  port: number,
  family: number | null,
  fd: number,
  flags: number,
) => SocketHandle | number;

/**
 * Binds a socket and does not accept on it: for a process that holds a port on behalf of its children. While it is held,
 * connections wait in the kernel even if no child is there to accept them, once one has listened.
 *
 * Node offers this to node:cluster alone, by `net._createServerHandle`; a server of its own would accept, too.
 *
 * @returns undefined when this Node has no such function.
 * @throws NodeJS.ErrnoException when the name is not known, the port is taken, or may not be used.
 */
export async function bindSocket({ port, host }: SocketAddress): Promise<SocketHandle | undefined> {
  const create = (net as unknown as Record<string, unknown>)["_createServerHandle"] as CreateHandle | undefined;
  if (create === undefined) return undefined;
  const { address, family } = host === undefined ? { address: null, family: null } : await lookup(host);
  const handle = create(address, port, family, -1, 0);
  if (typeof handle === "number") throw bindError(handle, { port, host });
  // A port that is taken is reported late: by the first call that asks for the address.
  const late = handle.getsockname({});
  if (late === 0) return handle;
  handle.close();
  throw bindError(late, { port, host });
}

function bindError(errno: number, { port, host }: SocketAddress): NodeJS.ErrnoException {
  const [code = "UNKNOWN", message = "unknown error"] = getSystemErrorMap().get(errno) ?? [];
  const error = new Error(`listen ${code}: ${message} ${host ?? "*"}:${port}`);
  return Object.assign(error, { code, errno, syscall: "listen" });
}
