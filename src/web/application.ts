import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApplicationContainer, DependencyContainer } from "../container.js";
import type { TaskExecutor } from "../concurrent.js";
import type { CallRouter } from "../decorators/calls.js";
import { ConfigurationError, ExecutorClosedError, HTTPError } from "../errors.js";
import { type HTTPSettings, defaultHTTPSettings, httpSettings } from "../http/limits.js";
import type { LogSettings } from "../log.js";
import { HTTPServerRequest } from "../http/request.js";
import { splitTarget } from "../http/target.js";
import { canonicalPath } from "../routing/path.js";
import { Router } from "../routing/router.js";
import { BlockedLoopWatch } from "./blocked-loop.js";
import { checkDefinition } from "./definition.js";
import { type DispatchContext, serveRequest } from "./dispatch.js";
import { Exchange, type ExchangeHost } from "./exchange.js";
import { concludeRequest, failRequest } from "./failure.js";
import type { HandlerApplication } from "./handler.js";
import { Health, type HealthOptions, answerHealth } from "./health.js";
import type { Middleware } from "./middleware.js";
import {
  type HandlerEntry,
  type RouteSpec,
  type RouteTarget,
  assertHandler,
  routeSpecs,
  routeTarget,
  unmatchedPath,
} from "./route-table.js";
import type { HandlerClass } from "./verbs.js";
import { Trust, type TrustOptions } from "./trust.js";

/** Where `configure` runs, and for which process. */
export interface ConfigureContext {
  /** `server` where requests are answered, `executor` in workers: register there what workers need, and no consumers or crons. */
  readonly role: "server" | "executor";
  /** 0 … n-1 in forked processes; 0 in a process that was not forked. */
  readonly taskId: number;
}

/**
 * What an application is. HTTP limits and timeouts may stand here as well, see {@link HTTPSettings}; and what it believes, see
 * {@link TrustOptions}.
 */
export interface ApplicationDefinition extends Partial<HTTPSettings>, TrustOptions {
  /** Classes with `@Route`, and lines of the table made by `route(…)`. */
  readonly handlers: readonly HandlerEntry[];
  /** Registers services, before any is made; once in each process and once in each worker. May be async. */
  configure?(container: DependencyContainer, context: ConfigureContext): void | Promise<void>;
  /** Executors by name; `"default"` is what `@RunOnExecutor()` uses. Default: a `ThreadPoolExecutor` when a method needs one. */
  readonly executors?: Readonly<Record<string, TaskExecutor>>;
  /** Runs around every handler, the first outermost; see {@link Use} for one handler. Default: none. */
  readonly middleware?: readonly Middleware[];
  /**
   * Answers paths that no route has: every error page of a site in one `writeError`, or the page of an application that
   * routes in the browser in `get`. Whatever it does not answer is 404. Default: a plain 404.
   */
  readonly defaultHandler?: HandlerClass;
  /** Questions for its health, and when it refuses work; false for neither. Default: see {@link HealthOptions}. */
  readonly health?: HealthOptions | false;
  /** One line for each request. Default: true. */
  readonly accessLog?: boolean;
  /** How the program logs. */
  readonly logging?: LogSettings;
  /** Shows the stack of an error to the client. Refused with several processes and when NODE_ENV is production. Default: false. */
  readonly debug?: boolean;
  /**
   * A handler that holds the event loop for longer, in milliseconds, is counted, and in development named in the log with
   * `@RunOnExecutor` as the remedy. 0: off. Default: 100.
   */
  readonly blockedLoopThreshold?: number;
  /** Not available: refused with what to use instead. Default: false. */
  readonly autoreload?: boolean;
  /** The module that workers import; `bootstrap` sets it. Default: the program's main module. */
  readonly module?: string | URL;
}

/** What an application is given to serve with; see {@link Application.open}. */
export interface OpenApplication {
  readonly container: ApplicationContainer;
  readonly router: CallRouter;
  /** How full the fullest queue of the executors is: 0 to 1. */
  queueFill(): number;
}

interface Serving extends OpenApplication {
  readonly targets: ReadonlyMap<RouteSpec, RouteTarget>;
  /** For paths without a route. */
  readonly unmatched: RouteTarget | undefined;
  readonly dispatch: DispatchContext;
}

/**
 * Handlers and their routes: the part of a definition that is the same in every process. Constructing one opens nothing and
 * makes no service; a server that listens for it does.
 *
 * @throws ConfigurationError when routes, handlers or settings contradict a rule.
 * @example new HTTPServer(new Application({ handlers: [SleepHandler] }))
 *
 * Source: `tornado.web.Application`.
 */
export class Application implements HandlerApplication {
  readonly definition: ApplicationDefinition;
  readonly settings: HTTPSettings;
  /** @internal */
  readonly trust: Trust;
  readonly #router = new Router<RouteSpec>((spec) => spec.handler.name);
  /** Whether any route asks for a host: if none does, no request works its own out. */
  readonly #hasHosts: boolean;
  readonly #health: Health | undefined;
  #serving: Serving | undefined;

