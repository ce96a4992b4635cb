import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ClientClosedError, ResponseError } from "../errors.js";
import { type AnswerHead, OwnHead, SharedHead, resetHead } from "./answer-head.js";
import { acceptBody } from "./body.js";
import { BodyCoder } from "./body-coder.js";
import { type Coder, type Compression, isCoded, weakenTag } from "./compression.js";
import { type EntityTagger, entityTag } from "./etag.js";
import { hasBody, isUnread } from "./framing.js";
import { checkHeaderName, checkReason, type HeaderValue, headerText } from "./header-value.js";
import type { HTTPSettings } from "./limits.js";
import { sendBeforeRest } from "./linger.js";
import { type BodyChunk, describe, dropEntity, isBodiless, joined } from "./representation.js";
import { type DefaultFields, completeDocument } from "./security-headers.js";
import { watchSending } from "./send-watch.js";
import { isWatched, passOver } from "./unread-message.js";
import { upgradeLines } from "./upgrade.js";
import { sendWhole } from "./whole-answer.js";

export type { HeaderValue } from "./header-value.js";
export type { BodyChunk } from "./representation.js";

/** What a response needs of the transport that carries it. */
export interface ResponseHost {
  readonly settings: Pick<HTTPSettings, "bodyLimit" | "closeLinger">;
  /** Told when bytes wait for the client to take them: from now on `sendTimeout` counts for this socket. */
  sending(socket: Socket): void;
}

const settled: Promise<void> = Promise.resolve();
const noFields: DefaultFields = { always: [], documents: [] };
const jsonTypes = /^application\/(?:json|[^;]+\+json)\b/;
const noCompletions: readonly (() => void)[] = [];

/**
 * One answer: collects what is written, and sends it whole at `finish()` (then with `Content-Length` and `Etag`), or piece
 * by piece at each `flush()`. Every method throws ResponseError when it comes too late to have an effect.
 *
 * Source: the response half of Tornado's `RequestHandler`.
 */
export class ResponseWriter {
  /** Makes the `Etag` at `finish()` if there is none and nothing was flushed; undefined: nobody does. Default: the SHA-1 of the body. */
  tagger: EntityTagger | undefined = entityTag;
  /** Compresses what it decides to; undefined: nothing. */
  compression: Compression | undefined;
  #coder: BodyCoder | undefined;
  readonly #response: ServerResponse;
  readonly #host: ResponseHost;
  #head: AnswerHead = new OwnHead();
  #chunks: BodyChunk[] = [];
  #kept: ReturnType<AnswerHead["fields"]> = [];
  #finished = false;
  #aborted = false;
  /** Whether the operating system has taken the whole answer. Node's own `writableFinished` is true for a destroyed one too. */
  #sent = false;
  #room: Promise<void> | undefined;
  #defaults: DefaultFields = noFields;
  #completions: readonly (() => void)[] = noCompletions;
  #completed = false;

  constructor(response: ServerResponse, host: ResponseHost) {
    this.#response = response;
    this.#host = host;
    // Without it Node sends a body of another length than announced, and the client takes the rest for the next answer.
    response.strictContentLength = true;
  }

  get status(): number {
    return this.#head.status;
  }

  /** The phrase of the status line: the one set, else the standard one. */
  get reason(): string {
    return this.#head.reason || (STATUS_CODES[this.status] ?? "Unknown");
  }

  /** Whether status and header fields are out, so that neither they nor the whole answer can change any more. */
  get headersWritten(): boolean {
    return this.#response.headersSent;
  }

  /** True from `finish()` or `abort()`; bytes may still wait for the client. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Whether the connection ended before the answer was sent. */
  get clientGone(): boolean {
    return !this.#sent && this.#response.req.socket.destroyed;
  }

  /** Bytes that wait for the client to take them. */
  get waiting(): number {
    return this.#response.writableLength;
  }

  /** Calls back once when the answer is over: sent, or cut off. */
  onClose(callback: () => void): void {
    this.#response.once("close", callback);
  }

  /** Whether the connection ended before the answer was sent, and not by `abort()`. */
  get clientLeft(): boolean {
    return !this.#sent && !this.#aborted && this.#response.req.socket.destroyed;
  }

  /**
   * @param code 200 to 599. Default of an answer: 200.
   * @param reason replaces the standard phrase; printable ASCII without `<`.
   */
  setStatus(code: number, reason?: string): void {
    this.#refuseLate("setStatus");
    if (!Number.isInteger(code) || code < 200 || code > 599) {
      throw new ResponseError(`setStatus: the code must be an integer from 200 to 599, got ${String(code)}`);
    }
    if (reason !== undefined) checkReason(reason);
    this.#head.status = code;
    this.#head.reason = reason ?? "";
  }

  getHeader(name: string): string | string[] | undefined {
    return this.#head.get(name);
  }

  /** Replaces the field. `Connection: close` closes after this answer; what else is said of the connection is the server's to set. */
  setHeader(name: string, value: HeaderValue): void {
    const text = this.#checked("setHeader", name, value);
    if (text !== undefined) this.#head.set(name, text);
  }

