import type { RawAnswer, RawClient } from "../../support/raw-client.js";

/** Bytes that are made before the client connects. */
export interface Made {
  make(): Uint8Array;
}

/** A bad input, or a client that behaves badly, and what must come of it. */
export interface Fault {
  readonly what: string;
  /** What is sent, until the server closes; or what the client does, behind which the server must close. */
  readonly send: string | Uint8Array | Made | ((client: RawClient) => unknown);
  /** Of the answer; 0: the connection is closed without one. */
  readonly status: number | readonly number[];
  /** Lines that the log may have, at most. Default 1. */
  readonly lines?: number;
  /** How often handlers must be told that the client has left. Default: whatever happens. */
  readonly told?: number;
  /** Throws when the answer says what it must not. */
  readonly check?: (answer: RawAnswer) => void;
}

type Check = (answer: RawAnswer) => void;

export const mebibyte = 1024 * 1024;
export const close = "Connection: close\r\n";
export const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${close}${fields}\r\n`;

export function post(path: string, type: string, body: string | Uint8Array, fields = ""): Buffer {
  const bytes = Buffer.from(body as string);
  const contentType = type === "" ? "" : `Content-Type: ${type}\r\n`;
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\n${close}${contentType}${fields}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

/** What the answer must not have, whatever its status. */
export const without =
  (pattern: RegExp): Check =>
  ({ statusLine, headers, body }) => {
    const text = [statusLine, JSON.stringify(headers), body].join("\n");
    if (pattern.test(text)) throw new Error(`${String(pattern)} in ${text.slice(0, 500)}`);
  };
export const says =
  (pattern: RegExp): Check =>
  ({ body }) => {
    if (!pattern.test(body)) throw new Error(`no ${String(pattern)} in ${body.slice(0, 500)}`);
  };
export const has =
  (name: string, pattern: RegExp): Check =>
  ({ headers }) => {
    if (!pattern.test(headers[name] ?? "")) throw new Error(`${name} is ${String(headers[name])}`);
  };

/** Gives rows that differ by one thing, which their name shows. */
export function each<T>(
  things: readonly T[],
  row: (thing: T) => Omit<Fault, "what"> & { readonly what?: string },
): Fault[] {
  return things.map((thing) => ({ what: JSON.stringify(thing).slice(0, 60), ...row(thing) }));
}
