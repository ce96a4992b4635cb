import type { ApplicationContainer, DependencyContainer } from "../container.js";
import type { TaskExecutor } from "../concurrent.js";
import { type CallRouter, isWorker } from "../decorators/calls.js";
import type { CompressOptions } from "../http/compression.js";
import type { HTTPSettings } from "../http/limits.js";
import type { LogSettings } from "../log.js";
import { onDemand } from "../on-demand.js";
import type { HandlerApplication } from "./handler.js";
import type { HealthOptions } from "./health.js";
import type { Middleware } from "./middleware.js";
import type { HandlerEntry, RouteSpec } from "./route.js";
import type { Site } from "./site.js";
import type { StaticRoute } from "./static-url.js";
import type { TemplateEngine } from "./templates.js";
import type { Trust, TrustOptions } from "./trust.js";
import type { HandlerClass } from "./verbs.js";
import type { WebSocketOptions } from "./websocket-options.js";
import type { WebSockets } from "./websockets.js";

const sites = onDemand<typeof import("./site.js")>("web/site.js");

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
  /** What `render` renders by: an adapter for a template library. Default: none. */
  readonly templateEngine?: TemplateEngine;
  /**
   * Compresses answers (br, zstd where Node has it, gzip) for clients that take it; an object says which. A secret in a page
   * that also shows what a client sends can be guessed by the length of the page. Default: false.
   */
  readonly compress?: boolean | CompressOptions;
  /**
   * Whether answers get the SHA-1 of their body as `Etag`, so that a client that has them gets a 304. It costs time and saves
   * bytes. What a handler sets, or makes by a `computeEtag` of its own, counts in any case. Default: true.
   */
  readonly etag?: boolean;
  /**
   * A folder whose files are served below `staticUrlPrefix`, and its `favicon.ico` and `robots.txt` at the root unless a route
   * has them. `staticUrl` makes their URLs. Default: none.
   */
  readonly staticPath?: string;
  /** Begins and ends with a slash. Default: `/static/`. */
  readonly staticUrlPrefix?: string;
  /**
   * Answers paths that no route has: every error page of a site in one `writeError`, or the page of an application that
   * routes in the browser in `get`. Whatever it does not answer is 404. Default: a plain 404.
   */
  readonly defaultHandler?: HandlerClass;
  /** How WebSockets are kept, where their handler does not say otherwise. Default: see {@link WebSocketOptions}. */
  readonly websocket?: WebSocketOptions;
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

/** What an application is given to serve with. */
export interface OpenApplication {
  readonly container: ApplicationContainer;
  readonly router: CallRouter;
  /** How full the fullest queue of the executors is: 0 to 1. */
  queueFill(): number;
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
  #site: Site | undefined;

  constructor(definition: ApplicationDefinition) {
    this.definition = Object.freeze({ ...definition });
    // A worker answers no request: what serves them is not loaded there, and its server has checked it.
    if (!isWorker()) this.#site = this.#makeSite();
  }

  /** The application's container. @throws ExecutorClosedError before the application is started. */
  get container(): DependencyContainer {
    return this.site.container;
  }

  /** Limits and timeouts, with their defaults. */
  get settings(): HTTPSettings {
    return this.site.settings;
  }

  /** As in the definition. */
  get debug(): boolean {
    return this.definition.debug ?? false;
  }

  /** As in the definition, in milliseconds; 0 when it is off. */
  get blockedLoopThreshold(): number {
    return this.site.blockedLoopThreshold;
  }

  /** The table, in the order of the definition. */
  get routes(): readonly RouteSpec[] {
    return this.site.routes;
  }

  /** @internal */
  get trust(): Trust {
    return this.site.trust;
  }

  /** @internal */
  get templateEngine(): TemplateEngine | undefined {
    return this.definition.templateEngine;
  }

  /** @internal */
  get staticRoute(): StaticRoute | undefined {
    return this.site.staticRoute;
  }

  /** @internal */
  get sockets(): WebSockets | undefined {
    return this.site.sockets;
  }

  /** What serves its requests. @internal */
  get site(): Site {
    return (this.#site ??= this.#makeSite());
  }

  /** The path of the route that is called `name`. @throws ConfigurationError for an unknown name or a wrong number of arguments. */
  reverseUrl(name: string, ...pathArguments: readonly (string | number)[]): string {
    return this.site.reverseUrl(name, ...pathArguments);
  }

  #makeSite(): Site {
    return new (sites().Site)(this.definition, this);
  }
}
