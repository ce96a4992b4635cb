import type { ApplicationContainer, InjectionPlan } from "../container.js";
import { ConfigurationError } from "../errors.js";
import { CorsPolicy } from "../http/cors.js";
import { executorMethodsOf, routesOf, takesStreamedBody } from "../metadata.js";
import { prefixed } from "../routing/prefix.js";
import { RequestHandler } from "./handler.js";
import type { Middleware } from "./middleware.js";
import { type MiddlewareTable, middlewareTable } from "./middleware-table.js";
import type { HandlerEntry, RouteGroup, RouteSpec } from "./route.js";
import { type HandlerClass, type VerbTable, unmatchedVerbs, verbTable } from "./verbs.js";

/**
 * The lines of all entries, in order; those of groups with what the group says.
 *
 * @throws ConfigurationError for an entry that is none of these, or a class without `@Route`.
 */
export function routeSpecs(entries: readonly HandlerEntry[]): RouteSpec[] {
  return entries.flatMap((entry, index) => {
    if (typeof entry === "function") return decorated(entry);
    return isGroup(entry) ? mounted(entry) : [checked(entry, index)];
  });
}

function isGroup(entry: RouteSpec | RouteGroup | null): entry is RouteGroup {
  return typeof entry === "object" && entry !== null && "entries" in entry;
}

function mounted(group: RouteGroup): RouteSpec[] {
  const { prefix, namePrefix = "", host } = group;
  return routeSpecs(group.entries).map((spec) => ({
    ...spec,
    pattern: prefixed(prefix, spec.pattern, `the group ${JSON.stringify(prefix)}`),
    // The innermost host counts.
    ...(spec.host === undefined && host !== undefined && { host }),
    ...(spec.name !== undefined && { name: namePrefix + spec.name }),
  }));
}

function decorated(handler: HandlerClass): RouteSpec[] {
  assertHandler(handler);
  const routes = routesOf(handler);
  if (routes.length > 0) return routes.map((metadata) => ({ ...metadata, handler, args: undefined }));
  throw new ConfigurationError(
    `${handler.name} has no route: decorate it with @Route("/path"), or list it as route("/path", ${handler.name})`,
  );
}

function checked(spec: RouteSpec, index: number): RouteSpec {
  if (typeof spec !== "object" || spec === null || typeof spec.handler !== "function") {
    throw new ConfigurationError(`handlers[${index}] is neither a handler class nor a route(…) or group(…)`);
  }
  assertHandler(spec.handler);
  return spec;
}

/** @throws ConfigurationError for a class that is no handler. */
export function assertHandler(handler: HandlerClass): void {
  if (handler.prototype instanceof RequestHandler) return;
  throw new ConfigurationError(
    `${handler.name || "a class"} is listed as a handler but does not extend RequestHandler ` +
      "(if it does, two copies of waterspout are installed: see `npm ls waterspout`)",
  );
}

/** A route that is ready to serve. */
export interface RouteTarget extends VerbTable {
  readonly name: string;
  readonly plan: InjectionPlan<RequestHandler>;
  readonly middleware: MiddlewareTable;
  /** Something that is made for a request needs its scope. */
  readonly scoped: boolean;
  readonly args: object;
  readonly timeout: number | undefined;
  readonly bodyLimit: number | undefined;
  readonly bodyTimeout: number | undefined;
  /** The class has `dataReceived`. */
  readonly receivesData: boolean;
  /** The class has a `computeEtag` of its own. */
  readonly computesEtag: boolean;
  /** Undefined: what the application says. */
  readonly cors: CorsPolicy | false | undefined;
  /** The class itself has executor methods: its instances are tied to their request. */
  readonly callsExecutor: boolean;
}

/** The pattern of the definition's `defaultHandler`: no path is empty. */
export const unmatchedPath = "";

const noArguments: object = Object.freeze({});

/** Compiles a line: how its handler is constructed, which verbs it answers, and what stands around them. */
export function routeTarget(
  spec: RouteSpec,
  container: ApplicationContainer,
  applicationMiddleware: readonly Middleware[] = [],
): RouteTarget {
  const plan = container.plan<RequestHandler>(spec.handler, { bindSelf: false });
  if (plan.shared) {
    throw new ConfigurationError(
      `${spec.handler.name} is a singleton, but each request has a handler of its own: remove @singleton() from it, ` +
        "and keep what requests share in a service",
    );
  }
  refuseAsyncHooks(spec.handler);
  refuseLimits(spec);
  const middleware = middlewareTable(spec.handler, applicationMiddleware, container);
  spec.handler.checkArguments?.((spec.args ?? noArguments) as never, spec.pattern);
  return {
    ...(spec.pattern === unmatchedPath ? unmatchedVerbs(spec.handler) : verbTable(spec.handler)),
    name: spec.handler.name,
    plan,
    middleware,
    scoped: plan.scoped || middleware.scoped,
    args: spec.args ?? noArguments,
    timeout: spec.timeout,
    bodyLimit: spec.bodyLimit,
    bodyTimeout: spec.bodyTimeout,
    receivesData: receivesData(spec.handler),
    computesEtag: (spec.handler.prototype as RequestHandler).computeEtag !== RequestHandler.prototype.computeEtag,
    cors: spec.cors && new CorsPolicy(spec.cors),
    callsExecutor: executorMethodsOf(spec.handler).size > 0,
  };
}

/** What these return is not awaited: an async one would answer too late, and its rejection reach nobody. */
const synchronousHooks = [
  "initialize",
  "setDefaultHeaders",
  "checkXsrfCookie",
  "getCurrentUser",
  "getLoginUrl",
  "sendError",
  "writeError",
  "logException",
  "computeEtag",
] as const;

function refuseAsyncHooks({ name, prototype }: HandlerClass): void {
  for (const hook of synchronousHooks) {
    if (Object.prototype.toString.call((prototype as RequestHandler)[hook]) === "[object AsyncFunction]") {
      throw new ConfigurationError(
        `${name}.${hook}() must not be async: what has to be awaited belongs into prepare()`,
      );
    }
  }
}

/** @throws ConfigurationError for a method that nobody would call. */
function receivesData(handler: HandlerClass): boolean {
  if ((handler.prototype as RequestHandler).dataReceived === undefined) return false;
  if (takesStreamedBody(handler)) return true;
  throw new ConfigurationError(
    `${handler.name}.dataReceived() is never called: decorate the class with @StreamRequestBody()`,
  );
}

/** Timers of Node fire at once above this, which would turn a long timeout into none. */
const longestTimeout = 2 ** 31 - 1;

function refuseLimits(spec: RouteSpec): void {
  refuseOutside(spec, "timeout", 1, longestTimeout, "a number of milliseconds");
  refuseOutside(spec, "bodyTimeout", 0, longestTimeout, "a number of milliseconds");
  refuseOutside(spec, "bodyLimit", 0, Number.MAX_SAFE_INTEGER, "a number of bytes");
}

function refuseOutside(
  spec: RouteSpec,
  name: "timeout" | "bodyTimeout" | "bodyLimit",
  least: number,
  most: number,
  what: string,
): void {
  const value = spec[name];
  if (value === undefined || (value >= least && value <= most)) return;
  throw new ConfigurationError(
    `${spec.handler.name}: a route's ${name} is ${what} from ${least} to ${most}, got ${String(value)}`,
  );
}
