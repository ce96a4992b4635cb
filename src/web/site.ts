import type { IncomingMessage, ServerResponse } from "node:http";
import type { DependencyContainer } from "../container.js";
import { ConfigurationError, ExecutorClosedError, HTTPError } from "../errors.js";
import { Compression } from "../http/compression.js";
import { type HTTPSettings, defaultHTTPSettings, httpSettings } from "../http/limits.js";
import { type CanonicalTarget, HTTPServerRequest } from "../http/request.js";
import { splitTarget } from "../http/target.js";
import { onDemand } from "../on-demand.js";
import { canonicalPath } from "../routing/path.js";
import { Router } from "../routing/router.js";
import type { ApplicationDefinition, OpenApplication } from "./application.js";
import { BlockedLoopWatch } from "./blocked-loop.js";
import { checkDefinition } from "./definition.js";
import { type DispatchContext, serveRequest } from "./dispatch.js";
import { ErrorHandler } from "./error-handler.js";
import { Exchange, type ExchangeHost } from "./exchange.js";
import { concludeRequest, expireRequest, failRequest } from "./failure.js";
import type { HandlerApplication } from "./handler.js";
import { Health, answerHealth } from "./health.js";
import { answerPreflight, isPreflight } from "./preflight.js";
import type { RouteSpec } from "./route.js";
import { routeListing } from "./route-listing.js";
import { type RouteTarget, assertHandler, routeSpecs, routeTarget, unmatchedPath } from "./route-table.js";
import { staticRouteOf, staticSpecs } from "./static-routes.js";
import type { StaticRoute } from "./static-url.js";
import { Trust } from "./trust.js";
import { webSocketSettingsOf } from "./websocket-table.js";
import type { WebSockets } from "./websockets.js";

const socketsModule = onDemand<typeof import("./websockets.js")>("web/websockets.js");

interface Serving extends OpenApplication {
  readonly targets: ReadonlyMap<RouteSpec, RouteTarget>;
  /** For paths without a route; undefined: nothing stands around a plain 404. */
  readonly unmatched: RouteTarget | undefined;
  readonly dispatch: DispatchContext;
  /** Undefined without a handler for them. */
  readonly sockets: WebSockets | undefined;
}

/**
 * What an application is where it answers requests: its checked settings and its compiled routes. `Application` is what
 * programs see of it; a worker has none.
 *
 * @throws ConfigurationError when routes, handlers or settings contradict a rule.
 */
export class Site {
  readonly definition: ApplicationDefinition;
  readonly settings: HTTPSettings;
  readonly trust: Trust;
  /** Undefined without `staticPath`. */
  readonly staticRoute: StaticRoute | undefined;
  readonly #application: HandlerApplication;
  readonly #router = new Router<RouteSpec>((spec) => spec.handler.name);
  /** Whether any route asks for a host: if none does, no request works its own out. */
  readonly #hasHosts: boolean;
  readonly #health: Health | undefined;
  readonly #compression: Compression | undefined;
  readonly #socketSettings: ReturnType<typeof webSocketSettingsOf>;
  #serving: Serving | undefined;

  /** @param application what handlers see. */
  constructor(definition: ApplicationDefinition, application: HandlerApplication) {
    checkDefinition(definition);
    this.definition = definition;
    this.#application = application;
    this.settings = httpSettings(settingsOf(definition));
    this.trust = new Trust(definition);
    this.#health = this.#healthOf(definition);
    refuseAutoreload(definition);
    this.#compression = compressionOf(definition);
    this.staticRoute = staticRouteOf(definition);
    const specs = routeSpecs(definition.handlers);
    for (const spec of [...specs, ...staticSpecs(this.staticRoute, specs)]) this.#router.add(spec.pattern, spec, spec);
    this.#router.freeze();
    if (definition.defaultHandler !== undefined) assertHandler(definition.defaultHandler);
    this.#socketSettings = webSocketSettingsOf(definition, this.routes);
    this.#hasHosts = this.routes.some(({ host }) => host !== undefined);
  }

  /** The application's container. @throws ExecutorClosedError before the application is started. */
  get container(): DependencyContainer {
    return this.#open().container.dependencies;
  }

  /** Whether any route opens WebSockets. */
  get hasSockets(): boolean {
    return this.#socketSettings.size > 0;
  }

  /** Undefined when no route does. */
  get sockets(): WebSockets | undefined {
    return this.#serving?.sockets;
  }

  /** Milliseconds; 0 when it is off. */
  get blockedLoopThreshold(): number {
    return this.definition.blockedLoopThreshold ?? 100;
  }

  /** The table, in the order of the definition. */
  get routes(): readonly RouteSpec[] {
    return this.#router.routes.map(({ target }) => target);
  }

  /** The route of all paths that are in no table. */
  get defaultRoute(): RouteSpec | undefined {
    const { defaultHandler: handler } = this.definition;
    return handler && { pattern: unmatchedPath, handler, args: undefined };
  }

  /** See `formatRoutes`. */
  get listing(): string {
    return routeListing(this.routes, this.defaultRoute);
  }

  /** The path of the route that is called `name`. @throws ConfigurationError for an unknown name or a wrong number of arguments. */
  reverseUrl(name: string, ...pathArguments: readonly (string | number)[]): string {
    return this.#router.reverse(name, ...pathArguments);
  }

