/// <reference types="reflect-metadata" />
import type { Class } from "./concurrent.js";
import type { CorsOptions } from "./cors-options.js";
import { library } from "./on-demand.js";

/** The only file that calls `Reflect.*Metadata`: what decorators record on a class, and how it is read back. */

// An `import` of it costs a thread 1.2 MB and a fifth of its start (measured on 20).
library("reflect-metadata");

const parameterTypes = "design:paramtypes";
/** Where tsyringe's `@inject` records its tokens until a class decorator of tsyringe merges them into the types. */
const tsyringeTokens = "injectionTokens";
const routes = Symbol("waterspout:routes");
const executorMethods = Symbol("waterspout:executor-methods");
const streamedBody = Symbol("waterspout:streamed-body");
const middleware = Symbol("waterspout:middleware");
const authenticated = Symbol("waterspout:authenticated");

/**
 * What the constructor of `target` asks for, one entry per parameter: a class, a token, or one of tsyringe's descriptors.
 * Undefined when the compiler recorded nothing, because there is no decorator on the class or the build drops metadata.
 *
 * A copy is returned: tsyringe writes tokens into the compiler's own array.
 */
export function constructorParameters(target: Class): readonly unknown[] | undefined {
  const owner = metadataOwner(target, parameterTypes);
  if (owner === undefined) return undefined;
  const parameters = [...(Reflect.getOwnMetadata(parameterTypes, owner) as unknown[])];
  const tokens = (Reflect.getOwnMetadata(tsyringeTokens, owner) ?? {}) as Record<string, unknown>;
  for (const [index, token] of Object.entries(tokens)) parameters[Number(index)] = token;
  return parameters;
}

/** The nearest class in the chain that has its own entry: a subclass without a constructor uses its parent's. */
function metadataOwner(target: Class, key: string): Class | undefined {
  return chainOf(target).find((owner) => Reflect.hasOwnMetadata(key, owner));
}

/** One `@Route` of a class. */
export interface RouteMetadata {
  readonly pattern: string | RegExp;
  readonly name?: string;
  readonly host?: string | RegExp;
  readonly timeout?: number;
  readonly bodyLimit?: number;
  readonly bodyTimeout?: number;
  readonly cors?: CorsOptions | false;
}

/** Adds a route to the class; the first in the source is the first in the list. */
export function recordRoute(target: Class, route: RouteMetadata): void {
  // Decorators are applied from the bottom up, so each new one goes in front.
  Reflect.defineMetadata(routes, [route, ...routesOf(target)], target);
}

/** The routes written on the class itself; a subclass does not answer its parent's paths. */
export function routesOf(target: Class): readonly RouteMetadata[] {
  return (Reflect.getOwnMetadata(routes, target) as RouteMetadata[] | undefined) ?? [];
}

/** Records that the class takes the bodies of its requests as they come in. */
export function recordStreamedBody(target: Class): void {
  Reflect.defineMetadata(streamedBody, true, target);
}

/** Whether the class, or a parent of it, takes bodies as they come in. */
export function takesStreamedBody(target: Class): boolean {
  return Reflect.getMetadata(streamedBody, target) === true;
}

/** Records that `method` of the class runs on an executor, with the decorator's options. */
export function recordExecutorMethod(target: Class, method: string, options: object): void {
  const own = (Reflect.getOwnMetadata(executorMethods, target) ?? new Map()) as Map<string, object>;
  Reflect.defineMetadata(executorMethods, own.set(method, options), target);
}

/** The executor methods of a class by name, inherited ones included. Empty for most classes. */
export function executorMethodsOf(target: Class): ReadonlyMap<string, object> {
  const found = new Map<string, object>();
  for (const owner of chainOf(target)) {
    const own = Reflect.getOwnMetadata(executorMethods, owner) as Map<string, object> | undefined;
    for (const [name, options] of own ?? []) if (!found.has(name)) found.set(name, options);
  }
  return found;
}

/** What stands around a class, under undefined, and around its verbs, under their names. */
type MiddlewareLists = Map<string | undefined, readonly unknown[]>;

/** Adds middleware to the class, or to one of its verbs; the first in the source is the outermost. */
export function recordMiddleware(target: Class, verb: string | undefined, added: readonly unknown[]): void {
  const own = (Reflect.getOwnMetadata(middleware, target) ?? new Map()) as MiddlewareLists;
  // As with routes: what is applied later stands further up.
  Reflect.defineMetadata(middleware, own.set(verb, [...added, ...(own.get(verb) ?? [])]), target);
}

/**
 * The middleware of a class, or of one of its verbs, outermost first. That of parent classes comes first; a verb that a
 * subclass writes anew has its own alone.
 */
export function middlewareOf(target: Class, verb: string | undefined): readonly unknown[] {
  const owners =
    verb === undefined
      ? chainOf(target)
      : chainOf(target)
          .filter((owner) => Object.hasOwn(owner.prototype, verb))
          .slice(0, 1);
  return owners.toReversed().flatMap((owner) => {
    const own = Reflect.getOwnMetadata(middleware, owner) as MiddlewareLists | undefined;
    return own?.get(verb) ?? [];
  });
}

/** Records that a verb of the class, or under undefined all of them, is for those who are logged in. */
export function recordAuthenticated(target: Class, verb: string | undefined): void {
  const own = (Reflect.getOwnMetadata(authenticated, target) ?? []) as (string | undefined)[];
  Reflect.defineMetadata(authenticated, [...own, verb], target);
}

/** The verbs of a class that are for those who are logged in, those of parent classes too; undefined stands for all. */
export function authenticatedOf(target: Class): ReadonlySet<string | undefined> {
  return new Set(
    chainOf(target).flatMap((owner) => (Reflect.getOwnMetadata(authenticated, owner) ?? []) as (string | undefined)[]),
  );
}

/** The class and its parents, the nearest first. */
function chainOf(target: Class): Class[] {
  const chain: Class[] = [];
  let current: unknown = target;
  while (typeof current === "function" && current !== Function.prototype) {
    chain.push(current as Class);
    current = Object.getPrototypeOf(current);
  }
  return chain;
}
