import { SerializationError } from "../errors.js";

/** What structured clone loses and both sides put back: positions of buffers and of signals in a list of values. */
export interface Marks {
  readonly buffers: readonly number[];
  readonly signals: readonly number[];
}

/** A list of values made fit for a message. */
export interface EncodedValues {
  readonly values: readonly unknown[];
  readonly marks: Marks | undefined;
  /** The signals that stood at `marks.signals`, for whoever forwards their abort. */
  readonly signals: readonly AbortSignal[];
}

const nothing: readonly never[] = [];

/**
 * Prepares arguments (or one result) for structured clone. Buffers are cloned as `Uint8Array` and marked; signals are
 * taken out and marked. Only whole values are looked at: a search through every object would cost more than the call.
 */
export function encodeValues(values: readonly unknown[]): EncodedValues {
  if (!values.some(isSpecial)) return { values, marks: undefined, signals: nothing };
  const buffers = indexesOf(values, (value) => Buffer.isBuffer(value));
  const signals = indexesOf(values, (value) => value instanceof AbortSignal);
  return {
    values: values.map((value) => (value instanceof AbortSignal ? { aborted: value.aborted } : value)),
    marks: { buffers, signals },
    signals: signals.map((index) => values[index] as AbortSignal),
  };
}

/** The inverse: makes Buffers of the marked arrays and puts `signalAt(index)` where a signal was. */
export function decodeValues(
  values: readonly unknown[],
  marks: Marks | undefined,
  signalAt: (index: number, aborted: boolean) => AbortSignal = unexpectedSignal,
): unknown[] {
  const decoded = [...values];
  for (const index of marks?.buffers ?? nothing) decoded[index] = toBuffer(decoded[index] as Uint8Array);
  for (const index of marks?.signals ?? nothing) {
    decoded[index] = signalAt(index, (decoded[index] as { aborted: boolean }).aborted);
  }
  return decoded;
}

function isSpecial(value: unknown): boolean {
  return typeof value === "object" && value !== null && (Buffer.isBuffer(value) || value instanceof AbortSignal);
}

function indexesOf(values: readonly unknown[], matches: (value: unknown) => boolean): number[] {
  return values.flatMap((value, index) => (matches(value) ? [index] : []));
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unexpectedSignal(): never {
  throw new SerializationError("an AbortSignal cannot be a result", "result");
}

/**
 * Says which part of `value` cannot be cloned, as an error that names the place. Called after a clone has failed, so it
 * may take its time.
 *
 * @param root how the value is called in the message, for example `argument 0` or `result`.
 */
export function serializationError(value: unknown, root: string, place: string, cause: unknown): SerializationError {
  const fault = findUncloneable(value, root, new Set()) ?? {
    path: root,
    kind: "a value that structured clone refuses",
  };
  return new SerializationError(
    `${place}: ${fault.path} is ${fault.kind} and cannot be sent to another thread; send plain data instead`,
    fault.path,
    { cause },
  );
}

interface Fault {
  readonly path: string;
  readonly kind: string;
}

/** Depth-first: the first leaf that cannot be cloned by itself. */
function findUncloneable(value: unknown, path: string, seen: Set<unknown>): Fault | undefined {
  if (typeof value === "function") return { path, kind: "a function" };
  if (typeof value === "symbol") return { path, kind: "a symbol" };
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  seen.add(value);
  for (const [step, child] of childrenOf(value)) {
    const fault = findUncloneable(child, path + step, seen);
    if (fault !== undefined) return fault;
  }
  return isCloneable(value) ? undefined : { path, kind: `a ${kindOf(value)}` };
}

function childrenOf(value: object): Iterable<[string, unknown]> {
  if (Array.isArray(value)) return value.map((item, index): [string, unknown] => [`[${index}]`, item]);
  if (value instanceof Map) return [...value].map(([key, item]): [string, unknown] => [`.get(${String(key)})`, item]);
  if (value instanceof Set) return [...value].map((item, index): [string, unknown] => [`.values[${index}]`, item]);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return [];
  try {
    return Object.entries(value).map(([key, item]): [string, unknown] => [`.${key}`, item]);
  } catch {
    return []; // A getter that throws: the object itself is the fault.
  }
}

function isCloneable(value: object): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function kindOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  return prototype?.constructor?.name ?? "object";
}
