import { runInRequest } from "../context.js";
import { Finish } from "../errors.js";
import { willRefuse } from "./authentication.js";
import type { RequestHandler } from "./handler.js";
import type { Passage } from "./middleware-table.js";
import type { RouteTarget } from "./route-table.js";
import { writeResult } from "./values.js";
import type { Verb } from "./verbs.js";

/** What the path gives to the verb. */
export type PathArguments = readonly (string | undefined)[];

/** What goes on after a call has returned; undefined when all is done, which a request that waits for nothing is at once. */
export type Work = Promise<void> | undefined;

/**
 * `prepare`, the body of a handler that takes it as it comes in, and the verb with what it returns: what middleware stands around.
 *
 * @param verb undefined: an OPTIONS request to a handler that has no such verb.
 * @returns what goes on after it has returned; undefined when it waits for nothing.
 */
export function answer(
  passage: Passage,
  target: RouteTarget,
  verb: Verb | undefined,
  pathArguments: PathArguments,
): Work {
  const { handler, exchange } = passage;
  if (verb === undefined) return answerOptions(passage, target);
  if (handler.prepare !== undefined || target.receivesData) return answerPrepared(passage, target, verb, pathArguments);
  // Middleware may have answered and gone on all the same.
  return exchange.response.finished ? undefined : runVerb(passage, target, verb, pathArguments);
}

async function answerPrepared(
  passage: Passage,
  target: RouteTarget,
  verb: Verb,
  pathArguments: PathArguments,
): Promise<void> {
  const { handler, exchange } = passage;
  if (handler.prepare !== undefined && !exchange.response.finished) await prepare(passage, target);
  if (exchange.response.finished) return;
  if (target.receivesData && !willRefuse(verb, handler)) await receiveData(passage, target);
  if (!exchange.response.finished) await runVerb(passage, target, verb, pathArguments);
}

function runVerb(passage: Passage, { name, plan }: RouteTarget, verb: Verb, pathArguments: PathArguments): Work {
  const { handler, exchange, watch } = passage;
  const args = pathArguments as (string | undefined)[];
  // Services find the request by its context; nobody pays for one who has no service that asks.
  const returned = plan.dependenciesCallExecutor
    ? runInRequest(exchange, () => verb.apply(handler, args))
    : verb.apply(handler, args);
  watch?.ran(name, verb);
  return isPromise(returned) ? written(returned, passage, name, verb) : writeResult(returned, passage);
}

async function written(returned: PromiseLike<unknown>, passage: Passage, name: string, verb: Verb): Promise<void> {
  const result = await returned;
  passage.watch?.resumed(name, verb);
  await writeResult(result, passage);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
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
function answerOptions({ handler, exchange }: Passage, { allow }: RouteTarget): undefined {
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
