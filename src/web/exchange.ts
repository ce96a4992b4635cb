import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestContext, RequestWatcher } from "../context.js";
import { CancelledError, Finish } from "../errors.js";
import { type ArgumentMap, parseArguments } from "../http/arguments.js";
import type { CorsPolicy } from "../http/cors.js";
import type { HTTPSettings } from "../http/limits.js";
import type { HTTPServerRequest } from "../http/request.js";
import { type ResponseHost, ResponseWriter } from "../http/response.js";
import { RequestBody } from "./request-body.js";
import { SetCookies } from "./set-cookies.js";

/** The server that a request came in on. */
export interface ExchangeHost extends ResponseHost {
  readonly settings: HTTPSettings;
  /** Whether the server drains. */
  readonly draining: boolean;
  /** Calls back when the server begins to drain, at once if it does so already. @returns takes the callback back. */
  onDrain(callback: () => void): () => void;
}

/** What goes on with the connection when its request is over. */
export interface Successor {
  /** Settles when the connection has ended, and with it all that it had of the request. Never rejects. */
  run(hooks: HookRunner): Promise<void>;
}

/** Runs a hook of the handler as part of the request: with its context, and watched in development. Gives what it returned. */
export type HookRunner = (name: string, call: () => unknown) => unknown;

/** How a request ended: see `RequestHandler.onFinish`. */
export type Outcome = "completed" | "error" | "clientClosed" | "timeout";

/** What a proxy may name a request: longer or stranger ids are replaced, so that logs stay readable. */
const acceptableId = /^[\w.:/+=@-]{1,128}$/;

/**
 * One request and its response while they are served. What a request may not need is made when it is asked for: the
 * signal, the id, the arguments.
 */
export class Exchange implements RequestContext {
  readonly message: IncomingMessage;
  readonly request: HTTPServerRequest;
  readonly response: ResponseWriter;
  readonly settings: HTTPSettings;
  /** The route's timeout in milliseconds. */
  timeout: number | undefined;
  outcome: Outcome = "completed";
  /** It was answered because its server ends; whatever its handler still does is of no consequence. */
  expired = false;
  /** It has its line in the access log. */
  logged = false;
  /** Why it was refused, for the log alone. */
  reason: string | undefined;
  /** How long its tasks have waited for an executor, together, in milliseconds; undefined when it had none. */
  queueTime: number | undefined;
  /** Called once when the client leaves before it was answered. */
  onClientClosed: (() => void) | undefined;
  /** Sends one item of an iterable answer; undefined: items are text and bytes, written as they are. */
  sendItem: ((item: unknown) => Promise<void>) | undefined;
  /** Has taken the connection over; undefined: the request is all there is. */
  successor: Successor | undefined;
  readonly #host: ExchangeHost;
  #controller: AbortController | undefined;
  #watchers: Set<RequestWatcher> | undefined;
  #ended: Error | undefined;
  #id: string | undefined;
  #query: ArgumentMap | undefined;
  #body: RequestBody | undefined;
  #setCookies: SetCookies | undefined;
  #cors: CorsPolicy | undefined;
  #hasCors = false;

  constructor(message: IncomingMessage, raw: ServerResponse, request: HTTPServerRequest, host: ExchangeHost) {
    this.message = message;
    this.request = request;
    this.response = new ResponseWriter(raw, host);
    this.settings = host.settings;
    this.#host = host;
  }

  /** Aborts when the client leaves or the request's time is up. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // Each task and each request that a handler starts listens: many are no leak, and Node warns from eleven on.
      setMaxListeners(0, this.#controller.signal);
      if (this.#ended !== undefined) this.#controller.abort(this.#ended);
    }
    return this.#controller.signal;
  }

  get ended(): Error | undefined {
    return this.#ended;
  }

  /** Whether the answer was ended for the verb, which learns it by its signal: the server drains. */
  get endedEarly(): boolean {
    return this.#ended instanceof Finish;
  }

  /** The `X-Request-Id` of a trusted proxy when it is sane, else a random one. */
  get requestId(): string {
    this.#id ??= this.#givenId() ?? randomUUID();
    return this.#id;
  }

  get traceparent(): string | undefined {
    return this.request.headers.get("traceparent");
  }

  /** Milliseconds until the route's timeout; undefined without one. */
  get timeLeft(): number | undefined {
    return this.timeout === undefined ? undefined : Math.max(0, this.timeout - this.request.requestTime());
  }

  /** @throws HTTPError 400 for too many parameters or malformed percent-encoding. */
  get queryArguments(): ArgumentMap {
    this.#query ??= parseArguments(this.request.query, this.settings.parameterLimit);
    return this.#query;
  }

  /** How the body is read, and what is in it. Made when it is asked for. */
  get body(): RequestBody {
    return (this.#body ??= new RequestBody(this.message, this.request, this.response, this.settings));
  }

  /** Whether the body has something that must be ended: see {@link RequestBody.end}. */
  get holdsBody(): boolean {
    return this.#body?.held === true;
  }

  /** What the answer, whichever it will be, says to pages of other sites. */
  get cors(): CorsPolicy | undefined {
    return this.#cors;
  }

  set cors(policy: CorsPolicy | undefined) {
    this.#cors = policy;
    if (policy === undefined || this.#hasCors) return;
    this.#hasCors = true;
    this.response.beforeHeaders(() => this.#cors?.complete(this.response, this.request.headers.get("origin")));
  }

  /** The cookies that the answer sets. */
  get setCookies(): SetCookies {
    return (this.#setCookies ??= new SetCookies(this.request, this.response));
  }

  /** Whether the server drains. */
  get draining(): boolean {
    return this.#host.draining;
  }

  /** See {@link ResponseHost.sending}. */
  sending(): void {
    this.#host.sending(this.message.socket);
  }

  /** See {@link ExchangeHost.onDrain}. */
  onDrain(callback: () => void): () => void {
    return this.#host.onDrain(callback);
  }

  /** A task of this request was started after waiting so long, in milliseconds. */
  taskStarted(waited: number): void {
    this.queueTime = (this.queueTime ?? 0) + waited;
  }

  watch(watcher: RequestWatcher): void {
    (this.#watchers ??= new Set()).add(watcher);
  }

  unwatch(watcher: RequestWatcher): void {
    this.#watchers?.delete(watcher);
  }

  /** Ends the request's work, with the reason that its signal carries. The first reason counts. */
  abort(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#controller?.abort(reason);
    for (const watcher of this.#watchers ?? []) watcher.requestEnded(reason);
  }

  /** The response is over, one way or the other. */
  closed(): void {
    if (this.response.clientLeft) this.clientLeft();
  }

  /**
   * The client has gone. Once, and not after `finish`: then the request is over, and that its last bytes were not taken is
   * the transport's matter.
   */
  clientLeft(): void {
    if (this.response.finished || this.outcome !== "completed") return;
    this.outcome = "clientClosed";
    this.abort(new CancelledError("the client closed the connection"));
    this.onClientClosed?.();
  }

  #givenId(): string | undefined {
    if (!this.request.viaTrustedProxy) return undefined;
    const given = this.request.headers.get("x-request-id");
    return given !== undefined && acceptableId.test(given) ? given : undefined;
  }
}
