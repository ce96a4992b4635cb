import type { ServerResponse } from "node:http";

/** The text of a field; a list is one line each. */
export type FieldText = string | string[];

/** Status and header fields of an answer until they go out. Names are compared without regard to case; nothing is checked here. */
export interface AnswerHead {
  status: number;
  /** Replaces the standard phrase of the status; empty: it does not. */
  reason: string;
  get(name: string): FieldText | undefined;
  has(name: string): boolean;
  /** Replaces the field. */
  set(name: string, value: FieldText): void;
  /** Adds a line to the field. */
  append(name: string, value: FieldText): void;
  remove(name: string): void;
  /** All fields, each once. */
  fields(): (readonly [name: string, value: FieldText])[];
  /** All fields as lines of a header section, for who sends them himself; undefined: node has them. */
  text(): string | undefined;
  /**
   * Completes node's response, unless that has been done: from here on nothing changes. Bytes go out with the first of the body,
   * or at its end.
   */
  send(response: ServerResponse): void;
}

/** Back to a 200 with nothing but these fields. */
export function resetHead(head: AnswerHead, fields: ReturnType<AnswerHead["fields"]>): void {
  for (const [name] of head.fields()) head.remove(name);
  for (const [name, value] of fields) head.set(name, value);
  head.status = 200;
  head.reason = "";
}

/** Lower-casing a name costs more than finding it, and most answers have these. */
const lowerCased: ReadonlyMap<string, string> = new Map(
  [
    "Content-Type",
    "Content-Length",
    "X-Content-Type-Options",
    "Etag",
    "Cache-Control",
    "Location",
    "Set-Cookie",
    "Vary",
  ].map((name) => [name, name.toLowerCase()]),
);

function lower(name: string): string {
  return lowerCased.get(name) ?? name.toLowerCase();
}

/**
 * A head of our own, which node gets in one piece: its `setHeader` checks and files each field for itself, which for an
 * answer of four fields is a tenth of all that is done for it.
 */
export class OwnHead implements AnswerHead {
  status = 200;
  reason = "";
  /** In the order in which they were set. */
  #keys: string[] = [];
  /** Names and values in turn, as node takes them. */
  #lines: FieldText[] = [];

  get(name: string): FieldText | undefined {
    const index = this.#keys.indexOf(lower(name));
    return index < 0 ? undefined : this.#lines[2 * index + 1];
  }

  has(name: string): boolean {
    return this.#keys.includes(lower(name));
  }

  set(name: string, value: FieldText): void {
    const key = lower(name);
    const index = this.#keys.indexOf(key);
    if (index < 0) this.#add(key, name, value);
    else {
      this.#lines[2 * index] = name;
      this.#lines[2 * index + 1] = value;
    }
  }

  append(name: string, value: FieldText): void {
    const key = lower(name);
    const index = this.#keys.indexOf(key);
    if (index < 0) this.#add(key, name, value);
    else this.#lines[2 * index + 1] = [this.#lines[2 * index + 1] ?? [], value].flat();
  }

  remove(name: string): void {
    const index = this.#keys.indexOf(lower(name));
    if (index < 0) return;
    this.#keys.splice(index, 1);
    this.#lines.splice(2 * index, 2);
  }

  fields(): (readonly [name: string, value: FieldText])[] {
    return this.#keys.map((_, index) => [String(this.#lines[2 * index]), this.#lines[2 * index + 1] ?? ""] as const);
  }

  send(response: ServerResponse): void {
    if (response.headersSent) return;
    if (this.reason === "") response.writeHead(this.status, this.#lines);
    else response.writeHead(this.status, this.reason, this.#lines);
  }

  text(): string {
    let text = "";
    for (let i = 0; i < this.#lines.length; i += 2) text += linesOf(String(this.#lines[i]), this.#lines[i + 1] ?? "");
    return text;
  }

  #add(key: string, name: string, value: FieldText): void {
    this.#keys.push(key);
    this.#lines.push(name, value);
  }
}

function linesOf(name: string, value: FieldText): string {
  return typeof value === "string" ? `${name}: ${value}\r\n` : value.map((line) => linesOf(name, line)).join("");
}

/** The head of a response that others write to as well: what they set is seen here, and the other way round. */
export class SharedHead implements AnswerHead {
  readonly #response: ServerResponse;

  /** @param head what the answer has so far. */
  constructor(response: ServerResponse, head: AnswerHead) {
    this.#response = response;
    this.status = head.status;
    this.reason = head.reason;
    for (const [name, value] of head.fields()) this.set(name, value);
  }

  get status(): number {
    return this.#response.statusCode;
  }

  set status(status: number) {
    this.#response.statusCode = status;
  }

  get reason(): string {
    return this.#response.statusMessage;
  }

  set reason(reason: string) {
    this.#response.statusMessage = reason;
  }

  get(name: string): FieldText | undefined {
    const value = this.#response.getHeader(name);
    return typeof value === "number" ? String(value) : value;
  }

  has(name: string): boolean {
    return this.#response.hasHeader(name);
  }

  set(name: string, value: FieldText): void {
    this.#response.setHeader(name, value);
  }

  append(name: string, value: FieldText): void {
    this.#response.appendHeader(name, value);
  }

  remove(name: string): void {
    this.#response.removeHeader(name);
  }

  fields(): (readonly [name: string, value: FieldText])[] {
    return this.#response.getHeaderNames().map((name) => [name, this.get(name) ?? ""] as const);
  }

  text(): undefined {}

  /** Node does it, with the first byte. */
  send(): void {}
}
