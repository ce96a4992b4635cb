import { connect, type Socket } from "node:net";

/**
 * What became of one request. `ok`: the expected status and the whole body. `status`: a whole answer with another status.
 * `hung`: no whole answer in time. `reset`: a reset instead of it. `refused`: there was no connection. `truncated`: the
 * server closed in the middle of the answer. `closed`: it closed before the first byte. `malformed`: the answer cannot be
 * understood, or the client itself could not go on.
 */
export type Outcome = (typeof outcomes)[number];

export const outcomes = ["ok", "status", "hung", "reset", "refused", "truncated", "closed", "malformed"] as const;

/** One request and its answer, as far as there was one. */
export interface Exchange {
  readonly outcome: Outcome;
  /** What a reader of the failure wants to know: the status, the error's message. */
  readonly detail: string;
  /** Who answered: the field `X-Pid`, or else `"pid":…` in the body. Undefined when neither is there. */
  readonly pid: string | undefined;
  /** Whether the answer says when to come again. */
  readonly retryAfter: boolean;
  /** Whether the connection may carry another request. */
  readonly reusable: boolean;
}

/** One connection of a load client: sends bytes, and tells apart all that may come back. It never tries again. */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #expected: number;
  #received = "";
  #usable = true;
  #finish: ((exchange: Exchange) => void) | undefined;

  constructor({ hostname, port }: Pick<URL, "hostname" | "port">, expectedStatus: number) {
    this.#expected = expectedStatus;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
      .setEncoding("latin1")
      .on("data", (text: string) => this.#read(text))
      .on("end", () => this.#ended())
      .on("error", (error) => this.#failed(error));
  }

  /** False after an answer that closes, after any failure, and when the server has closed the idle connection. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Always resolves, at the latest after `timeout` milliseconds, which the time to connect counts to. */
  exchange(request: string, timeout: number): Promise<Exchange> {
    this.#received = "";
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#fail("hung", `no answer within ${timeout} ms`), timeout);
      this.#finish = (exchange) => {
        clearTimeout(late);
        this.#finish = undefined;
        if (!exchange.reusable) this.close();
        resolve(exchange);
      };
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#usable = false;
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    // What comes without a request, a 408 for example, is followed by the end.
    if (this.#finish === undefined) this.#usable = false;
    else this.#tryAnswer(false);
  }

  #ended(): void {
    this.#usable = false;
    if (this.#finish === undefined) return this.close();
    this.#tryAnswer(true);
    if (this.#received === "") this.#fail("closed", "the server closed before the answer");
    else this.#fail("truncated", `the server closed after ${this.#received.length} bytes of the answer`);
  }

  #failed(error: NodeJS.ErrnoException): void {
    const reset = error.code === "ECONNRESET" || error.code === "EPIPE";
    const outcome = error.code === "ECONNREFUSED" ? "refused" : reset ? "reset" : "malformed";
    this.#usable = false;
    this.#fail(outcome, error.message);
  }

  #tryAnswer(ended: boolean): void {
    const answer = wholeAnswer(this.#received, ended);
    if (answer === undefined) return;
    if (answer === "malformed") return this.#fail("malformed", this.#received.slice(0, 200));
    const { status, pid, retryAfter } = answer;
    const outcome = status === this.#expected ? "ok" : "status";
    this.#finish?.({ outcome, detail: String(status), pid, retryAfter, reusable: answer.keepAlive && this.#usable });
  }

  #fail(outcome: Outcome, detail: string): void {
    this.#finish?.({ outcome, detail, pid: undefined, retryAfter: false, reusable: false });
  }
}

interface Answer {
  readonly status: number;
  readonly pid: string | undefined;
  readonly retryAfter: boolean;
  readonly keepAlive: boolean;
}

/** Undefined until all of it is there. */
function wholeAnswer(text: string, ended: boolean): Answer | "malformed" | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return text.length > 0 && !"HTTP/1.1 ".startsWith(text.slice(0, 9)) ? "malformed" : undefined;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  if (Number.isNaN(status)) return "malformed";
  const body = wholeBody(status, head, text.slice(end + 4), ended);
  if (body === undefined || body === "malformed") return body;
  const pid = /^x-pid: *(\d+)/im.exec(head)?.[1] ?? /"pid": *(\d+)/.exec(body.text)?.[1];
  const retryAfter = /^retry-after: *\d+\r?$/im.test(head);
  return { status, pid, retryAfter, keepAlive: body.delimited && !/^connection: *close/im.test(head) };
}

interface Body {
  readonly text: string;
  /** False for a body that ends with the connection. */
  readonly delimited: boolean;
}

function wholeBody(status: number, head: string, text: string, ended: boolean): Body | "malformed" | undefined {
  if (status === 204 || status === 304) return { text: "", delimited: true };
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return sized(text, Number(length));
  if (/^transfer-encoding: *chunked/im.test(head)) return chunked(text);
  return ended ? { text, delimited: false } : undefined;
}

function sized(text: string, length: number): Body | "malformed" | undefined {
  if (text.length > length) return "malformed";
  return text.length === length ? { text, delimited: true } : undefined;
}

function chunked(text: string): Body | "malformed" | undefined {
  let body = "";
  for (let at = 0; ;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) return "malformed";
    const next = line + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return text.length === next ? { text: body, delimited: true } : "malformed";
    body += text.slice(line + 2, next - 2);
    at = next;
  }
}
