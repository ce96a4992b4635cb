import { connect } from "node:net";
import { once } from "node:events";
import type { RequestSpec } from "./load.js";

/** An answer in the form in which two of them are compared. */
export interface Answer {
  readonly status: string;
  /** Names in lower case, sorted; utf-8, too; the value of Date is left out. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** Asks once over a connection of its own, byte by byte as the load does. */
export async function ask(url: string, { method = "GET", path, body }: RequestSpec): Promise<Answer> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const content =
    body === undefined ? "" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${content}\r\n${body ?? ""}`);
  socket.setTimeout(10_000, () => socket.destroy(new Error(`${method} ${url}${path} was not answered`)));
  let text = "";
  while (!isWhole(text)) text += String(((await once(socket, "data")) as [Buffer])[0].toString("latin1"));
  socket.destroy();
  return parsed(text);
}

/** What makes two answers unequal; empty when nothing does. */
export function differences(expected: Answer, given: Answer): string[] {
  const found: string[] = [];
  if (given.status !== expected.status) found.push(`${given.status} for ${expected.status}`);
  found.push(...without(given.headers, expected.headers).map((field) => `has ${field}`));
  found.push(...without(expected.headers, given.headers).map((field) => `lacks ${field}`));
  if (given.body !== expected.body) found.push(`body ${given.body.slice(0, 200)} for ${expected.body.slice(0, 200)}`);
  return found;
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((field) => !some.includes(field));
}

/** An answer that does not say its length is an endless one: its head is what there is to compare. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return end >= 0 && text.length - end - 4 >= Number(length ?? 0);
}

function parsed(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const [status = "", ...fields] = text.slice(0, end).split("\r\n");
  const headers = fields.map((field) => {
    const [, name = "", value = ""] = /^([^:]*):\s*(.*)$/.exec(field) ?? [];
    return name.toLowerCase() === "date"
      ? "date"
      : `${name.toLowerCase()}: ${value.replace("charset=UTF", "charset=utf")}`;
  });
  const isCounted = headers.some((field) => field.startsWith("content-length"));
  return { status, headers: headers.toSorted(), body: isCounted ? text.slice(end + 4) : "" };
}
