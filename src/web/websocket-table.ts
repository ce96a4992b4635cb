import { ConfigurationError } from "../errors.js";
import type { ApplicationDefinition } from "./application.js";
import type { RouteSpec } from "./route.js";
import type { HandlerClass } from "./verbs.js";
import { WebSocketHandler } from "./websocket-handler.js";
import { type WebSocketSettings, webSocketSettings } from "./websocket-options.js";

/** An async one would say yes to everybody, for a promise is true. */
const synchronousHooks = ["checkOrigin", "selectSubprotocol"] as const;

/**
 * The settings of each handler class that opens WebSockets.
 *
 * @throws ConfigurationError for options that contradict a rule, hooks that must not be async, and a class without `onMessage`.
 */
export function webSocketSettingsOf(
  { websocket, defaultHandler }: ApplicationDefinition,
  routes: readonly RouteSpec[],
): ReadonlyMap<HandlerClass, WebSocketSettings> {
  const handlers = [...routes.map(({ handler }) => handler), ...(defaultHandler === undefined ? [] : [defaultHandler])];
  const table = new Map<HandlerClass, WebSocketSettings>();
  for (const handler of handlers) {
    if (!(handler.prototype instanceof WebSocketHandler)) continue;
    checkHooks(handler);
    table.set(handler, webSocketSettings(`${handler.name}.websocket`, websocket, handler.websocket));
  }
  // Without a handler for them, too, a mistake in their options is said.
  if (table.size === 0) webSocketSettings("websocket", websocket);
  return table;
}

function checkHooks({ name, prototype }: HandlerClass): void {
  const handler = prototype as WebSocketHandler;
  for (const hook of synchronousHooks) {
    if (Object.prototype.toString.call(handler[hook]) !== "[object AsyncFunction]") continue;
    throw new ConfigurationError(`${name}.${hook}() must not be async: what has to be awaited belongs into prepare()`);
  }
  if (typeof handler.onMessage === "function") return;
  throw new ConfigurationError(`${name} has no onMessage(message), which a WebSocketHandler needs`);
}
