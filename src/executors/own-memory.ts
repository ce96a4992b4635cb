/**
 * Gives each typed array of a message memory of its own. Node hands out views of the memory that the message was read into:
 * behind the `buffer` of such an array are the other values of the message, and other messages. Buffers stay as they are;
 * they are views of larger memory everywhere.
 *
 * Keeps a list instead of calling itself: a message may be nested deeper than the stack is.
 */
export function giveOwnMemory(message: unknown): void {
  if (typeof message !== "object" || message === null) return;
  const seen = new Set<object>([message]);
  const left = [message];
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (ArrayBuffer.isView(value)) return Buffer.isBuffer(value) ? value : withOwnMemory(value);
    if (!seen.has(value)) left.push(value);
    seen.add(value);
    return value;
  };
  for (let next = left.pop(); next !== undefined; next = left.pop()) replaceMembers(next, visit);
}

type Visit = (value: unknown) => unknown;

function replaceMembers(container: object, visit: Visit): void {
  if (container instanceof Map) replaceEntries(container, visit);
  else if (container instanceof Set) replaceValues(container, visit);
  else if (Array.isArray(container)) container.forEach((value, index) => replace(container, index, value, visit));
  else for (const [key, value] of Object.entries(container)) replace(container, key, value, visit);
}

function replace(container: object, key: string | number, value: unknown, visit: Visit): void {
  const replaced = visit(value);
  if (replaced !== value) (container as Record<string | number, unknown>)[key] = replaced;
}

/** Anew, so that the order stays. */
function replaceEntries(map: Map<unknown, unknown>, visit: Visit): void {
  const entries = [...map];
  map.clear();
  for (const [key, value] of entries) map.set(visit(key), visit(value));
}

function replaceValues(set: Set<unknown>, visit: Visit): void {
  const values = [...set];
  set.clear();
  for (const value of values) set.add(visit(value));
}

type ViewClass = new (buffer: ArrayBufferLike) => ArrayBufferView;

function withOwnMemory(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (byteLength === buffer.byteLength) return view;
  return new (view.constructor as ViewClass)(buffer.slice(byteOffset, byteOffset + byteLength));
}
