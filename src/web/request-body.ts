import type { IncomingMessage } from "node:http";
import { type ArgumentMap, emptyArguments, parseArguments } from "../http/arguments.js";
import { takeOverTimeout } from "../http/body-reader.js";
import { consumeBody, readBody } from "../http/body.js";
import { parseJson } from "../http/json.js";
import type { HTTPSettings } from "../http/limits.js";
import { decodeUtf8, formBoundary, parseMediaType, requireUtf8 } from "../http/media-type.js";
import type { MultipartForm } from "../http/multipart.js";
import type { HTTPServerRequest } from "../http/request.js";

/** The body of one request: how much of it may come, what was in it, and what it left on disk. */
export class RequestBody {
  /** Longest body in bytes, decoded. Counts when the reading begins. */
  limit: number;
  readonly #message: IncomingMessage;
  readonly #request: HTTPServerRequest;
  readonly #settings: HTTPSettings;
  #timeout: number | undefined;
  #form: MultipartForm | undefined;
  #arguments: ArgumentMap | undefined;

  constructor(message: IncomingMessage, request: HTTPServerRequest, settings: HTTPSettings) {
    this.limit = settings.bodyLimit;
    this.#message = message;
    this.#request = request;
    this.#settings = settings;
  }

  /** Milliseconds for the reading, in the place of `requestTimeout`; 0 is none. Counts when the reading begins. */
  set timeout(milliseconds: number) {
    this.#timeout = milliseconds;
    takeOverTimeout(this.#message);
  }

  /** Empty unless the body is a form. @throws HTTPError 400 for too many or malformed parameters, 415 for a charset other than UTF-8. */
  get arguments(): ArgumentMap {
    return (this.#arguments ??= this.#form?.fields ?? this.#parseForm());
  }

  /**
   * Fills `request.body`, or the fields and files of a `multipart/form-data` form. Call it once, when there is a body.
   * @throws what `consumeBody` and `MultipartForm` throw.
   */
  async read(): Promise<void> {
    const boundary = formBoundary(this.#type);
    if (boundary === undefined) this.#request.body = await readBody(this.#message, this.#limits);
    else await this.#readForm(boundary);
    // Whoever asked before has seen an empty body.
    this.#arguments = undefined;
  }

  json(): unknown {
    return parseJson(this.#request.body, this.#type, this.#settings);
  }

  /** Whether there may be files, which `discard` removes. */
  get hasForm(): boolean {
    return this.#form !== undefined;
  }

  /** Ends the reading of a form and removes what it left on disk. */
  async discard(): Promise<void> {
    await this.#form?.discard();
  }

  get #type(): string | undefined {
    return this.#request.headers.get("content-type");
  }

  get #limits(): { readonly limit: number; readonly timeout: number | undefined } {
    return { limit: this.limit, timeout: this.#timeout };
  }

  async #readForm(boundary: string): Promise<void> {
    // The parser is loaded by the first form: most services never see one.
    const { MultipartForm: Form } = await import("../http/multipart.js");
    const form = new Form(boundary, this.#settings);
    this.#form = form;
    await consumeBody(this.#message, this.#limits, form.write);
    await form.end();
    this.#request.files = form.files;
  }

  #parseForm(): ArgumentMap {
    const type = parseMediaType(this.#type ?? "");
    if (type?.essence !== "application/x-www-form-urlencoded") return emptyArguments();
    requireUtf8(type);
    return parseArguments(decodeUtf8(this.#request.body), this.#settings.parameterLimit);
  }
}
