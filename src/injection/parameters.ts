import type { Class } from "../concurrent.js";
import { constructorParameters } from "../metadata.js";
import { nameOf } from "./model.js";
import type { Path } from "./path.js";

/** What one constructor parameter asks for. */
export interface Parameter {
  /** Anything at all: what the compiler recorded may be no token. */
  readonly token: unknown;
  /** `@injectAll`: an array of everything registered under the token. */
  readonly all: boolean;
  readonly optional: boolean;
  /** `@injectWithTransform`: the token of the transformer and what else its `transform` is given. */
  readonly transform: { readonly token: unknown; readonly args: readonly unknown[] } | undefined;
}

/** tsyringe's descriptors, as its parameter decorators record them. */
interface Descriptor {
  readonly token: unknown;
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
  readonly transform?: unknown;
  readonly transformArgs?: readonly unknown[];
}

const noMetadata =
  "Put a decorator on the class (@Route, or tsyringe's @injectable() or @singleton()) and build with tsc and " +
  "emitDecoratorMetadata: tsx, esbuild and Node's own type stripping drop the types of parameters.";

/**
 * What the constructor of `target` asks for, in order.
 *
 * @throws InjectionError when the constructor has parameters of which nothing is recorded.
 */
export function parametersOf(target: Class, path: Path): readonly Parameter[] {
  const recorded = constructorParameters(target);
  const name = nameOf(target);
  if (recorded === undefined) {
    if (target.length === 0) return [];
    throw path.fault(`${name} has ${parameters(target.length)}, and the compiler recorded nothing of it`, noMetadata);
  }
  if (target.length > recorded.length) {
    throw path.fault(
      `${name} has ${parameters(target.length)}, and the compiler recorded ${recorded.length}, of a class that it extends`,
      `Put a decorator on ${name} itself, for example @injectable().`,
    );
  }
  return Array.from(recorded, parameterOf);
}

function parameters(count: number): string {
  return `${count} constructor parameter${count === 1 ? "" : "s"}`;
}

function parameterOf(recorded: unknown): Parameter {
  if (!isDescriptor(recorded)) return { token: recorded, all: false, optional: false, transform: undefined };
  const { token, multiple = false, isOptional = false, transform, transformArgs = [] } = recorded;
  return {
    token,
    all: multiple,
    optional: isOptional,
    transform: transform === undefined ? undefined : { token: transform, args: transformArgs },
  };
}

function isDescriptor(recorded: unknown): recorded is Descriptor {
  return typeof recorded === "object" && recorded !== null && "token" in recorded;
}

/** How a parameter is written in a path: `Clock`, `all of "plugin"`. */
export function describeParameter({ token, all, transform }: Parameter): string {
  const asked = all ? `all of ${nameOf(token)}` : nameOf(token);
  return transform === undefined ? asked : `${asked}, transformed by ${nameOf(transform.token)}`;
}

const erased = new Set<unknown>([Object, Function, String, Number, Boolean, Symbol, BigInt, Array, Promise]);

/** True for what the compiler leaves behind where a parameter's type is no class at run time. */
export function isErased(token: unknown): boolean {
  return typeof token !== "function" || erased.has(token);
}