  constructor(definition: ApplicationDefinition) {
    checkDefinition(definition);
    this.definition = Object.freeze({ ...definition });
    this.settings = httpSettings(settingsOf(definition));
    this.trust = new Trust(definition);
    this.#health = this.#healthOf(definition);
    refuseAutoreload(definition);
    for (const spec of routeSpecs(definition.handlers)) this.#router.add(spec.pattern, spec, spec);
    this.#router.freeze();
    if (definition.defaultHandler !== undefined) assertHandler(definition.defaultHandler);
    this.#hasHosts = this.routes.some(({ host }) => host !== undefined);
  }

  /** The application's container. @throws ExecutorClosedError before the application is started. */
  get container(): DependencyContainer {
    return this.#open().container.dependencies;
  }

  /** As in the definition. */
  get debug(): boolean {
    return this.definition.debug ?? false;
  }

  /** As in the definition, in milliseconds; 0 when it is off. */
  get blockedLoopThreshold(): number {
    return this.definition.blockedLoopThreshold ?? 100;
  }

  /** The table, in the order of the definition. */
  get routes(): readonly RouteSpec[] {
    return this.#router.routes.map(({ target }) => target);
  }

  /** The route of all paths that are in no table. @internal */
  get defaultRoute(): RouteSpec | undefined {
    const { defaultHandler: handler } = this.definition;
    return handler && { pattern: unmatchedPath, handler, args: undefined };
  }

  /** Of all routes, the default one included. @internal */
  get handlerClasses(): readonly HandlerClass[] {
    const { defaultHandler } = this.definition;
    const own = this.routes.map(({ handler }) => handler);
    return defaultHandler === undefined ? own : [...own, defaultHandler];
  }

  /** The path of the route that is called `name`. @throws ConfigurationError for an unknown name or a wrong number of arguments. */
  reverseUrl(name: string, ...pathArguments: readonly (string | number)[]): string {
    return this.#router.reverse(name, ...pathArguments);
  }

  /**
   * Compiles how each handler is constructed. From here on the application can serve.
   *
   * @throws InjectionError, ConfigurationError when a handler cannot be constructed or answers nothing.
   * @internal
   */
  open(opened: OpenApplication): void {
    const { middleware } = this.definition;
    const compile = (spec: RouteSpec): RouteTarget => routeTarget(spec, opened.container, middleware);
    const targets = new Map(this.routes.map((spec) => [spec, compile(spec)]));
    const unmatched = this.defaultRoute && compile(this.defaultRoute);
    const dispatch: DispatchContext = {
      application: this,
      router: opened.router,
      accessLog: this.definition.accessLog ?? true,
      blockedLoop: this.#blockedLoopWatch(),
    };
    this.#serving = { ...opened, targets, unmatched, dispatch };
  }

  /** The event loop was late by so many milliseconds. @internal */
  noteLoopDelay(late: number): void {
    this.#health?.look(late);
  }

  /** Serves one request; never throws and never rejects. @internal */
  handle(message: IncomingMessage, raw: ServerResponse, host: ExchangeHost): void {
    const { targets, unmatched, dispatch } = this.#open();
    const target = canonicalPath(pathAndQuery(message));
    const origin = this.trust.originOf(message);
    const request = new HTTPServerRequest(message, target ?? { path: "", query: "" }, origin);
    const exchange = new Exchange(message, raw, request, host);
    if (this.#health !== undefined && this.#isSettledBy(this.#health, exchange, host)) return;
    if (target === undefined) return this.#refuse(exchange, new HTTPError(400, "a malformed path"));
    const refusal = this.trust.refusalOf(request, origin);
    if (refusal !== undefined) return this.#refuse(exchange, refusal);
    const match = this.#router.find(this.#hasHosts ? request.hostName : undefined, target.path);
    const route = match === undefined ? unmatched : targets.get(match.target);
    if (route === undefined) return this.#refuse(exchange, new HTTPError(404));
    void serveRequest(route, exchange, match?.args ?? [], dispatch);
  }

  #refuse(exchange: Exchange, error: HTTPError): void {
    failRequest(undefined, exchange, error);
    void concludeRequest(undefined, exchange, this.definition.accessLog ?? true);
  }

  /** Answers what is asked of the health, and refuses all else while there is too much to do. */
  #isSettledBy(health: Health, exchange: Exchange, { draining }: ExchangeHost): boolean {
    const { path } = exchange.request;
    const isAsked = path === health.live || path === health.ready;
    if (isAsked) answerHealth(health, health.reasons(draining), exchange);
    else if (health.overload !== undefined) this.#refuse(exchange, health.refusal());
    else return false;
    return true;
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

function refuseAutoreload({ autoreload, debug }: ApplicationDefinition): void {
  if (autoreload === true) {
    throw new ConfigurationError("autoreload is not available: run the program with `node --watch` instead");
  }
  if (debug === true && process.env["NODE_ENV"] === "production") {
    throw new ConfigurationError("debug shows stacks to clients: it is refused when NODE_ENV is production");
  }
}
