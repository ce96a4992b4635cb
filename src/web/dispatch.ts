import { Scope } from "../container.js";
import { runInRequest } from "../context.js";
import { type CallRouter, bindCalls } from "../decorators/calls.js";
import { HTTPError, ResponseError } from "../errors.js";
import { hasBody } from "../http/framing.js";
import type { ResponseWriter } from "../http/response.js";
import type { Exchange } from "./exchange.js";
import { concludeRequest, failRequest, runHook } from "./failure.js";
import { type HandlerApplication, type RequestHandler, attach } from "./handler.js";
import type { RouteTarget } from "./route-table.js";
import { isStreamed, sendStreamed } from "./values.js";

/** What requests of one application share. */
export interface DispatchContext {
  readonly application: HandlerApplication;
  readonly router: CallRouter;
  readonly accessLog: boolean;
}

type PathArguments = readonly (string | undefined)[];

/**
 * Serves one request with a route's handler: construct, setDefaultHeaders, initialize, method check, body, prepare, verb,
 * finish. All of it is inside one boundary, and whatever happens the request ends with one line in the access log and one
 * `onFinish`. Never rejects.
 */
export async function serveRequest(
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  context: DispatchContext,
): Promise<void> {
  applyLimits(exchange, target);
  const scope = target.plan.scoped ? new Scope() : undefined;
  let handler: RequestHandler | undefined;
  try {
    handler = construct(target, exchange, pathArguments, context, scope);
    const work = run(handler, target, exchange, pathArguments);
    await (target.timeout === undefined ? work : withinTimeout(target.timeout, exchange, work));
  } catch (error) {
    failRequest(handler, exchange, error);
  }
  const concluded = concludeRequest(handler, exchange, context.accessLog);
  if (scope === undefined) return;
  await concluded;
  await scope.dispose();
}

/** What the route says in the place of the application's settings. */
function applyLimits(exchange: Exchange, { timeout, bodyLimit, bodyTimeout }: RouteTarget): void {
  exchange.timeout = timeout;
  if (bodyLimit !== undefined) exchange.bodyLimit = bodyLimit;
  if (bodyTimeout !== undefined) exchange.bodyTimeout = bodyTimeout;
}

function construct(
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  { application, router }: DispatchContext,
  scope: Scope | undefined,
): RequestHandler {
  const handler = target.plan.create(scope);
  attach(handler, { exchange, application, pathArguments });
  if (target.callsExecutor) bindCalls(handler, { router, request: exchange });
  if (handler.onConnectionClose !== undefined) {
    exchange.onClientClosed = () => void runHook(() => handler.onConnectionClose?.());
  }
  return handler;
}

async function run(
  handler: RequestHandler,
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
): Promise<void> {
  handler.setDefaultHeaders();
  handler.initialize?.(target.args);
  const verb = target.verbs.get(exchange.request.method);
  if (verb === undefined) return answerWithoutVerb(handler, target, exchange);
  if (hasBody(exchange.message)) await exchange.readBody();
  if (handler.prepare !== undefined) await handler.prepare();
  if (exchange.response.finished) return undefined;
  const call = (): unknown => verb.apply(handler, pathArguments as (string | undefined)[]);
  // Services find the request by its context; nobody pays for one who has no service that asks.
  const result = await (target.plan.dependenciesCallExecutor ? runInRequest(exchange, call) : call());
  if (isStreamed(result)) await sendStreamed(result, exchange);
  else if (result !== undefined) handler.write(result);
  return exchange.response.finished ? undefined : finish(handler, exchange);
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

function answerWithoutVerb(
  handler: RequestHandler,
  { allow }: RouteTarget,
  exchange: Exchange,
): Promise<void> | undefined {
  const headers = { Allow: allow };
  if (exchange.request.method !== "OPTIONS") throw new HTTPError(405, undefined, { headers });
  handler.setStatus(204);
  handler.setHeader("Allow", allow);
  return finish(handler, exchange);
}

/** Answers 503 when the route's time is up; the verb's promise is left alone, its signal has aborted. */
async function withinTimeout(limit: number, exchange: Exchange, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // Whoever was answered in time may go on.
      if (exchange.response.finished) return;
      const error = new HTTPError(503, `no answer within ${limit} ms`);
      if (exchange.outcome === "completed") exchange.outcome = "timeout";
      exchange.abort(error);
      reject(error);
    }, limit);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
