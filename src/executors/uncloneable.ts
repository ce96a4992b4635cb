import { types } from "node:util";
import { SerializationError } from "../errors.js";

/**
 * Says which part of `value` cannot be cloned, as an error that names the place. Called after a clone has failed, so it
 * may take its time. Never throws, whatever the traps and getters of the value do.
 *
 * @param root how the value is called in the message, for example `argument 0` or `result`.
 */
export function serializationError(value: unknown, root: string, place: string, cause: unknown): SerializationError {
  // The serializer itself ran out of stack, and so would whoever reads the path.
  const tooDeep = cause instanceof RangeError ? { path: root, kind: "nested too deeply" } : undefined;
  const fault = tooDeep ??
    findUncloneable(value, root) ?? { path: root, kind: "a value that structured clone refuses" };
  return new SerializationError(
    `${place}: ${fault.path} is ${fault.kind} and cannot be sent to another thread; send plain data instead`,
    fault.path,
    { cause },
  );
}

/** Whether a structured clone takes the value. */
export function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

interface Fault {
  readonly path: string;
  readonly kind: string;
}

interface Part {
  readonly path: string;
  readonly value: unknown;
}

/** The first part that cannot be cloned by itself. Keeps a list: a value may be nested deeper than the stack is. */
function findUncloneable(root: unknown, name: string): Fault | undefined {
  const seen = new Set<unknown>();
  const left: Part[] = [{ path: name, value: root }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path, value } = next;
    if (seen.has(value)) continue;
    seen.add(value);
    const kind = faultOf(value);
    if (kind !== undefined) return { path, kind };
    for (const child of childrenOf(next).toReversed()) left.push(child);
  }
  return undefined;
}

/** What is wrong with the value itself, apart from what is in it. */
function faultOf(value: unknown): string | undefined {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return undefined;
  if (types.isProxy(value)) return "a Proxy";
  if (!isReadable(value)) return "an object that cannot be read";
  return isContainer(value) || isCloneable(value) ? undefined : `a ${classOf(value)}`;
}

function isReadable(value: object): boolean {
  try {
    Object.values(value);
    return true;
  } catch {
    return false; // A getter throws.
  }
}

/** Its fault can only be that of one of its members. */
function isContainer(value: object): boolean {
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function childrenOf({ path, value }: Part): Part[] {
  if (typeof value !== "object" || value === null || isLeaf(value)) return [];
  if (types.isMap(value))
    return [...value].flatMap(([key, item]) => [part(path, ".keys()", key), part(path, `.get(${textOf(key)})`, item)]);
  if (types.isSet(value)) return [...value].map((item, index) => part(path, `.values[${index}]`, item));
  const step = Array.isArray(value) ? (key: string): string => `[${key}]` : (key: string): string => `.${key}`;
  return Object.entries(value).map(([key, item]) => part(path, step(key), item));
}

/** Of an error and of memory the clone takes no members along. */
function isLeaf(value: object): boolean {
  return types.isNativeError(value) || types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value);
}

function part(path: string, step: string, value: unknown): Part {
  return { path: path + step, value };
}

function textOf(key: unknown): string {
  return typeof key === "string" || typeof key === "number" ? String(key) : typeof key;
}

function classOf(value: object): string {
  const { constructor: type } = value as { constructor?: { name?: unknown } };
  return typeof type?.name === "string" ? type.name : "object";
}
