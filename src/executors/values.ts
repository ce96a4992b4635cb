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

/** Each has a bit where threads read what has aborted. */
const maxSignals = 32;

/**
 * Prepares arguments (or one result) for structured clone. Buffers are cloned as `Uint8Array` and marked; signals are
 * taken out and marked. Only whole values are looked at: a search through every object would cost more than the call.
 */
export function encodeValues(values: readonly unknown[]): EncodedValues {
  if (!values.some(isSpecial)) return { values, marks: undefined, signals: nothing };
  const buffers = indexesOf(values, (value) => Buffer.isBuffer(value));
  const signals = indexesOf(values, (value) => value instanceof AbortSignal);
  if ((signals.at(-1) ?? 0) >= maxSignals) {
    throw new SerializationError(`an AbortSignal must be one of the first ${maxSignals} arguments`, "arguments");
  }
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

/**
 * Arguments that came back from a worker which did not run the task: each with what the clone lost of the original, of which
 * only the kind is left when its memory was moved.
 */
export function restoreValues(originals: readonly unknown[], returned: readonly unknown[]): readonly unknown[] {
  return returned.map((value, index) => {
    const { [index]: original } = originals;
    if (original instanceof AbortSignal) return original;
    return Buffer.isBuffer(original) ? toBuffer(value as Uint8Array) : value;
  });
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
