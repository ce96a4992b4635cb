import { ConfigurationError, HTTPError } from "../errors.js";
import { authenticatedOf, takesStreamedBody } from "../metadata.js";
import { anyVerb, leavesBody } from "./any-verb.js";
import { guarded } from "./authentication.js";
import { RequestHandler } from "./handler.js";
import type { WebSocketOptions } from "./websocket-options.js";

/** A verb's method of some handler; it is called with the handler as `this`. */
export type Verb = (this: RequestHandler, ...pathArguments: (string | undefined)[]) => unknown;

/** A concrete handler class. */
export interface HandlerClass {
  // oxlint-disable-next-line typescript/no-explicit-any -- a handler is accepted whatever its constructor takes
  new (...args: any[]): RequestHandler;
  /**
   * Runs once for each route of the class, when the application starts to serve, with what `initialize` will be given: throw
   * a ConfigurationError for arguments that cannot work.
   */
  checkArguments?(args: never, pattern: string | RegExp): void;
  /** Of a `WebSocketHandler`: how its sockets are kept. */
  readonly websocket?: WebSocketOptions;
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** What a handler class answers: read from the class once, at start, so that no request looks a name up on a handler. */
export interface VerbTable {
  readonly verbs: ReadonlyMap<string, Verb>;
  /** What answers every other method; undefined: 405. */
  readonly other: Verb | undefined;
  /** The value of `Allow`. */
  readonly allow: string;
  /** Whether the verbs do without `request.body`. */
  readonly leavesBody: boolean;
}

/**
 * Reads the verbs of a class, inherited ones included, and guards those that are `@Authenticated`. HEAD runs `get` unless the
 * class has its own.
 *
 * @throws ConfigurationError when a verb is not a method, when there is none, or when something else is to be guarded.
 */
export function verbTable(target: HandlerClass): VerbTable {
  const table = tableOf(target);
  if (table.verbs.size > 0 || table.other !== undefined) return table;
  throw new ConfigurationError(
    `${target.name} answers nothing: write at least one verb as a method (get, post, put, …)`,
  );
}

/** The same for paths without a route: to whatever the class does not answer, it says 404. */
export function unmatchedVerbs(target: HandlerClass): VerbTable {
  const table = tableOf(target);
  return { ...table, other: table.other ?? notFound, leavesBody: table.leavesBody || table.verbs.size === 0 };
}

function notFound(): never {
  throw new HTTPError(404);
}

function tableOf(target: HandlerClass): VerbTable {
  const verbs = new Map<string, Verb>();
  const guards = guardsOf(target);
  for (const method of methods) {
    const verb = verbOf(target, method.toLowerCase(), guards);
    if (verb !== undefined) verbs.set(method, verb);
  }
  const get = verbs.get("GET");
  if (get !== undefined && !verbs.has("HEAD")) verbs.set("HEAD", get);
  const allow = methods.filter((method) => method === "OPTIONS" || verbs.has(method)).join(", ");
  const leaves = leavesBody in target || takesStreamedBody(target);
  return { verbs, other: verbOf(target, anyVerb, guards), allow, leavesBody: leaves };
}

type Guards = ReadonlySet<string | symbol | undefined>;

function verbOf(target: HandlerClass, name: string | symbol, guards: Guards): Verb | undefined {
  const member = (target.prototype as unknown as Record<string | symbol, unknown>)[name];
  if (member === undefined) return undefined;
  if (typeof member === "function")
    return guards.has(undefined) || guards.has(name) ? guarded(member as Verb) : (member as Verb);
  throw new ConfigurationError(`${target.name}.${String(name)} must be a method, it is a ${typeof member}`);
}

function guardsOf(target: HandlerClass): Guards {
  const guards = authenticatedOf(target);
  for (const name of guards) {
    if (name === undefined || methods.some((method) => method.toLowerCase() === name)) continue;
    throw new ConfigurationError(`${target.name}.${name}() is @Authenticated, but only verbs are: get, post, put, …`);
  }
  return guards;
}
