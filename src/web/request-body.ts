import type { IncomingMessage } from "node:http";
import { type ArgumentMap, noArguments, parseArguments } from "../http/arguments.js";
import { ConfigurationError, Finish, RequestNotAvailableError } from "../errors.js";
import { BodyChunks } from "../http/body-chunks.js";
import { type BodySink, isBeingRead, rejectBody, takeOverTimeout } from "../http/body-reader.js";
import { bodyAtHand, consumeBody, readBody } from "../http/body.js";
import { parseJson } from "../http/json.js";
import type { HTTPSettings } from "../http/limits.js";
import { decodeUtf8, formBoundary, isMultipartForm, parseMediaType, requireUtf8 } from "../http/media-type.js";
import type { MultipartForm } from "../http/multipart.js";
import type { HTTPServerRequest } from "../http/request.js";
import type { ResponseWriter } from "../http/response.js";

const takenAlready =
  "the body was read before: decorate the handler with @StreamRequestBody() to read it by bodyStream(), and ask for it once";

/** The body of one request: how much of it may come, what was in it, and what it left on disk. */
export class RequestBody {
  readonly #message: IncomingMessage;
  readonly #request: HTTPServerRequest;
  readonly #response: ResponseWriter;
  readonly #settings: HTTPSettings;
  #limit: number;
  #timeout: number | undefined;
  /** Whether somebody reads it, or has read it. */
  #taken = false;
  /** Whether it is one that may leave something on disk. */
  #isForm = false;
  #form: MultipartForm | undefined;
  #arguments: ArgumentMap | undefined;

  constructor(message: IncomingMessage, request: HTTPServerRequest, response: ResponseWriter, settings: HTTPSettings) {
    this.#message = message;
    this.#request = request;
    this.#response = response;
    this.#settings = settings;
    this.#limit = settings.bodyLimit;
  }

  /** Longest body in bytes, decoded. @throws RequestNotAvailableError when the reading has begun, ConfigurationError for what is no size. */
  set limit(bytes: number) {
    this.#refuseLate(bytes, "setMaxBodySize");
    this.#limit = bytes;
  }

  /** Milliseconds for the reading, in the place of `requestTimeout`; 0 is none. @throws as for the limit. */
  set timeout(milliseconds: number) {
    this.#refuseLate(milliseconds, "setBodyTimeout");
    this.#timeout = milliseconds;
    takeOverTimeout(this.#message);
  }

  /** Empty unless the body is a form. @throws HTTPError 400 for too many or malformed parameters, 415 for a charset other than UTF-8. */
  get arguments(): ArgumentMap {
    return (this.#arguments ??= this.#form?.fields ?? this.#parseForm());
  }

  /**
   * Fills `request.body`, or the fields and files of a `multipart/form-data` form, and goes on with `proceed`. Call it once, when
   * there is a body.
   * @returns what `proceed` gives, at once if the body has come already; rejects with what `readBody` and `MultipartForm` throw.
   * @throws RequestNotAvailableError when it was taken before, HTTPError 413 for one that has come already.
   */
  read(proceed: () => Promise<void> | undefined): Promise<void> | undefined {
    this.#take();
    this.#isForm = isMultipartForm(this.#type);
    if (this.#isForm) return this.#readForm().then(proceed);
    const goOn = (body: Buffer): Promise<void> | undefined => {
      this.#request.body = body;
      // Whoever asked before has seen an empty body.
      this.#arguments = undefined;
      return proceed();
    };
    const body = bodyAtHand(this.#message, this.#limit);
    return body === undefined ? readBody(this.#message, this.#limits).then(goOn) : goOn(body);
  }

  /**
   * Hands the body on as it comes in. Once the request is answered, it rejects with `Finish`: nobody wants the rest.
   * @throws RequestNotAvailableError when it was taken before, and what `consumeBody` and the sink throw.
   */
  async consume(sink: BodySink): Promise<void> {
    this.#take();
    const refuseAnswered = (): void => {
      if (this.#response.finished) throw new Finish();
    };
    const wanted = (chunk: Buffer): void | Promise<void> => {
      refuseAnswered();
      return sink(chunk)?.then(refuseAnswered) ?? refuseAnswered();
    };
    await consumeBody(this.#message, this.#limits, wanted);
  }

  /** The same as an iterable, to be read once. */
  stream(): AsyncIterable<Buffer> {
    if (this.#taken) throw new RequestNotAvailableError(takenAlready);
    return new BodyChunks((sink) => this.consume(sink));
  }

  json(): unknown {
    return parseJson(this.#request.body, this.#type, this.#settings);
  }

  /** Whether `end` has something to do. */
  get held(): boolean {
    return isBeingRead(this.#message) || this.#isForm;
  }

  /** The request is over: ends what is still being read, and removes what a form left on disk. */
  async end(): Promise<void> {
    rejectBody(this.#message, new Finish());
    await this.#form?.discard();
  }

  get #type(): string | undefined {
    return this.#message.headers["content-type"];
  }

  get #limits(): { readonly limit: number; readonly timeout: number | undefined } {
    return { limit: this.#limit, timeout: this.#timeout };
  }

  #take(): void {
    if (this.#taken) throw new RequestNotAvailableError(takenAlready);
    this.#taken = true;
  }

  #refuseLate(value: number, caller: string): void {
    if (this.#taken) {
      throw new RequestNotAvailableError(
        `${caller}() after the reading of the body has begun: call it in initialize()`,
      );
    }
    if (Number.isSafeInteger(value) && value >= 0) return;
    throw new ConfigurationError(`${caller}() takes a whole number from 0, got ${String(value)}`);
  }

  async #readForm(): Promise<void> {
    const boundary = formBoundary(this.#type);
    // The parser is loaded by the first form: most services never see one.
    const { MultipartForm: Form } = await import("../http/multipart.js");
    const form = new Form(boundary, this.#settings);
    this.#form = form;
    await consumeBody(this.#message, this.#limits, form.write);
    await form.end();
    this.#request.files = form.files;
    this.#arguments = undefined;
  }

  #parseForm(): ArgumentMap {
    const type = parseMediaType(this.#type ?? "");
    if (type?.essence !== "application/x-www-form-urlencoded") return noArguments;
    requireUtf8(type);
    return parseArguments(decodeUtf8(this.#request.body), this.#settings.parameterLimit);
  }
}
