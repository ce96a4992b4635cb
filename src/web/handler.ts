import type { DependencyContainer } from "../container.js";
import { MissingArgumentError, RequestNotAvailableError, ResponseError } from "../errors.js";
import type { Validators } from "../http/conditional.js";
import type { CookieOptions } from "../http/cookies.js";
import type { HeaderValue } from "../http/header-value.js";
import type { HTTPServerRequest } from "../http/request.js";
import type { ResponseWriter } from "../http/response.js";
import type { UploadedFile } from "../http/uploaded-file.js";
import { generalLog } from "../log.js";
import type { EventStream, EventStreamOptions } from "./events.js";
import type { Exchange, Outcome } from "./exchange.js";
import type { handlerTools } from "./handler-tools.js";
import type { CookieScope } from "./set-cookies.js";
import type { SignedCookieOptions } from "./signed-cookies.js";
import type { StaticRoute } from "./static-url.js";
import type { TemplateEngine } from "./templates.js";
import type { Trust } from "./trust.js";
import type { WebSockets } from "./websockets.js";
import type { Xsrf } from "./xsrf.js";

/** What a handler can ask of its application. */
export interface HandlerApplication {
  /** The application's container: `resolve(Clock)` gives what handlers are injected. */
  readonly container: DependencyContainer;
  /** Whether error pages may show stacks. */
  readonly debug: boolean;
  /** @internal */
  readonly trust: Trust;
  /** @internal */
  readonly templateEngine: TemplateEngine | undefined;
  /** Undefined without `staticPath`. @internal */
  readonly staticRoute: StaticRoute | undefined;
  /** Undefined without a handler for them. @internal */
  readonly sockets: WebSockets | undefined;
  reverseUrl(name: string, ...pathArguments: readonly (string | number)[]): string;
}

/** What the framework gives a handler for the course of one request. */
export interface HandlerContext {
  readonly exchange: Exchange;
  /** What handlers work with, which this file must not import: a worker thread imports it and has no request. */
  readonly tools: typeof handlerTools;
  readonly application: HandlerApplication;
  readonly pathArguments: readonly (string | undefined)[];
}

let setContext: (handler: RequestHandler, context: HandlerContext) => void;
let contextOf: (handler: RequestHandler) => HandlerContext | undefined;

/**
 * The base of all handlers: one class for each route, one instance for each request, its services in the constructor.
 *
 * A subclass writes the verbs it answers as methods: `get`, `head`, `post`, `put`, `patch`, `delete`, `options`. They get
 * the path's arguments as strings, may be async, and what they return is the answer: a string is HTML, an object or an
 * array is JSON, a Buffer, a stream, an (async) iterable and a web `Response` are sent as they are; `undefined` leaves the
 * answer to what was `write`n. HEAD runs `get` without its body; OPTIONS and 405 are answered from the verbs.
 *
 * In the constructor there is no request yet: use `initialize` or `prepare`.
 *
 * @example
 * @Route("/users/:id")
 * class UserHandler extends RequestHandler {
 *   constructor(private readonly users: Users) { super(); }
 *   async get(id: string) { return (await this.users.find(id)) ?? Promise.reject(new HTTPError(404)); }
 * }
 *
 * Source: `tornado.web.RequestHandler`.
 */
export abstract class RequestHandler<User = unknown> {
  #context: HandlerContext | undefined;
  #xsrf: Xsrf | undefined;
  #user: { readonly known: User | undefined } | undefined;

