import "reflect-metadata";
import type { Class } from "./concurrent.js";

/** The only file that calls `Reflect.*Metadata`: what decorators record on a class, and how it is read back. */

const parameterTypes = "design:paramtypes";
/** Where tsyringe's `@inject` records its tokens until a class decorator of tsyringe merges them into the types. */
const tsyringeTokens = "injectionTokens";
const routes = Symbol("waterspout:routes");
const executorMethods = Symbol("waterspout:executor-methods");

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
  let current: unknown = target;
  while (typeof current === "function" && current !== Function.prototype) {
    if (Reflect.hasOwnMetadata(key, current)) return current as Class;
    current = Object.getPrototypeOf(current);
  }
  return undefined;
}

/** One `@Route` of a class. */
export interface RouteMetadata {
  readonly pattern: string | RegExp;
  readonly name?: string;
  readonly host?: string | RegExp;
  readonly timeout?: number;
  readonly bodyLimit?: number;
  readonly bodyTimeout?: number;
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

/** Records that `method` of the class runs on an executor, with the decorator's options. */
export function recordExecutorMethod(target: Class, method: string, options: object): void {
  const own = (Reflect.getOwnMetadata(executorMethods, target) ?? new Map()) as Map<string, object>;
  Reflect.defineMetadata(executorMethods, own.set(method, options), target);
}

/** The executor methods of a class by name, inherited ones included. Empty for most classes. */
export function executorMethodsOf(target: Class): ReadonlyMap<string, object> {
  const found = new Map<string, object>();
  let current: unknown = target;
  while (typeof current === "function" && current !== Function.prototype) {
    const own = Reflect.getOwnMetadata(executorMethods, current) as Map<string, object> | undefined;
    for (const [name, options] of own ?? []) if (!found.has(name)) found.set(name, options);
    current = Object.getPrototypeOf(current);
  }
  return found;
}
