import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly statusLine: string;
  /** Names in lower case; of several fields of one name the values are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Everything after the header section, chunk framing included. */
  readonly body: string;
}

/** A client that sends bytes as they are given, for requests that no HTTP library would make. */
export class RawClient {
  readonly socket: Socket;
  received = "";
  /** The code of the error that ended the connection, `ECONNRESET` for example. */
  error: string | undefined;
  #ended = false;
  #changed: (() => void)[] = [];

  constructor(port: number, options: { readonly allowHalfOpen?: boolean } = {}) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: options.allowHalfOpen ?? false });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk: string) => {
      this.received += chunk;
      this.#notify();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
    for (const event of ["end", "close"]) {
      this.socket.on(event, () => {
        this.#ended = true;
        this.#notify();
      });
    }
  }

  async connected(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, "connect");
    return this;
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }

  /** Settles when the server has closed its side; gives all that it sent. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#next();
    return this.received;
  }

  /** Settles when `pattern` has been received. Rejects when the connection ends before. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.#ended) throw new Error(`the connection ended before ${String(pattern)}: ${this.received}`);
      await this.#next();
    }
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve);
    });
  }

  #notify(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

/** Sends the bytes on a connection of its own and reads until the server closes it. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<RawAnswer> {
  const client = new RawClient(port);
  try {
    return parseAnswer(await client.send(bytes).end());
  } finally {
    client.close();
  }
}

/** Takes the first answer apart; status 0 when there is none. */
export function parseAnswer(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: Number(statusLine.split(" ")[1] ?? 0), statusLine, headers, body: rest.join("\r\n\r\n") };
}