  static {
    setContext = (handler, context) => (handler.#context = context);
    contextOf = (handler) => handler.#context;
  }

  // ---- entry points, for subclasses

  /**
   * Receives the arguments of the route's table form, before the method is checked and the body is read. One object for
   * all requests: do not change it. Not async. Default: nothing.
   */
  initialize?(args: object): void;

  /**
   * Runs before the verb, with the body read; may be async. Finishing the request here, by `finish`, `redirect`,
   * `sendError` or `throw new Finish()`, skips the verb. It does not run for 405 and OPTIONS, which have no verb. Default: nothing.
   */
  prepare?(): unknown;

  /**
   * Receives the body of a handler with `@StreamRequestBody()`, after `prepare` and before the verb; may be async: the client is
   * held back until it is done. Answering here skips the rest of the body, and the verb. What it throws ends the request.
   * The chunk is a view into memory that nobody else uses.
   */
  dataReceived?(chunk: Buffer): void | Promise<void>;

  /**
   * Runs exactly once for each constructed handler, when the answer was handed over and the verb has ended or its time is
   * up; must not write. It may be async: request-scoped services live until it is done. What it throws is logged. `outcome`
   * is `error` when something was thrown, `clientClosed` and `timeout` when nobody waits for the answer any more, else
   * `completed`, whatever the status. Default: nothing.
   */
  onFinish?(outcome: Outcome): void | Promise<void>;

  /**
   * Runs once when the client leaves before it was answered. The verb goes on; its `signal` has aborted. What it throws is
   * logged. Default: nothing.
   */
  onConnectionClose?(): void | Promise<void>;

  /** Sets headers of every answer, error pages included; runs again when an error clears the response. Not async. Default: nothing. */
  setDefaultHeaders(): void {}

  // ---- the request

  /** Method, path, headers, body, peer. This and all that follows throws RequestNotAvailableError where there is no request. */
  get request(): HTTPServerRequest {
    return this.#exchange("request").request;
  }

  /** Container, named routes, `debug`. */
  get application(): HandlerApplication {
    return this.#available("application").application;
  }

  /** What the verb is called with: the path's parameters, decoded once; undefined for a RegExp's group that took no part. */
  get pathArguments(): readonly (string | undefined)[] {
    return this.#available("pathArguments").pathArguments;
  }

  /** Aborts when the client leaves or the request's time is up. Made at the first use. */
  get signal(): AbortSignal {
    return this.#exchange("signal").signal;
  }

  /** The `X-Request-Id` of a trusted proxy when it is sane, else a random one. Made at the first use. */
  get requestId(): string {
    return this.#exchange("requestId").requestId;
  }

  /**
   * The last value of an argument of the body or the query; the body comes after the query. Control characters become
   * spaces, and both ends are trimmed unless `strip` is false.
   *
   * @throws MissingArgumentError (400) when it is absent and there is no fallback.
   */
  getArgument(name: string, fallback?: string, strip = true): string {
    return last(this.getArguments(name, strip), name, fallback);
  }

  /** All values, the query's first; empty when there is none. @throws HTTPError 400 for too many or malformed ones. */
  getArguments(name: string, strip = true): string[] {
    return [...this.getQueryArguments(name, strip), ...this.getBodyArguments(name, strip)];
  }

  /** {@link getArgument} for the query alone. */
  getQueryArgument(name: string, fallback?: string, strip = true): string {
    return last(this.getQueryArguments(name, strip), name, fallback);
  }

  /** {@link getArguments} for the query alone. */
  getQueryArguments(name: string, strip = true): string[] {
    const { exchange, tools } = this.#available("getQueryArguments");
    return tools.allArguments(exchange.queryArguments, name, strip);
  }

  /** {@link getArgument} for a form body alone, urlencoded or multipart. */
  getBodyArgument(name: string, fallback?: string, strip = true): string {
    return last(this.getBodyArguments(name, strip), name, fallback);
  }

  /** {@link getArguments} for a form body alone. */
  getBodyArguments(name: string, strip = true): string[] {
    const { exchange, tools } = this.#available("getBodyArguments");
    return tools.allArguments(exchange.body.arguments, name, strip);
  }

  /** The last file of a field. @throws MissingArgumentError (400) when there is none. */
  getFile(name: string): UploadedFile {
    const file = this.getFiles(name).at(-1);
    if (file === undefined) throw new MissingArgumentError(name);
    return file;
  }

  /** All files of a field, in the order sent; empty when there is none. They are gone after `onFinish`, unless moved. */
  getFiles(name: string): readonly UploadedFile[] {
    return this.#exchange("getFiles").request.files[name] ?? [];
  }

  /**
   * The body as it comes in, of a handler with `@StreamRequestBody()` and without `dataReceived`; to be read once. The client
   * is held back while a chunk is worked on. Leaving the loop leaves the rest unread.
   *
   * @throws RequestNotAvailableError for a body that was read before. The loop ends with HTTPError 413, 400, 408 and with
   * ClientClosedError as any body.
   */
  bodyStream(): AsyncIterable<Buffer> {
    return this.#exchange("bodyStream").body.stream();
  }

  /**
   * Longest body of this request in bytes. To be called in `initialize`, or with `@StreamRequestBody()` in `prepare`.
   *
   * @throws RequestNotAvailableError when the reading has begun, ConfigurationError for what is no number of bytes.
   */
  setMaxBodySize(bytes: number): void {
    this.#exchange("setMaxBodySize").body.limit = bytes;
  }

  /** Milliseconds for reading the body of this request; 0: none. When, and what it throws: as `setMaxBodySize`. */
  setBodyTimeout(milliseconds: number): void {
    this.#exchange("setBodyTimeout").body.timeout = milliseconds;
  }

  /**
   * The body as JSON. The type is what the caller says it is: check it before you trust it.
   *
   * @throws HTTPError 415 for another content type, 400 for a body that is not JSON, too deep, or writes `__proto__`.
   */
  json<T = unknown>(): T {
    return this.#exchange("json").body.json() as T;
  }

  /**
   * Ends the request here when its conditions say so: 304 when the client has what it asks for, 412 when it wants to change
   * another state than the current one. Call it before the work that they may spare, and before any change. GET and HEAD
   * carry the validators in their answer.
   *
   * @param current what is there now; undefined when there is nothing yet.
   * @throws Finish or HTTPError (412). Let them pass.
   * @example
   * async put(id: string) {
   *   const page = await this.pages.find(id);
   *   this.checkConditions(page && { etag: `"${page.version}"` });   // If-Match: "7", If-None-Match: *
   *   …
   * }
   */
  checkConditions(current: Validators | undefined): void {
    const { exchange, tools } = this.#available("checkConditions");
    tools.checkConditions(exchange, current);
  }

  // ---- cookies

  /** The value of a cookie of the request; `setCookie` does not change it. Of several of one name, the first. */
  getCookie(name: string): string | undefined;
  getCookie(name: string, fallback: string): string;
  getCookie(name: string, fallback?: string): string | undefined {
    return this.#exchange("getCookie").request.cookies[name] ?? fallback;
  }

  /**
   * Sets a cookie, in the place of one of the same name that this answer sets already. It goes out with the headers, also with
   * those of an error page. Default: for the whole host, hidden from scripts, `SameSite=Lax`, `Secure` over https, until the
   * browser is closed.
   *
   * @throws ResponseError for a value with spaces, control characters or others beyond Latin-1, an attribute that a browser
   * would not take, or after the headers are out.
   */
  setCookie(name: string, value: string, options?: CookieOptions): void {
    this.#exchange("setCookie").setCookies.set(name, value, options);
  }

  /** Ends a cookie: its domain and path must be those that it was set with. @throws as `setCookie` does. */
  clearCookie(name: string, scope?: CookieScope): void {
    this.#exchange("clearCookie").setCookies.clear(name, scope);
  }

  /** {@link clearCookie} for each cookie that the client sent. */
  clearAllCookies(scope?: CookieScope): void {
    this.#exchange("clearAllCookies").setCookies.clearAll(scope);
  }

  /**
   * The value of a cookie that `setSignedCookie` set under this name, not longer than `maxAgeDays` (31) ago; else undefined.
   *
   * @throws ConfigurationError without `cookieSecret`.
   */
  getSignedCookie(name: string, options?: SignedCookieOptions): string | undefined {
    const context = this.#available("getSignedCookie");
    return context.tools.readSigned(context, name, options);
  }

  /** The version of the key that a valid signed cookie was signed with; else undefined. @throws as `getSignedCookie` does. */
  getSignedCookieKeyVersion(name: string, options?: SignedCookieOptions): number | undefined {
    const context = this.#available("getSignedCookieKeyVersion");
    return context.tools.keyVersionOf(context, name, options);
  }

  /**
   * Sets a cookie that the client can read but not change. Default: for 30 days; `expiresDays: null` until the browser is closed.
   *
   * @throws ConfigurationError without `cookieSecret`, and as `setCookie` does.
   */
  setSignedCookie(name: string, value: string, options: CookieOptions = {}): void {
    const { tools } = this.#available("setSignedCookie");
    this.setCookie(name, this.createSignedValue(name, value), tools.withExpiry(options));
  }

  /** What `setSignedCookie` sends as the value, for another place than a cookie. @throws ConfigurationError without `cookieSecret`. */
  createSignedValue(name: string, value: string): string {
    return this.#available("createSignedValue").application.trust.signer.sign(name, value);
  }

  // ---- who is asking

  /**
   * The user: what was assigned, else what `getCurrentUser` gives, asked once a request. Undefined when nobody is logged in.
   * `prepare` may assign it, after waiting for a database for example.
   */
  get currentUser(): User | undefined {
    const { tools } = this.#available("currentUser");
    this.#user ??= { known: tools.userOf(this) };
    return this.#user.known;
  }

  set currentUser(user: User | null | undefined) {
    this.#available("currentUser");
    this.#user = { known: user ?? undefined };
  }

  /** Finds the user, in a signed cookie for example. Not async: what has to be awaited belongs into `prepare`. Default: nobody. */
  getCurrentUser?(): User | null | undefined;

  /** Where `@Authenticated` sends people to log in; undefined: nowhere, they get 403. Not async. Default: `loginUrl` of the definition. */
  getLoginUrl(): string | undefined {
    return this.#available("getLoginUrl").application.trust.loginUrl;
  }

  /**
   * What a form or script must send back with each request that changes something, as the argument `_xsrf` or the header field
   * `X-Xsrftoken`. Reading it sets the `_xsrf` cookie when the client has none. Other bytes in each answer, the same all
   * through one.
   *
   * @throws ResponseError when the cookie has to be set and the headers are out.
   */
  get xsrfToken(): string {
    return this.#xsrfOf("xsrfToken").text(() => Boolean(this.currentUser));
  }

  /** A hidden `<input>` with the token, for each form that is not GET. @throws as `xsrfToken` does. */
  xsrfFormHtml(): string {
    return `<input type="hidden" name="_xsrf" value="${this.xsrfToken}"/>`;
  }

  /**
   * Runs with `xsrfCookies`, before `prepare` and with the body read, for every method but GET, HEAD and OPTIONS. Override it
   * with an empty method for a handler that takes requests from everywhere, because it asks for credentials that a browser
   * does not send by itself. Not async.
   *
   * @throws HTTPError 403 when another site caused the request, or its token is missing, malformed or not that of its cookie.
   */
  checkXsrfCookie(): void {
    const { cors } = this.#exchange("checkXsrfCookie");
    const isAllowed = (origin: string): boolean => cors?.trusts(origin) ?? false;
    this.#xsrfOf("checkXsrfCookie").check(this.getArgument("_xsrf", ""), isAllowed);
  }

  // ---- the answer

  /**
   * Default: 200. The reason replaces the standard phrase.
   *
   * @throws ResponseError for a status outside of 200 to 599, a reason that is not printable ASCII, or after the headers are out.
   */
  setStatus(status: number, reason?: string): void {
    this.#response("setStatus").setStatus(status, reason);
  }

  /** The status as it stands. */
  getStatus(): number {
    return this.#response("getStatus").status;
  }

  /** A header of the answer as it stands; undefined when there is none. What the end of the answer adds is not there yet. */
  getHeader(name: string): string | string[] | undefined {
    return this.#response("getHeader").getHeader(name);
  }

  /** Replaces a header. @throws ResponseError for a value with control characters, or after the headers are out. */
  setHeader(name: string, value: HeaderValue): void {
    this.#response("setHeader").setHeader(name, value);
  }

  /** Adds one more value of a header, for example of `Link`. @throws as `setHeader` does. */
  addHeader(name: string, value: HeaderValue): void {
    this.#response("addHeader").addHeader(name, value);
  }

  /** Takes a header back. @throws ResponseError after the headers are out. */
  clearHeader(name: string): void {
    this.#response("clearHeader").clearHeader(name);
  }

  /**
   * Back to an empty 200, for another answer in the place of what was begun: headers are those of `setDefaultHeaders` and of
   * middleware that had set them before `next()`.
   *
   * @throws ResponseError after the headers are out.
   */
  clear(): void {
    this.#response("clear").clear();
    this.setDefaultHeaders();
  }

  /**
   * Makes the `Etag` of a 200 to GET or HEAD that is sent whole and has none; override it for a cheaper one, or to give
   * `undefined` for none. A client that sends it back gets a 304. Not async. Default: the SHA-1 of the body.
   *
   * @param body the whole of it, before compression.
   * @returns with its quotes, `W/` in front of a weak one. Anything else ends the request with ResponseError.
   */
  computeEtag(body: string | Uint8Array): string | undefined {
    return this.#available("computeEtag").tools.entityTag(body);
  }

  /**
   * Adds to the answer: a string (HTML unless a type is set), bytes, or an object or array as JSON. Nothing is sent before
   * `flush` or the end of the request.
   *
   * @throws ResponseError after `finish`, and for anything else, which has no meaning as an answer: a number, a promise, an
   * Error, an object that JSON shows as `{}`.
   */
  write(chunk: unknown): void {
    const { exchange, tools } = this.#available("write");
    tools.writeValue(exchange.response, chunk);
  }

  /**
   * Sends the headers and what was written so far; resolves when the client's side has room for more, so await it in a
   * loop. From here on an error cuts the connection, and neither status nor headers can be changed.
   *
   * @throws ResponseError after `finish`. Rejects when the client has left.
   */
  flush(): Promise<void> {
    return this.#response("flush").flush();
  }

  /**
   * Makes the answer a stream of server-sent events and sends its headers. Send events with the result's `send`, or return
   * or yield them: items of an iterable answer are events then.
   *
   * @throws ResponseError when headers are out already, or for an option that is no whole number.
   * @example
   * async *get() {
   *   this.events();
   *   for await (const [news] of on(bus, "news", { signal: this.signal })) yield { event: "news", data: news };
   * }
   */
  events(options?: EventStreamOptions): EventStream {
    const { exchange, tools } = this.#available("events");
    return new tools.EventStream(exchange, options);
  }

  /**
   * Ends the answer, after writing `chunk`. The verb's return does this by itself. Resolves when the client's side has
   * taken it all; nobody needs to wait for that.
   *
   * @throws ResponseError the second time.
   */
  finish(chunk?: unknown): Promise<void> {
    if (chunk !== undefined) this.write(chunk);
    return this.#response("finish").finish();
  }

  /**
   * Ends the answer with the text of a template; `data` is added to what {@link getTemplateNamespace} gives.
   *
   * @throws ConfigurationError without `templateEngine`, and whatever the engine throws (by rejecting).
   */
  async render(name: string, data: Readonly<Record<string, unknown>> = {}): Promise<void> {
    void this.finish(await this.renderString(name, data));
  }

  /** The text of a template, which is not written. @throws as `render` does. */
  async renderString(name: string, data: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { application, tools } = this.#available("renderString");
    return tools.engineOf(application).render(name, { ...this.getTemplateNamespace(), ...data });
  }

  /** What every template of this handler sees; override it to add to it. Default: `handler`, `request`, `reverseUrl`, `staticUrl`, `xsrfFormHtml`. */
  getTemplateNamespace(): Record<string, unknown> {
    return this.#available("getTemplateNamespace").tools.templateNamespace(this);
  }

  /**
   * Lets browsers save the answer, under this name in any script; of a path its last part counts.
   *
   * @throws ResponseError for a name that is empty, or after the headers are out.
   */
  download(filename: string): void {
    this.setHeader("Content-Disposition", this.#available("download").tools.attachment(filename));
  }

  /**
   * Answers with a redirect: 302, 301 when `permanent`, or `status`. Check a target that comes from the client.
   *
   * @throws ResponseError for a status outside of 300 to 399, a target with control characters, or after the headers are out.
   */
  redirect(url: string, permanent = false, status?: number): void {
    const code = status ?? (permanent ? 301 : 302);
    if (code < 300 || code > 399) throw new ResponseError(`redirect() takes a status from 300 to 399, got ${code}`);
    this.setStatus(code);
    this.setHeader("Location", url);
    void this.finish();
  }

  /**
   * Answers with the error page for `status`, in the place of what was written and not yet sent. When the headers are out it
   * cuts the connection, so that a truncated answer looks truncated. Not async. To end the verb as well, throw an
   * `HTTPError` instead.
   *
   * @throws ResponseError after `finish`.
   */
  sendError(status = 500, error?: unknown): void {
    const { exchange, tools } = this.#available("sendError");
    const { response } = exchange;
    if (response.headersWritten && !response.finished) {
      generalLog.error("Cannot send error response after headers written");
      return response.abort();
    }
    response.clear();
    this.setDefaultHeaders();
    tools.setErrorHead(response, status, error);
    this.writeError(status, error);
    if (!response.finished) void this.finish();
  }

  /**
   * Writes the body of an error page; override it for your own. `error` is what was thrown, if anything was: do not show a
   * client what it says. Not async. Default: Tornado's HTML page or `application/problem+json` (RFC 9457), as `Accept`
   * prefers; with `debug`, the stack of what ended in a 5xx.
   */
  writeError(status: number, error?: unknown): void {
    const { exchange, application, tools } = this.#available("writeError");
    const shown = application.debug && status >= 500 && error !== undefined;
    const page = shown
      ? tools.debugPage(error)
      : tools.errorPage(status, error, exchange.request.headers.get("accept"));
    tools.writePage(exchange.response, page);
  }

  /**
   * Logs what ended the request: an error that nobody foresaw, with its stack. The reason of an `HTTPError` or of another
   * refusal is for the request's line in the access log. Not async.
   */
  logException(error: unknown): void {
    const { exchange, tools } = this.#available("logException");
    tools.logFailure(exchange, error);
  }

  /** The path of the route that is called `name`, with its parameters filled in. @throws ConfigurationError for an unknown name. */
  reverseUrl(name: string, ...pathArguments: readonly (string | number)[]): string {
    return this.application.reverseUrl(name, ...pathArguments);
  }

  /**
   * The URL of a file in the application's `staticPath`, with the hash of its content, so that clients may keep it for ever
   * and get another URL when it changes. A file that is not there, or of more than 64 MiB, has no hash; one of more than
   * 1 MiB gets it a moment after it was first asked for.
   *
   * @param path below the folder.
   * @param includeHost makes it absolute, by the request's protocol and host.
   * @throws ConfigurationError without `staticPath`.
   */
  staticUrl(path: string, includeHost = false): string {
    const context = this.#available("staticUrl");
    return context.tools.staticUrl(context, path, includeHost);
  }

  #xsrfOf(member: string): Xsrf {
    const { exchange, application, tools } = this.#available(member);
    return (this.#xsrf ??= new tools.Xsrf(exchange, application.trust.xsrf));
  }

  #response(member: string): ResponseWriter {
    return this.#exchange(member).response;
  }

  #exchange(member: string): Exchange {
    return this.#available(member).exchange;
  }

  #available(member: string): HandlerContext {
    if (this.#context !== undefined) return this.#context;
    throw new RequestNotAvailableError(
      `${this.constructor.name}: there is no request here, so \`${member}\` cannot be used. In a constructor, use initialize() ` +
        "or prepare() instead; in a @RunOnExecutor method, pass what is needed as arguments and return the result",
    );
  }
}

/** @throws MissingArgumentError when there is neither a value nor a fallback. */
function last(found: readonly string[], name: string, fallback: string | undefined): string {
  const value = found.at(-1) ?? fallback;
  if (value === undefined) throw new MissingArgumentError(name);
  return value;
}

/** Gives a handler its request. @internal */
export function attach(handler: RequestHandler, context: HandlerContext): void {
  setContext(handler, context);
}

/** What a handler of the framework itself works with. @internal */
export function exchangeOf(handler: RequestHandler): Exchange {
  const context = contextOf(handler);
  if (context === undefined)
    throw new RequestNotAvailableError(`${handler.constructor.name}: there is no request here`);
  return context.exchange;
}
