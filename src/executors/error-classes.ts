import { ConfigurationError, errorClasses } from "../errors.js";

/** Any class whose instances are errors. */
export type ErrorClass = abstract new (...args: never[]) => Error;

const natives: readonly ErrorClass[] = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  DOMException,
];
const classes = new Map<string, ErrorClass>([...natives, ...errorClasses].map((type) => [type.name, type]));

/**
 * Lets errors of `type` keep their class when they are thrown in a worker: the caller's `instanceof` holds. Both sides
 * must call it, so call it where the class is defined. Fields must be own, enumerable and cloneable; methods come from
 * the class.
 *
 * @throws ConfigurationError when another class has the name, and for what is no class of errors.
 * @example
 * export class UnknownFormat extends Error { constructor(readonly format: string) { super(`unknown: ${format}`); } }
 * registerError(UnknownFormat);
 */
export function registerError(type: ErrorClass): void {
  if (!isErrorClass(type)) throw refused(String(type), "it is no class of errors: give it one that extends Error");
  if (type.name === "") throw refused("", "a class without a name cannot be found again; name it");
  const known = classes.get(type.name);
  if (known !== undefined && known !== type) {
    throw refused(type.name, "another class of that name is registered; rename one");
  }
  classes.set(type.name, type);
}

/** The class that was registered under `name`, else `Error`. */
export function errorClass(name: string): ErrorClass {
  return classes.get(name) ?? Error;
}

/** The registered class of an error: its own, or the nearest one that it extends. */
export function nearestErrorClass(error: Error): string {
  for (let prototype = Object.getPrototypeOf(error) as object | null; prototype !== null;) {
    const { constructor: type } = prototype as { constructor?: ErrorClass };
    if (type !== undefined && classes.get(type.name) === type) return type.name;
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return "Error";
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && (value === Error || value.prototype instanceof Error);
}

function refused(name: string, why: string): ConfigurationError {
  return new ConfigurationError(`registerError(${name}): ${why}`);
}
