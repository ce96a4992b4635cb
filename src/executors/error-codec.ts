import { WaterspoutError } from "../errors.js";
import * as errors from "../errors.js";

/** An error as plain data: whatever survives a structured clone. */
export interface EncodedError {
  /** The registered class that the other side makes again; the nearest one in the chain of classes. */
  readonly type: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause?: EncodedError | { readonly value: unknown };
  readonly errors?: readonly EncodedError[];
  /** Own enumerable fields: `code`, `status`, and whatever the thrower added. Those that cannot be cloned are left out. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Set when what was thrown is not an Error. */
  readonly thrown?: { readonly value: unknown };
}

/** Any class whose instances are errors. */
type ErrorClass = abstract new (...args: never[]) => Error;

const natives: readonly ErrorClass[] = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
const classes = new Map<string, ErrorClass>([...natives, AggregateError].map((type) => [type.name, type]));
for (const type of Object.values(errors)) if (isWaterspoutClass(type)) classes.set(type.name, type);

function isWaterspoutClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && (value === WaterspoutError || value.prototype instanceof WaterspoutError);
}

/** How deep causes are followed; a chain that loops ends here. */
const maxDepth = 8;

/** Makes plain data of anything thrown. Never throws itself. */
export function encodeError(thrown: unknown, depth = 0): EncodedError {
  if (!(thrown instanceof Error)) return encodeThrown(thrown);
  return {
    type: registeredName(thrown),
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    ...(depth < maxDepth && thrown.cause !== undefined && { cause: encodeCause(thrown.cause, depth) }),
    ...(thrown instanceof AggregateError && { errors: thrown.errors.map((inner) => encodeError(inner, depth + 1)) }),
    data: cloneableFields(thrown),
  };
}

function encodeThrown(value: unknown): EncodedError {
  const error = errors.toError(value);
  const thrown = cloneOf(value);
  return {
    type: "Error",
    name: error.name,
    message: error.message,
    stack: error.stack,
    data: {},
    thrown: { value: thrown },
  };
}

function encodeCause(cause: unknown, depth: number): EncodedError | { value: unknown } {
  return cause instanceof Error ? encodeError(cause, depth + 1) : { value: cloneOf(cause) };
}

function registeredName(error: Error): string {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (typeof prototype === "object" && prototype !== null) {
    const type = (prototype as { constructor: ErrorClass }).constructor;
    if (classes.get(type.name) === type) return type.name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

function cloneableFields(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (key === "cause" || key === "errors" || key === "__proto__") continue;
    const value = (error as unknown as Record<string, unknown>)[key];
    if (isCloneable(value)) fields[key] = value;
  }
  return fields;
}

/** The value itself when it survives a clone, else its text. */
function cloneOf(value: unknown): unknown {
  return isCloneable(value) ? value : errors.toError(value).message;
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function" && typeof value !== "symbol";
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the error again: the same class where it is registered (so `instanceof HTTPError` holds), its own fields, its
 * causes, and the stack of the worker. Constructors are not run; they may want arguments that nobody kept.
 */
export function decodeError(encoded: EncodedError): Error {
  const type = classes.get(encoded.type) ?? Error;
  // A native error first, so that it is one for `util.types.isNativeError` and for a further clone.
  const error = Object.setPrototypeOf(new Error(encoded.message), type.prototype as object) as Error;
  define(error, "stack", encoded.stack);
  if (encoded.name !== error.name) define(error, "name", encoded.name);
  if (encoded.cause !== undefined) define(error, "cause", decodeCause(encoded.cause));
  if (encoded.errors !== undefined) define(error, "errors", encoded.errors.map(decodeError));
  if (encoded.thrown !== undefined) define(error, "cause", encoded.thrown.value);
  return Object.assign(error, encoded.data);
}

function decodeCause(cause: NonNullable<EncodedError["cause"]>): unknown {
  return "value" in cause ? cause.value : decodeError(cause);
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
}

/**
 * Lets errors of `type` keep their class when they are thrown in a worker: the caller's `instanceof` holds. Both sides
 * must call it, so call it where the class is defined. Fields must be own, enumerable and cloneable; methods come from
 * the class.
 *
 * @throws ConfigurationError when another class has the name.
 * @example
 * export class UnknownFormat extends Error { constructor(readonly format: string) { super(`unknown: ${format}`); } }
 * registerError(UnknownFormat);
 */
export function registerError(type: ErrorClass): void {
  const known = classes.get(type.name);
  if (known !== undefined && known !== type) {
    throw new errors.ConfigurationError(
      `registerError(${type.name}): another class of that name is registered; rename one`,
    );
  }
  classes.set(type.name, type);
}