  /** Adds one more field of this name, as for `Set-Cookie`. */
  addHeader(name: string, value: HeaderValue): void {
    const text = this.#checked("addHeader", name, value);
    if (text !== undefined) this.#head.append(name, text);
  }

  clearHeader(name: string): void {
    this.#refuseLate("clearHeader");
    this.#head.remove(name);
  }

  /** Sets `Content-Type` unless there is one. After the headers are out it does nothing. The type is not checked. */
  defaultType(type: string): void {
    if (!this.headersWritten && !this.#head.has("Content-Type")) this.#head.set("Content-Type", type);
  }

  /** Sets `Content-Type` to JSON, unless it is a type of that kind. After the headers are out it does nothing. */
  jsonType(): void {
    const isJson = jsonTypes.test(String(this.#head.get("Content-Type")));
    if (!this.headersWritten && !isJson) this.#head.set("Content-Type", "application/json; charset=UTF-8");
  }

  /** From here on `clear()` leaves the fields that are set now. */
  keepHeaders(): void {
    this.#kept = this.#head.fields();
  }

  /** Back to an empty 200: for the error page that takes the place of what was written. Only before headers are out. */
  clear(): void {
    this.#refuseLate("clear");
    resetHead(this.#head, this.#kept);
    this.#chunks = [];
    this.#completed = false;
    this.setDefaults(this.#defaults);
  }

  /** Sets fields that nobody has to ask for: now, and again whenever the answer is cleared; those of documents at the end. */
  setDefaults(fields: DefaultFields): void {
    this.#defaults = fields;
    for (const [name, value] of fields.always) this.#head.set(name, value);
  }

  /** Calls back just before the header section goes out, and again when an answer that could not go out is replaced. */
  beforeHeaders(complete: () => void): void {
    this.#completions = [...this.#completions, complete];
  }

  /** Adds to the body. Nothing is sent before `flush()` or `finish()`. */
  write(chunk: BodyChunk): void {
    this.#refuseFinished("write");
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /**
   * Sends header fields and what was written so far. Await it before writing more: it settles when the client has room,
   * so a slow client holds back its handler instead of filling this process's memory.
   *
   * @returns rejects with ClientClosedError when the client has left. Not awaited, the rejection goes unreported.
   */
  flush(): Promise<void> {
    this.#refuseFinished("flush");
    if (this.clientGone) return observed(Promise.reject(new ClientClosedError()));
    const body = joined(this.#chunks);
    if (!this.headersWritten) this.#open(body);
    this.#chunks = [];
    if (this.#coder !== undefined) return observed(this.#coder.write(body));
    if (body.length === 0 || this.#isHead || this.#send(() => this.#response.write(body))) return settled;
    // Not asked of the socket: Node 26 may keep what was written for a moment, and the socket has none of it yet.
    this.#host.sending(this.#response.req.socket);
    return (this.#room ??= this.#until("drain"));
  }

  /**
   * Ends the answer; nothing can be written after it.
   *
   * @param chunk written first.
   * @returns settles when the operating system has taken the whole answer; rejects as `flush()` does.
   * @throws ResponseError when what was written contradicts the headers; before they are out, the answer can still be
   * cleared and replaced by another.
   */
  finish(chunk?: BodyChunk): Promise<void> {
    this.#refuseFinished("finish");
    if (chunk !== undefined) this.write(chunk);
    const body = joined(this.#chunks);
    const rest = this.headersWritten ? body : this.#describe(body);
    this.#finished = true;
    this.#chunks = [];
    if (this.#coder !== undefined) return this.#endCoded(this.#coder, rest);
    this.#end(this.#isHead ? "" : rest);
    return this.#settleSent();
  }

  /**
   * Gives the response to code that writes to it itself. Until it is closed this writer still takes an error page or an
   * `abort()`; then it counts as finished.
   *
   * @returns node's response, and when it is over: sent, or cut off.
   */
  handOver(): { readonly raw: ServerResponse; readonly closed: Promise<void> } {
    this.#refuseLate("handOver");
    const raw = this.#response;
    this.#complete();
    this.#head = new SharedHead(raw, this.#head);
    acceptBody(raw.req);
    watchSending(raw, (socket) => this.#host.sending(socket));
    raw.once("finish", () => (this.#sent = !raw.req.socket.destroyed));
    const closed = new Promise<void>((resolve) => {
      raw.once("close", () => {
        this.#finished = true;
        resolve();
      });
    });
    return { raw, closed };
  }

  /** Makes the status 101, as a plan that an error page can still take the place of. */
  planSwitch(): void {
    this.#refuseLate("planSwitch");
    this.#head.status = 101;
  }

  /**
   * Ends this answer, whose status is 101, for another protocol, whose code writes the status line itself.
   *
   * @returns the lines of the header section that were set, without those of a body.
   */
  switchProtocols(): readonly string[] {
    this.#refuseLate("switchProtocols");
    this.#complete();
    this.#finished = true;
    this.#sent = true;
    return upgradeLines(this.#head);
  }

  /** Destroys the connection. For an error after headers are out: the answer must look truncated, never complete. */
  abort(): void {
    this.#finished = true;
    this.#aborted = true;
    this.#chunks = [];
    const { socket } = this.#response.req;
    // A body that only the close ends (HTTP/1.0) looks complete after a normal close: it takes a reset.
    const endsByClose = !this.#response.chunkedEncoding && !this.#head.has("Content-Length");
    if (this.headersWritten && endsByClose) socket.resetAndDestroy();
    else socket.destroy();
  }

  get #isHead(): boolean {
    return this.#response.req.method === "HEAD";
  }

  /** The text to set; undefined when the field is not for the application to set and has been dealt with. */
  #checked(caller: string, name: string, value: HeaderValue): string | string[] | undefined {
    this.#refuseLate(caller);
    checkHeaderName(name);
    const text = headerText(name, value);
    const lower = name.length === 10 || name.length === 17 ? name.toLowerCase() : "";
    if (lower === "transfer-encoding") {
      throw new ResponseError(`${caller}: Transfer-Encoding is set by the server; leave Content-Length out instead`);
    }
    if (lower === "keep-alive") return undefined;
    if (lower !== "connection") return text;
    if (/\bclose\b/i.test(String(text))) this.#response.shouldKeepAlive = false;
    return undefined;
  }

  #refuseLate(caller: string): void {
    this.#refuseFinished(caller);
    if (this.headersWritten)
      throw new ResponseError(`${caller}() after the headers were written: call it before flush()`);
  }

  #refuseFinished(caller: string): void {
    if (this.#finished) {
      throw new ResponseError(`${caller}() after finish(): was a promise not awaited before the method returned?`);
    }
  }

  /** Sends the header section of an answer whose end is not known yet, with its first bytes if there are any. */
  #open(body: BodyChunk): void {
    this.#complete();
    if (isBodiless(this.status)) dropEntity(this.#head, body);
    const make = this.compression?.begin(this.#head, this.#response.req, undefined);
    if (make !== undefined) {
      weakenTag(this.#head);
      this.#code(make);
    }
    this.#head.send(this.#response);
    if (body.length === 0 || this.#isHead || make !== undefined) this.#response.flushHeaders();
  }

  #describe(body: BodyChunk): BodyChunk {
    this.#complete();
    if (this.compression === undefined || isUnread(this.#response.req))
      return describe(this.#head, this.#response.req, body, this.tagger);
    // An answer to HEAD may give the length of a body that was never made.
    const size = Number(this.#head.get("Content-Length") ?? Buffer.byteLength(body));
    const make = this.compression.begin(this.#head, this.#response.req, size);
    const rest = describe(this.#head, this.#response.req, body, this.tagger, make !== undefined);
    if (make !== undefined && isCoded(this.#head)) this.#code(make);
    return rest;
  }

  /** Its length is known when it is coded, which is when its header section is out. */
  #code(make: () => Coder): void {
    this.#head.remove("Content-Length");
    if (!this.#isHead)
      this.#coder = new BodyCoder(make(), this.#response, () => this.#host.sending(this.#response.req.socket));
  }

  #endCoded(coder: BodyCoder, body: BodyChunk): Promise<void> {
    this.#head.send(this.#response);
    coder.end(body);
    return this.clientGone ? observed(Promise.reject(new ClientClosedError())) : this.#until("finish");
  }

  #complete(): void {
    if (this.#completed) return;
    this.#completed = true;
    for (const complete of this.#completions) complete();
    completeDocument(this.#head, this.#defaults);
  }

  #end(body: BodyChunk): void {
    const { req: message } = this.#response;
    if (!hasBody(message) && !isWatched(message)) passOver(message);
    this.#send(() => {
      if (isUnread(message)) sendBeforeRest(this.#response, this.#head, body, this.#host.settings);
      else sendWhole(this.#response, this.#head, body);
    });
  }

  /** What Node refuses to send, as bytes that exceed or miss `Content-Length`, comes too late for another answer: the connection goes. */
  #send<R>(action: () => R): R {
    try {
      return action();
    } catch (error) {
      this.abort();
      throw new ResponseError(`the answer cannot be sent: ${String(error)}`);
    }
  }

  #settleSent(): Promise<void> {
    if (this.#noteSending()) return this.#until("finish");
    this.#sent = !this.#response.req.socket.destroyed;
    return this.#sent ? settled : observed(Promise.reject(new ClientClosedError()));
  }

  /** Whether bytes wait for the client; the host gets to know. */
  #noteSending(): boolean {
    const { socket } = this.#response.req;
    if (socket.writableLength === 0) return false;
    this.#host.sending(socket);
    return true;
  }

  #until(event: "drain" | "finish"): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#room = undefined;
        this.#response.off(event, settle).off("close", settle);
        if (event === "finish") this.#sent = !this.#response.req.socket.destroyed;
        if (this.clientGone) reject(new ClientClosedError());
        else resolve();
      };
      this.#response.on(event, settle).on("close", settle);
    });
    return observed(promise);
  }
}

/** Marks a rejection as seen: who does not await `flush()` must not bring the process down when a client leaves. */
function observed(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
