import { types } from "node:util";

const moved = new WeakSet<ArrayBufferLike>();

/** What can be moved to another thread: the memory itself changes hands, and the sender's view of it is empty afterwards. */
export type Movable = ArrayBuffer | ArrayBufferView<ArrayBufferLike>;

/**
 * Lets an argument or a result of a `@RunOnExecutor` method be moved instead of copied, when it is the whole value. The
 * memory belongs to the other side then, and what the sender still holds has no bytes left. A view that shows only a part of
 * its memory, as small Buffers do, is copied all the same: its neighbours are not the sender's to give away. Processes
 * share no memory: there it is a copy, too.
 *
 * @example const small = await this.resize(move(image), 200);
 * @example return move(pixels);
 */
export function move<T extends Movable>(value: T): T {
  const buffer = wholeBuffer(value);
  if (buffer !== undefined) moved.add(buffer);
  return value;
}

/** Undoes `move`: the values are copied after all. */
export function takeBack(values: readonly unknown[]): void {
  transferListOf(values, false);
}

const nothing: readonly never[] = [];

/** The memory that goes with `values` instead of being copied: all of it, wherever it stands, or what was `move`d. */
export function transferListOf(values: readonly unknown[], all: boolean): readonly ArrayBuffer[] {
  if (all) return everyBuffer(values);
  let found: ArrayBuffer[] | undefined;
  for (const value of values) {
    const buffer = typeof value === "object" && value !== null ? wholeBuffer(value) : undefined;
    if (buffer !== undefined && moved.delete(buffer)) (found ??= []).push(buffer);
  }
  return found ?? nothing;
}

/**
 * The memory of a buffer or view, if it may be given away as a whole. Empty memory is copied: what was given away before is
 * empty as well, and to move it again would lose the message without an error (measured on Node 20), where to copy it throws.
 */
function wholeBuffer(value: object): ArrayBuffer | undefined {
  const buffer = types.isArrayBuffer(value) ? value : ArrayBuffer.isView(value) ? value.buffer : undefined;
  if (!types.isArrayBuffer(buffer) || buffer.byteLength === 0) return undefined;
  return (value as Movable).byteLength === buffer.byteLength ? buffer : undefined;
}

/** Keeps a list instead of calling itself: a value may be nested deeper than the stack is. */
function everyBuffer(values: readonly unknown[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const seen = new Set<unknown>();
  const left = [...values];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const buffer = wholeBuffer(value);
    if (buffer !== undefined) found.add(buffer);
    else if (!ArrayBuffer.isView(value)) for (const member of membersOf(value)) left.push(member);
  }
  return [...found];
}

function membersOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? value : Object.values(value);
}
