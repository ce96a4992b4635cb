import { runInRequest } from "../context.js";
import type { BlockedLoopWatch } from "./blocked-loop.js";
import type { Exchange, HookRunner } from "./exchange.js";
import type { RequestHandler } from "./handler.js";
import type { RouteTarget } from "./route-table.js";

/**
 * Lets what has taken a request's connection over go on, until it has ended: its hooks are the handler's, and run as the
 * request's verb does.
 */
export async function runSuccessor(
  handler: RequestHandler,
  { name, plan }: RouteTarget,
  exchange: Exchange,
  watch: BlockedLoopWatch | undefined,
): Promise<void> {
  // Services find the request by its context, as in a verb.
  const plain: HookRunner = (_hook, call) => (plan.dependenciesCallExecutor ? runInRequest(exchange, call) : call());
  await exchange.successor?.run(watch === undefined ? plain : watched(handler, name, plain, watch));
}

/** In development: a hook that holds the event loop is named. */
function watched(handler: RequestHandler, owner: string, run: HookRunner, watch: BlockedLoopWatch): HookRunner {
  return async (hook, call) => {
    const code = Reflect.get(handler, hook) as Function | undefined;
    watch.enter();
    const returned = run(hook, call);
    watch.ran(owner, code);
    await returned;
    watch.resumed(owner, code);
  };
}