  /**
   * Compiles how each handler is constructed. From here on the application can serve.
   *
   * @throws InjectionError, ConfigurationError when a handler cannot be constructed or answers nothing.
   */
  open(opened: OpenApplication): void {
    const { middleware } = this.definition;
    const compile = (spec: RouteSpec): RouteTarget => routeTarget(spec, opened.container, middleware);
    const targets = new Map(this.routes.map((spec) => [spec, compile(spec)]));
    const unmatched = this.#unmatchedRoute && compile(this.#unmatchedRoute);
    const dispatch: DispatchContext = {
      application: this.#application,
      router: opened.router,
      accessLog: this.definition.accessLog ?? true,
      blockedLoop: this.#blockedLoopWatch(),
    };
    const sockets = this.hasSockets ? new (socketsModule().WebSockets)(this.#socketSettings) : undefined;
    this.#serving = { ...opened, targets, unmatched, dispatch, sockets };
  }

  /** The event loop was late by so many milliseconds. */
  noteLoopDelay(late: number): void {
    this.#health?.look(late);
  }

  /** Serves one request; never throws and never rejects. @returns it, for `expire`. */
  handle(message: IncomingMessage, raw: ServerResponse, host: ExchangeHost): Exchange {
    const serving = this.#open();
    const target = canonicalPath(pathAndQuery(message));
    const origin = this.trust.originOf(message);
    const request = new HTTPServerRequest(message, target ?? { path: "", query: "" }, origin);
    const exchange = new Exchange(message, raw, request, host);
    this.trust.equip(exchange);
    if (this.#compression !== undefined) exchange.response.compression = this.#compression;
    if (this.definition.etag === false) exchange.response.tagger = undefined;
    const refusal = this.trust.refusalOf(request, origin);
    if (this.#health !== undefined && this.#isSettledBy(this.#health, exchange, host)) return exchange;
    if (target === undefined) this.#refuse(exchange, new HTTPError(400, "a malformed path"));
    else if (refusal !== undefined) this.#refuse(exchange, refusal);
    else this.#route(exchange, target, serving);
    return exchange;
  }

  /** Answers a request at once whose server ends. */
  expire(exchange: Exchange): void {
    expireRequest(exchange, this.definition.accessLog ?? true);
  }

  /** A handler is made for a plain 404 only where middleware or pages of other sites may have a word in it. */
  get #unmatchedRoute(): RouteSpec | undefined {
    const { middleware = [], cors } = this.definition;
    if (this.defaultRoute !== undefined || (middleware.length === 0 && cors === undefined)) return this.defaultRoute;
    return { pattern: unmatchedPath, handler: ErrorHandler, args: { status: 404 } };
  }

  #route(exchange: Exchange, target: CanonicalTarget, { targets, unmatched, dispatch }: Serving): void {
    const { request } = exchange;
    const match = this.#router.find(this.#hasHosts ? request.hostName : undefined, target.path);
    const route = match === undefined ? unmatched : targets.get(match.target);
    if (route === undefined) return this.#refuse(exchange, new HTTPError(404));
    if (this.#isSettledByCors(exchange, route)) return;
    void serveRequest(route, exchange, match?.args ?? [], dispatch);
  }

  #refuse(exchange: Exchange, error: HTTPError): void {
    failRequest(undefined, exchange, error);
    this.#conclude(exchange);
  }

  #conclude(exchange: Exchange): void {
    void concludeRequest(undefined, exchange, this.definition.accessLog ?? true);
  }

  /** Answers a page that asks whether it may ask. */
  #isSettledByCors(exchange: Exchange, target: RouteTarget): boolean {
    if (target.cors !== undefined) exchange.cors = target.cors || undefined;
    if (exchange.cors === undefined || !isPreflight(exchange.request)) return false;
    answerPreflight(exchange, exchange.cors, target);
    this.#conclude(exchange);
    return true;
  }

  /** Answers what is asked of the health, and refuses all else while there is too much to do. */
  #isSettledBy(health: Health, exchange: Exchange, { draining }: ExchangeHost): boolean {
    const { path, started } = exchange.request;
    const isAsked = path === health.live || path === health.ready;
    const refusal = isAsked ? undefined : health.refusalAt(started);
    if (isAsked) answerHealth(health, health.reasons(draining), exchange);
    else if (refusal !== undefined) this.#refuse(exchange, refusal);
    return isAsked || refusal !== undefined;
  }

  #healthOf({ health = {} }: ApplicationDefinition): Health | undefined {
    if (health === false) return undefined;
    return new Health(health, { rss: () => process.memoryUsage.rss(), queueFill: () => this.#open().queueFill() });
  }

  #blockedLoopWatch(): BlockedLoopWatch | undefined {
    const off = this.blockedLoopThreshold === 0 || process.env["NODE_ENV"] === "production";
    return off ? undefined : new BlockedLoopWatch(this.blockedLoopThreshold);
  }

  #open(): Serving {
    if (this.#serving !== undefined) return this.#serving;
    throw new ExecutorClosedError("the application is not started: a server that listens for it starts it");
  }
}

/** The origin-form of the target, whichever form the client used. */
function pathAndQuery({ url = "" }: IncomingMessage): string {
  if (url.startsWith("/")) return url;
  const { path, query } = splitTarget(url);
  return query === "" ? path : `${path}?${query}`;
}

function settingsOf(definition: ApplicationDefinition): Partial<HTTPSettings> {
  const given = Object.entries(definition).filter(([name]) => Object.hasOwn(defaultHTTPSettings, name));
  return Object.fromEntries(given);
}

function compressionOf({ compress = false }: ApplicationDefinition): Compression | undefined {
  if (compress === false) return undefined;
  return new Compression(compress === true ? {} : compress);
}

function refuseAutoreload({ autoreload, debug }: ApplicationDefinition): void {
  if (autoreload === true) {
    throw new ConfigurationError("autoreload is not available: run the program with `node --watch` instead");
  }
  if (debug === true && process.env["NODE_ENV"] === "production") {
    throw new ConfigurationError("debug shows stacks to clients: it is refused when NODE_ENV is production");
  }
}
