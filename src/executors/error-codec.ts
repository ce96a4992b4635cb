import { isError, toError } from "../errors.js";
import { errorClass, nearestErrorClass } from "./error-classes.js";

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
}

/** How deep causes are followed, and how many errors are sent in all: chains may loop, and lists may hold lists. */
const maxDepth = 8;
const maxErrors = 100;

/** Fields that are carried by other means, and one that would set the prototype. */
const notData = new Set(["name", "message", "stack", "cause", "errors", "__proto__"]);

/** Makes plain data of anything thrown. Never throws itself, whatever the traps and getters of what was thrown do. */
export function encodeError(thrown: unknown): EncodedError {
  return encode(thrown, 0, { left: maxErrors });
}

/** How many errors may still be sent. */
interface Budget {
  left: number;
}

function encode(thrown: unknown, depth: number, budget: Budget): EncodedError {
  budget.left--;
  const error = toError(thrown);
  return {
    type: attempt(() => nearestErrorClass(error)) ?? "Error",
    name: textOf(error, "name") ?? "Error",
    message: textOf(error, "message") ?? "",
    stack: textOf(error, "stack"),
    ...(depth < maxDepth && encodeInner(error, depth + 1, budget)),
    // What is no error has itself as the cause.
    ...(error !== thrown && { cause: { value: cloneOf(thrown) } }),
    data: dataOf(error),
  };
}

function encodeInner(error: Error, depth: number, budget: Budget): Pick<EncodedError, "cause" | "errors"> {
  const { cause, errors } = attempt(() => ({ cause: error.cause, errors: errorsOf(error) })) ?? {};
  return {
    ...(cause !== undefined && { cause: encodeCause(cause, depth, budget) }),
    ...(errors !== undefined && { errors: encodeList(errors, depth, budget) }),
  };
}

function errorsOf(error: Error): readonly unknown[] | undefined {
  return error instanceof AggregateError && Array.isArray(error.errors) ? error.errors : undefined;
}

function encodeCause(cause: unknown, depth: number, budget: Budget): EncodedError | { value: unknown } {
  return isError(cause) && budget.left > 0 ? encode(cause, depth, budget) : { value: cloneOf(cause) };
}

function encodeList(errors: readonly unknown[], depth: number, budget: Budget): EncodedError[] {
  const encoded: EncodedError[] = [];
  for (let index = 0; index < errors.length && budget.left > 0; index++) {
    encoded.push(encode(errors[index], depth, budget));
  }
  return encoded;
}

/** Own enumerable fields, and what callers go by, wherever the class has it. */
function dataOf(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of ["code", "status"]) {
    const value = read(error, key);
    if (typeof value === "string" || typeof value === "number") fields[key] = value;
  }
  for (const key of attempt(() => Object.keys(error)) ?? []) {
    const value = notData.has(key) ? undefined : read(error, key);
    if (value !== undefined && isCloneable(value)) fields[key] = value;
  }
  return fields;
}

/** Undefined where a getter or a trap throws. */
function read(error: Error, key: string): unknown {
  return attempt(() => (error as unknown as Record<string, unknown>)[key]);
}

function textOf(error: Error, key: "name" | "message" | "stack"): string | undefined {
  const value = read(error, key);
  return typeof value === "string" ? value : undefined;
}

function attempt<R>(look: () => R): R | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** The value itself when it survives a clone, else its text. */
function cloneOf(value: unknown): unknown {
  return isCloneable(value) ? value : toError(value).message;
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function" && typeof value !== "symbol";
  return attempt(() => structuredClone(value)) !== undefined;
}

/**
 * Makes the error again: the same class where it is registered (so `instanceof HTTPError` holds), its own fields, its
 * causes, and the stack of the worker. Constructors are not run; they may want arguments that nobody kept.
 */
export function decodeError(encoded: EncodedError): Error {
  const error = blankError(encoded);
  define(error, "stack", encoded.stack);
  if (encoded.name !== error.name) define(error, "name", encoded.name);
  if (encoded.cause !== undefined) define(error, "cause", decodeCause(encoded.cause));
  if (error instanceof AggregateError) define(error, "errors", (encoded.errors ?? []).map(decodeError));
  // Defined, not assigned: the class may have a getter of the name.
  for (const [key, value] of Object.entries(encoded.data)) define(error, key, value, true);
  return error;
}

function blankError({ type, name, message }: EncodedError): Error {
  // Its fields are hidden in it: it cannot be made of another error.
  if (type === "DOMException") return new DOMException(message, name);
  // A native error first, so that it is one for `util.types.isNativeError` and for a further clone.
  return Object.setPrototypeOf(new Error(message), errorClass(type).prototype as object) as Error;
}

function decodeCause(cause: NonNullable<EncodedError["cause"]>): unknown {
  return "value" in cause ? cause.value : decodeError(cause);
}

function define(target: object, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable });
}
