import { Scope } from "../container.js";
import { runInRequest } from "../context.js";
import { type CallRouter, bindCalls } from "../decorators/calls.js";
import { Finish, HTTPError, ResponseError } from "../errors.js";
import { checkedTag } from "../http/etag.js";
import { hasBody } from "../http/framing.js";
import type { ResponseWriter } from "../http/response.js";
import { willRefuse } from "./authentication.js";
import type { BlockedLoopWatch } from "./blocked-loop.js";
import type { Exchange } from "./exchange.js";
import { concludeRequest, failRequest, logEnd, runHook } from "./failure.js";
import { type HandlerApplication, type RequestHandler, attach } from "./handler.js";
import * as tools from "./handler-tools.js";
import type { Passage } from "./middleware-table.js";
import type { RouteTarget } from "./route-table.js";
import { runSuccessor } from "./successor.js";
import { writeResult } from "./values.js";
import type { Verb } from "./verbs.js";

/** What requests of one application share. */
export interface DispatchContext {
  readonly application: HandlerApplication;
  readonly router: CallRouter;
  readonly accessLog: boolean;
  /** In development alone: production pays nothing for it. */
  readonly blockedLoop: BlockedLoopWatch | undefined;
}

type PathArguments = readonly (string | undefined)[];

/**
 * Serves one request with a route's handler: construct, setDefaultHeaders, initialize, method check, body, XSRF, middleware,
 * prepare, verb, finish. All of it is inside one boundary, and whatever happens the request ends with one line in the access log and one
 * `onFinish`. Never rejects.
 */
export async function serveRequest(
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  context: DispatchContext,
): Promise<void> {
  applyLimits(exchange, target);
  const scope = target.scoped ? new Scope() : undefined;
  let handler: RequestHandler | undefined;
  context.blockedLoop?.enter(exchange.request.started);
  try {
    handler = construct(target, exchange, pathArguments, context, scope);
    const passage = { handler, exchange, scope, watch: context.blockedLoop };
    const work = run(passage, target, pathArguments);
    await (target.timeout === undefined ? work : withinTimeout(target.timeout, target, passage, work));
  } catch (error) {
    noteReturn(target, exchange, context.blockedLoop);
    failRequest(handler, exchange, error);
  }
  if (exchange.successor !== undefined && handler !== undefined) {
    logEnd(exchange, context.accessLog);
    await runSuccessor(handler, target, exchange, context.blockedLoop);
  }
  const concluded = concludeRequest(handler, exchange, context.accessLog);
  if (scope === undefined && !exchange.holdsBody) return;
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

async function run(passage: Passage, target: RouteTarget, pathArguments: PathArguments): Promise<void> {
  const { handler, exchange, watch } = passage;
  const { method } = exchange.request;
  handler.setDefaultHeaders();
  handler.initialize?.(target.args);
  const verb = target.verbs.get(method) ?? target.other;
  if (verb === undefined && method !== "OPTIONS")
    throw new HTTPError(405, undefined, { headers: { Allow: target.allow } });
  if (verb !== undefined && !target.leavesBody && hasBody(exchange.message)) {
    await exchange.body.read();
    watch?.enter();
  }
  if (handler.application.trust.checksXsrf(method) && target.verbs.has(method)) handler.checkXsrfCookie();
  const around = target.middleware.around(method);
  const respond = (): Promise<void> =>
    verb === undefined ? answerOptions(passage, target) : answer(passage, target, verb, pathArguments);
  await (around === undefined ? respond() : around(passage, respond));
  return exchange.response.finished ? undefined : finish(handler, exchange);
}

/** `prepare` and the verb: what middleware stands around. */
async function answer(passage: Passage, target: RouteTarget, verb: Verb, pathArguments: PathArguments): Promise<void> {
  const { handler, exchange, watch } = passage;
  // Middleware may have answered and gone on all the same.
  if (handler.prepare !== undefined && !exchange.response.finished) await prepare(passage, target);
  if (exchange.response.finished) return;
  if (target.receivesData && !willRefuse(verb, handler)) await receiveData(passage, target);
  if (exchange.response.finished) return;
  const call = (): unknown => verb.apply(handler, pathArguments as (string | undefined)[]);
  // Services find the request by its context; nobody pays for one who has no service that asks.
  const returned = target.plan.dependenciesCallExecutor ? runInRequest(exchange, call) : call();
  watch?.ran(target.name, verb);
  const result = await returned;
  if (result !== returned) watch?.resumed(target.name, verb);
  await writeResult(result, passage);
}

/** The body of a handler that takes it as it comes in. */
async function receiveData({ handler, exchange, watch }: Passage, { name }: RouteTarget): Promise<void> {
  const received = exchange.body.consume((chunk) => {
    watch?.enter();
    const taken = handler.dataReceived?.(chunk);
    watch?.ran(name, methodOf(handler, "dataReceived"));
    return taken;
  });
  // Who has answered in the middle has ended the reading.
  await received.catch((error: unknown) => {
    if (!(error instanceof Finish && exchange.response.finished)) throw error;
  });
  watch?.enter();
}

/** An OPTIONS request to a handler that has no such verb. */
async function answerOptions({ handler, exchange }: Passage, { allow }: RouteTarget): Promise<void> {
  if (exchange.response.finished) return;
  handler.setStatus(204);
  handler.setHeader("Allow", allow);
}

async function prepare({ handler, watch }: Passage, { name }: RouteTarget): Promise<void> {
  const returned = handler.prepare?.();
  watch?.ran(name, methodOf(handler, "prepare"));
  await returned;
  watch?.resumed(name, methodOf(handler, "prepare"));
}

function methodOf(handler: RequestHandler, name: "prepare" | "dataReceived"): Function | undefined {
  return Reflect.get(handler, name) as Function | undefined;
}

/** Nobody waits for a client to take its answer; only an override of `finish` that is async is waited for. */
function finish(handler: RequestHandler, { response }: Exchange): Promise<void> | undefined {
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
function withinTimeout(
  limit: number,
  target: RouteTarget,
  { handler, exchange, watch }: Passage,
  work: Promise<void>,
): Promise<void> {
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
