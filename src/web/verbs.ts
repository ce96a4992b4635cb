import { ConfigurationError } from "../errors.js";
import { RequestHandler } from "./handler.js";

/** A verb's method of some handler; it is called with the handler as `this`. */
export type Verb = (this: RequestHandler, ...pathArguments: (string | undefined)[]) => unknown;

/** A concrete handler class. */
// oxlint-disable-next-line typescript/no-explicit-any -- a handler is accepted whatever its constructor takes
export type HandlerClass = new (...args: any[]) => RequestHandler;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** What a handler class answers: read from the class once, at start, so that no request looks a name up on a handler. */
export interface VerbTable {
  readonly verbs: ReadonlyMap<string, Verb>;
  /** The value of `Allow`. */
  readonly allow: string;
}

/**
 * Reads the verbs of a class, inherited ones included. HEAD runs `get` unless the class has its own.
 *
 * @throws ConfigurationError when a verb is not a method, or there is none.
 */
export function verbTable(target: HandlerClass): VerbTable {
  const verbs = new Map<string, Verb>();
  for (const method of methods) {
    const verb = verbOf(target, method.toLowerCase());
    if (verb !== undefined) verbs.set(method, verb);
  }
  if (verbs.size === 0) {
    throw new ConfigurationError(
      `${target.name} answers nothing: write at least one verb as a method (get, post, put, …)`,
    );
  }
  const get = verbs.get("GET");
  if (get !== undefined && !verbs.has("HEAD")) verbs.set("HEAD", get);
  return { verbs, allow: methods.filter((method) => method === "OPTIONS" || verbs.has(method)).join(", ") };
}

function verbOf(target: HandlerClass, name: string): Verb | undefined {
  const member = (target.prototype as unknown as Record<string, unknown>)[name];
  if (member === undefined) return undefined;
  if (typeof member === "function") return member as Verb;
  throw new ConfigurationError(`${target.name}.${name} must be a method, it is a ${typeof member}`);
}
