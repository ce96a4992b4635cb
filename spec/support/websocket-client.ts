import { RawClient } from "./raw-client.js";

/** One frame as it came over the wire. */
export interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** The header section of a handshake; fields that are given come in the place of its own, and undefined ones are left out. */
export function handshake(path: string, fields: Readonly<Record<string, string | undefined>> = {}): string {
  const all: Record<string, string | undefined> = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": key,
    ...fields,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  return [`GET ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
}

/** A client's frame, masked unless it is said otherwise. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = "",
  { fin = true, masked = true, rsv = 0 }: { fin?: boolean; masked?: boolean; rsv?: number } = {},
): Buffer {
  const data = Buffer.from(payload);
  const mask = masked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0);
  const size = data.length < 126 ? data.length : data.length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(size === 127 ? 10 : size === 126 ? 4 : 2);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | size;
  if (size === 126) head.writeUInt16BE(data.length, 2);
  if (size === 127) head.writeBigUInt64BE(BigInt(data.length), 2);
  if (masked) for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) ^ (mask[i % 4] as number);
  return Buffer.concat([head, mask, data]);
}

/** The payload of a close frame. */
export function closing(code: number, reason = ""): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

/** A WebSocket client that sends frames as they are given, and answers nothing by itself. */
export class RawWebSocket {
  readonly client: RawClient;
  #at = 0;

  constructor(client: RawClient) {
    this.client = client;
  }

  /** Opens a socket. Rejects when it is not accepted. */
  static async open(client: RawClient, path: string, fields?: Readonly<Record<string, string>>): Promise<RawWebSocket> {
    const socket = new RawWebSocket(client);
    const head = await client.send(handshake(path, fields)).until(/\r\n\r\n/);
    if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(head);
    socket.#at = head.indexOf("\r\n\r\n") + 4;
    return socket;
  }

  send(opcode: number, payload?: string | Uint8Array, options?: Parameters<typeof frame>[2]): this {
    this.client.send(frame(opcode, payload, options));
    return this;
  }

  text(payload: string): this {
    return this.send(opcodes.text, payload);
  }

  /** The next frame of the server. Rejects when the connection ends before. */
  async next(): Promise<Frame> {
    for (;;) {
      const found = this.#parse();
      if (found !== undefined) return found;
      const { length } = this.client.received;
      await this.client.until(new RegExp(`^[^]{${length + 1}}`));
    }
  }

  /** The text of the next frame, which must be one. */
  async nextText(): Promise<string> {
    const { opcode, payload } = await this.next();
    if (opcode !== opcodes.text) throw new Error(`opcode ${opcode}: ${payload.toString()}`);
    return payload.toString();
  }

  /** The next frame, which must be a close, as `code reason`. */
  async nextClose(): Promise<string> {
    const { opcode, payload } = await this.next();
    if (opcode !== opcodes.close) throw new Error(`opcode ${opcode}: ${payload.toString()}`);
    return payload.length < 2 ? "" : `${payload.readUInt16BE()} ${payload.subarray(2).toString()}`.trim();
  }

  #parse(): Frame | undefined {
    const bytes = Buffer.from(this.client.received.slice(this.#at, this.#at + 70_000), "latin1");
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] as number) & 0x7f;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < head) return undefined;
    const size = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (this.client.received.length < this.#at + head + size) return undefined;
    const payload = Buffer.from(this.client.received.slice(this.#at + head, this.#at + head + size), "latin1");
    this.#at += head + size;
    return { opcode: (bytes[0] as number) & 0x0f, fin: ((bytes[0] as number) & 0x80) !== 0, payload };
  }
}
