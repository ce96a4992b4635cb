import { hash } from "node:crypto";
import type { Stats } from "node:fs";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

/** What all servers answer alike; each writes it in the cheapest way it has. */
export const fields = {
  "X-Content-Type-Options": "nosniff",
  "Content-Type": "application/json; charset=UTF-8",
} as const;

/**
 * The fields of a JSON answer. Written out: an object that was spread into costs `node:http` a sixth of the whole request, and
 * names in lower case spare it making them so.
 */
export function jsonFields(body: string, etag: string): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    "content-type": "application/json; charset=UTF-8",
    "content-length": String(Buffer.byteLength(body)),
    etag,
  };
}

/** Milliseconds that a connection is kept open. */
export const keepAliveTimeout = 65_000;

/** The strong entity tag of a body. */
export function entityTag(body: string): string {
  return `"${hash("sha1", body)}"`;
}

export function greet(): { message: string } {
  return { message: "Hello, world" };
}

/** The body that comes in. */
export interface Order {
  readonly item: string;
  readonly quantity: number;
}

/** The body that goes out. */
export function confirmation(user: string, currency: string, { item, quantity }: Order): object {
  return { user, currency, item, quantity, total: quantity * 250 };
}

/** The folder of which files are served. */
export const docs = fileURLToPath(new URL("../../../docs", import.meta.url));

/** What goes with a file of it. */
export function fileFields({ mtimeMs, mtime, size }: Stats): Record<string, string> {
  return {
    "X-Content-Type-Options": "nosniff",
    "Content-Type": "text/markdown; charset=utf-8",
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache",
    Etag: `"${Math.round(mtimeMs * 1000).toString(36)}-${size.toString(36)}"`,
    "Last-Modified": mtime.toUTCString(),
  };
}

/** What goes with events. */
export const eventFields = {
  "X-Content-Type-Options": "nosniff",
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  "X-Accel-Buffering": "no",
} as const;

/** What is published. */
export const price = { price: 4711 } as const;

/** An event as it goes over the wire. */
export function eventText(id: number): string {
  return `id: ${id}\ndata: ${JSON.stringify(price)}\n\n`;
}

/** Those who are sent events by programs that write them by hand. */
export class Audience {
  readonly #clients = new Set<ServerResponse>();
  #published = 0;

  add(response: ServerResponse): void {
    response.writeHead(200, eventFields).flushHeaders();
    this.#clients.add(response);
    response.on("close", () => this.#clients.delete(response));
  }

  /** @returns how many got it. */
  publish(): number {
    const text = eventText(++this.#published);
    for (const client of this.#clients) client.write(text);
    return this.#clients.size;
  }
}

/** What the bench waits for. */
export function announce(url: string): void {
  console.log(`listening on ${url}`);
}

/** For a server of `node:http`. */
export function announceServer(server: Server): void {
  announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
