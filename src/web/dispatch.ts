import { Scope } from "../container.js";
import { type CallRouter, bindCalls } from "../decorators/calls.js";
import { HTTPError, ResponseError } from "../errors.js";
import { checkedTag } from "../http/etag.js";
import { hasBody } from "../http/framing.js";
import type { ResponseWriter } from "../http/response.js";
import type { BlockedLoopWatch } from "./blocked-loop.js";
import type { Exchange } from "./exchange.js";
import { concludeRequest, failRequest, logEnd, runHook } from "./failure.js";
import { type HandlerApplication, type RequestHandler, attach } from "./handler.js";
import { handlerTools as tools } from "./handler-tools.js";
import type { Passage } from "./middleware-table.js";
import type { RouteTarget } from "./route-table.js";
import { type PathArguments, type Work, answer } from "./run-verb.js";
import { runSuccessor } from "./successor.js";
import type { Verb } from "./verbs.js";

/** What requests of one application share. */
export interface DispatchContext {
  readonly application: HandlerApplication;
  readonly router: CallRouter;
  readonly accessLog: boolean;
  /** In development alone: production pays nothing for it. */
  readonly blockedLoop: BlockedLoopWatch | undefined;
}

/**
 * Serves one request with a route's handler: construct, setDefaultHeaders, initialize, method check, body, XSRF, middleware,
 * prepare, verb, finish. All of it is inside one boundary, and whatever happens the request ends with one line in the access log and one
 * `onFinish`. Never throws, never rejects.
 *
 * A verb that is no `async` one is answered before this returns: each promise on the way would be paid by every request.
 *
 * @returns what the request still does; undefined when it has ended.
 */
export function serveRequest(
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  context: DispatchContext,
): Work {
  applyLimits(exchange, target);
  const scope = target.scoped ? new Scope() : undefined;
  const course: Course = { target, exchange, scope, context, handler: undefined };
  context.blockedLoop?.enter(exchange.request.started);
  try {
    const handler = (course.handler = construct(target, exchange, pathArguments, context, scope));
    const passage = { handler, exchange, scope, watch: context.blockedLoop };
    const work = run(passage, target, pathArguments);
    if (work !== undefined) return concludeLater(course, limited(passage, target, work));
  } catch (error) {
    fail(course, error);
  }
  return conclude(course);
}

/** One request on its way through its handler. */
interface Course {
  readonly target: RouteTarget;
  readonly exchange: Exchange;
  readonly scope: Scope | undefined;
  readonly context: DispatchContext;
  handler: RequestHandler | undefined;
}

async function concludeLater(course: Course, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    fail(course, error);
  }
  const concluding = conclude(course);
  if (concluding !== undefined) await concluding;
}

function fail({ target, exchange, context, handler }: Course, error: unknown): void {
  noteReturn(target, exchange, context.blockedLoop);
  failRequest(handler, exchange, error);
}

function conclude(course: Course): Work {
  const { exchange, handler, scope, context } = course;
  if (exchange.successor !== undefined && handler !== undefined) return concludeSucceeded(course, handler);
  const concluded = concludeRequest(handler, exchange, context.accessLog);
  return scope === undefined && !exchange.holdsBody ? undefined : release(course, concluded);
}

async function concludeSucceeded(course: Course, handler: RequestHandler): Promise<void> {
  const { target, exchange, context } = course;
  logEnd(exchange, context.accessLog);
  await runSuccessor(handler, target, exchange, context.blockedLoop);
  await release(course, concludeRequest(handler, exchange, context.accessLog));
}

/** Ends what the request held, when its last hook has. */
async function release({ exchange, scope }: Course, concluded: Work): Promise<void> {
  await concluded;
  if (exchange.holdsBody) await runHook(() => exchange.body.end());
  await scope?.dispose();
}

/** The handler's code has ended somewhere, or its time has. */
function noteReturn(target: RouteTarget, { request }: Exchange, watch: BlockedLoopWatch | undefined): void {
  watch?.came(target.name, target.verbs.get(request.method));
}

/** What the route says in the place of the application's settings. */
function applyLimits(exchange: Exchange, { timeout, bodyLimit, bodyTimeout }: RouteTarget): void {
  exchange.timeout = timeout;
  if (bodyLimit !== undefined) exchange.body.limit = bodyLimit;
  if (bodyTimeout !== undefined) exchange.body.timeout = bodyTimeout;
}

function construct(
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  { application, router }: DispatchContext,
  scope: Scope | undefined,
): RequestHandler {
  const handler = target.plan.create(scope);
  attach(handler, { exchange, application, pathArguments, tools });
  if (target.computesEtag) exchange.response.tagger = (body) => checkedTag(handler.computeEtag(body));
  if (target.callsExecutor) bindCalls(handler, { router, request: exchange });
  if (handler.onConnectionClose !== undefined) {
    exchange.onClientClosed = () => void runHook(() => handler.onConnectionClose?.());
  }
  return handler;
}

function run(passage: Passage, target: RouteTarget, pathArguments: PathArguments): Work {
  const { handler, exchange } = passage;
  const { method } = exchange.request;
  handler.setDefaultHeaders();
  handler.initialize?.(target.args);
  const verb = target.verbs.get(method) ?? target.other;
  if (verb === undefined && method !== "OPTIONS")
    throw new HTTPError(405, undefined, { headers: { Allow: target.allow } });
  if (verb === undefined || target.leavesBody || !hasBody(exchange.message)) {
    return respond(passage, target, verb, pathArguments);
  }
  return exchange.body.read(() => {
    passage.watch?.enter();
    return respond(passage, target, verb, pathArguments);
  });
}

/** XSRF, then middleware around `prepare` and the verb, then the end of the answer. */
function respond(passage: Passage, target: RouteTarget, verb: Verb | undefined, pathArguments: PathArguments): Work {
  const { handler, exchange } = passage;
  const { method } = exchange.request;
  if (handler.application.trust.checksXsrf(method) && target.verbs.has(method)) handler.checkXsrfCookie();
  const around = target.middleware.around(method);
  const work =
    around === undefined
      ? answer(passage, target, verb, pathArguments)
      : around(passage, async () => answer(passage, target, verb, pathArguments));
  return work === undefined ? finish(handler, exchange) : work.then(() => finish(handler, exchange));
}

/** Nobody waits for a client to take its answer; only an override of `finish` that is async is waited for. */
function finish(handler: RequestHandler, { response }: Exchange): Work {
  if (response.finished) return undefined;
  const finishing = handler.finish();
  return response.finished ? undefined : finished(finishing, handler, response);
}

async function finished(finishing: Promise<void>, handler: RequestHandler, response: ResponseWriter): Promise<void> {
  await finishing;
  if (!response.finished) throw new ResponseError(`${handler.constructor.name}.finish() did not call super.finish()`);
}

/**
 * Answers 503 when the route's time is up; the verb's promise is left alone, its signal has aborted. Here and now: a verb that
 * returns because of the signal must not be the quicker one.
 */
function limited({ handler, exchange, watch }: Passage, target: RouteTarget, work: Promise<void>): Promise<void> {
  const { timeout: limit } = target;
  if (limit === undefined) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Whoever was answered in time may go on.
      if (exchange.response.finished) return;
      noteReturn(target, exchange, watch);
      const error = new HTTPError(503, `no answer within ${limit} ms`);
      if (exchange.outcome === "completed") exchange.outcome = "timeout";
      exchange.abort(error);
      failRequest(handler, exchange, error);
      resolve();
    }, limit);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
