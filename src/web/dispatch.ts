import { Scope } from "../container.js";
import { runInRequest } from "../context.js";
import { type CallRouter, bindCalls } from "../decorators/calls.js";
import { HTTPError } from "../errors.js";
import { hasBody } from "../http/framing.js";
import type { Exchange } from "./exchange.js";
import { type HandlerApplication, type RequestHandler, attach } from "./handler.js";
import { concludeRequest, failRequest, runHook } from "./failure.js";
import type { RouteTarget } from "./route-table.js";
import { isStreamed, sendStreamed } from "./values.js";

/** What requests of one application share. */
export interface DispatchContext {
  readonly application: HandlerApplication;
  readonly router: CallRouter;
  readonly accessLog: boolean;
  /** Reads the request's body; called only when there is one. */
  readBody(exchange: Exchange): Promise<void>;
}

type PathArguments = readonly (string | undefined)[];

/**
 * Serves one request with a route's handler: construct, initialize, method check, body, prepare, verb, finish. All of it is
 * inside one boundary, and whatever happens the request ends with one line in the access log and one `onFinish`.
 * Never rejects.
 */
export async function serveRequest(
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  context: DispatchContext,
): Promise<void> {
  const scope = target.plan.scoped ? new Scope() : undefined;
  let handler: RequestHandler | undefined;
  try {
    handler = construct(target, exchange, pathArguments, context, scope);
    await withinTimeout(target.timeout, exchange, run(handler, target, exchange, pathArguments, context));
  } catch (error) {
    failRequest(handler, exchange, error);
  }
  concludeRequest(handler, exchange, context.accessLog);
  await scope?.dispose();
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
  exchange.onClientClosed = () => runHook(() => handler.onConnectionClose?.());
  return handler;
}

async function run(
  handler: RequestHandler,
  target: RouteTarget,
  exchange: Exchange,
  pathArguments: PathArguments,
  context: DispatchContext,
): Promise<void> {
  handler.setDefaultHeaders();
  handler.initialize?.(target.args);
  const verb = target.verbs.get(exchange.request.method);
  if (verb === undefined) return answerWithoutVerb(handler, target, exchange);
  if (hasBody(exchange.message)) await context.readBody(exchange);
  if (handler.prepare !== undefined) await handler.prepare();
  if (exchange.response.finished) return;
  const call = (): unknown => verb.apply(handler, pathArguments as (string | undefined)[]);
  // Services find the request by its context; nobody pays for one who has no service that asks.
  const result = await (target.plan.dependenciesCallExecutor ? runInRequest(exchange, call) : call());
  await answer(handler, exchange, result);
}

async function answer(handler: RequestHandler, { response }: Exchange, result: unknown): Promise<void> {
  if (isStreamed(result)) await sendStreamed(result, response);
  else if (result !== undefined) handler.write(result);
  if (!response.finished) void handler.finish();
}

function answerWithoutVerb(handler: RequestHandler, { allow }: RouteTarget, { request }: Exchange): void {
  const headers = { Allow: allow };
  if (request.method !== "OPTIONS") throw new HTTPError(405, undefined, { headers });
  handler.setStatus(204);
  handler.setHeader("Allow", allow);
  void handler.finish();
}

/** Answers 503 when the route's time is up; the verb's promise is left alone, its signal has aborted. */
async function withinTimeout(limit: number | undefined, exchange: Exchange, work: Promise<void>): Promise<void> {
  if (limit === undefined) return work;
  exchange.timeout = limit;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new HTTPError(503, `no answer within ${limit} ms`);
      exchange.outcome = "timeout";
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

