import { hash } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What all servers answer alike; each writes it in the cheapest way it has. */
export const fields = {
  "X-Content-Type-Options": "nosniff",
  "Content-Type": "application/json; charset=UTF-8",
} as const;

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

/** What the bench waits for. */
export function announce(url: string): void {
  console.log(`listening on ${url}`);
}

/** For a server of `node:http`. */
export function announceServer(server: Server): void {
  announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
