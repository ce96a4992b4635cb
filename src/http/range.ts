/** The first and the last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const single = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * The one range that a `Range` field asks for. Undefined: the field does not count and the whole is the answer, because it
 * is malformed, has another unit, or asks for several ranges (RFC 9110, section 14.2, allows to ignore these: a thousand
 * overlapping ones would cost a server far more than the client that asks). `"unsatisfiable"`: 416.
 *
 * Only for GET. Linear in the length of the field.
 */
export function parseRange(field: string, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = single.exec(field) ?? [];
  if (first === "") return last === "" ? undefined : suffix(Number(last), size);
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** The last `length` bytes. Of nothing the whole is nothing, which no `Content-Range` can say. */
function suffix(length: number, size: number): ByteRange | "unsatisfiable" | undefined {
  if (length === 0) return "unsatisfiable";
  return size === 0 ? undefined : { start: Math.max(0, size - length), end: size - 1 };
}
