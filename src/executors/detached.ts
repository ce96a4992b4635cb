import { types } from "node:util";

/** Measured: 20 and 22 throw, 24 and 26 do not. */
const sendsThemEmpty = Number(process.versions.node.split(".", 1)[0]) >= 24;

/**
 * Refuses views of memory that was moved away, wherever they stand. Node's line to another process takes them for empty ones
 * in some versions; to whoever reads them there they would be a value like any other.
 *
 * Keeps a list instead of calling itself: a value may be nested deeper than the stack is.
 *
 * @param needed whether this Node has to be helped. Default: by its version.
 * @throws TypeError as `structuredClone` does; and whatever a getter throws.
 */
export function refuseDetached(values: readonly unknown[], needed = sendsThemEmpty): void {
  if (!needed) return;
  const seen = new Set<object>([values]);
  const left: object[] = [values];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (ArrayBuffer.isView(value)) return refuseIfDetached(value.buffer);
    seen.add(value);
    left.push(value);
  };
  for (let next = left.pop(); next !== undefined; next = left.pop()) visitMembers(next, visit);
}

function visitMembers(container: object, visit: (value: unknown) => void): void {
  if (Array.isArray(container) || container instanceof Set) container.forEach(visit);
  else if (container instanceof Map) for (const entry of container) entry.forEach(visit);
  else Object.values(container).forEach(visit);
}

function refuseIfDetached(buffer: ArrayBufferLike): void {
  // It throws for memory that is not there any more.
  if (buffer.byteLength === 0 && types.isArrayBuffer(buffer)) buffer.slice(0);
}
