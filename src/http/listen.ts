import type { AddressInfo, Server } from "node:net";
import { StartError } from "../errors.js";

/** Where to listen: a port of an address, or a socket that is open already. */
export type ListenTarget =
  | {
      /** 0 takes a free one. */
      readonly port: number;
      /** Address or name of this machine; undefined is every address, IPv6 included. */
      readonly host?: string | undefined;
    }
  | {
      /** A descriptor inherited from the parent, for example by socket activation. */
      readonly fd: number;
    }
  | {
      /** A bound socket that another process has sent, and where it is bound. */
      readonly handle: object;
      readonly port: number;
      readonly host?: string | undefined;
    };

/**
 * Listens.
 * @throws StartError saying which setting to change.
 */
export function listen(server: Server, target: ListenTarget, backlog: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(startError(error, target));
    server.once("error", fail);
    try {
      const opened = (): void => {
        server.off("error", fail);
        resolve(server.address() as AddressInfo);
      };
      if ("handle" in target) server.listen(target.handle, backlog, opened);
      else server.listen({ ...target, backlog }, opened);
    } catch (error) {
      // A port out of range is thrown instead of reported.
      server.off("error", fail);
      reject(startError(error as NodeJS.ErrnoException, target));
    }
  });
}

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses this port: stop it, or choose another port (0 takes a free one)",
  EACCES: "this user may not use this port: choose one above 1023, or give the program CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL: "the host is no address of this machine: use 127.0.0.1, 0.0.0.0, or an address that `ip addr` shows",
  ENOTFOUND: "the host name is not known: use an address such as 127.0.0.1 or 0.0.0.0",
  EAI_AGAIN: "the host name could not be looked up: use an address such as 127.0.0.1 or 0.0.0.0",
  ERR_SOCKET_BAD_PORT: "a port is an integer from 0 to 65535",
  EBADF: "the descriptor is not open: was it inherited?",
};

/** The same in words that say which setting to change. */
export function startError(error: NodeJS.ErrnoException, target: ListenTarget): StartError {
  const code = error.code ?? "";
  const reason = advice[code] ?? error.message;
  return new StartError(`cannot listen on ${nameOf(target)}: ${reason}${code === "" ? "" : ` (${code})`}`, {
    cause: error,
  });
}

function nameOf(target: ListenTarget): string {
  return "fd" in target ? `descriptor ${target.fd}` : `${target.host ?? "*"}:${target.port}`;
}
