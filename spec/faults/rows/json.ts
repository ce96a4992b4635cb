import { isHeavy } from "#src/http/json-weight.js";
import { defaultHTTPSettings } from "#src/http/limits.js";
import { type Fault, type Made, post } from "./fault.js";

const { bodyLimit, jsonWeight } = defaultHTTPSettings;

/** A document out of many items, as many as fit. */
interface Shape {
  readonly open: string;
  readonly item: (index: number) => string;
  readonly close: string;
}

const list = (item: Shape["item"]): Shape => ({ open: "[", item, close: "]" });
const object = (name: (index: number) => string): Shape => ({
  open: "{",
  item: (index) => `"${name(index)}":0`,
  close: "}",
});
const text = (item: string): Shape => ({ open: '["', item: () => item, close: '"]' });

function* members(count: number, name: (index: number) => string): Generator<string> {
  for (let index = 0; index < count; index++) yield `"${name(index)}":0`;
}
const record = (count: number, name: (index: number) => string): string => `{${[...members(count, name)].join(",")}}`;

/** The order of letters that has this number. */
function order(letters: string, number: number): string[] {
  const left = Array.from(letters);
  return Array.from(letters, (_, index) => {
    const [letter = ""] = left.splice((number * (index + 7)) % left.length, 1);
    return letter;
  });
}

const shapes: Readonly<Record<string, Shape>> = {
  "distinct names": object((index) => `k${index}`),
  "short distinct names": object((index) => `${index.toString(36)}x`),
  "long names": object((index) => String(index).padStart(100, "n")),
  "very long names": object((index) => String(index).padStart(5_000, "n")),
  "names with escapes": object((index) => `\\n${index.toString(36)}`),
  "names with encoded letters": object((index) => `\\u00e9${index.toString(36)}`),
  "names that are not Latin": object((index) => `\u0101${index.toString(36)}`),
  "names that are integers": object((index) => String(index * 7_919)),
  "names that are large integers": object((index) => String(4_294_967_290 - index * 50_021)),
  "a name again and again": object(() => "a"),
  "a thousand names again and again": object((index) => `a${index % 1_000}`),
  "objects with a name each": list((index) => `{"k${index}":0}`),
  "objects with ten names each": list((index) => record(10, (member) => `k${index * 10 + member}`)),
  "objects with a hundred names each": list((index) => record(100, (member) => `k${index * 100 + member}`)),
  "objects with a large integer each": list((index) => `{"4294967${100 + (index % 190)}":0}`),
  "names in many orders": list((index) => record(16, (member) => order("abcdefghijklmnop", index)[member] ?? "")),
  "combinations of a thousand names": list((index) => record(3, (member) => `${(index * (member * 77 + 1)) % 997}x`)),
  "objects alike": list(() => '{"a":0}'),
  "objects that may reach a prototype": list(() => '{"constructor":0}'),
  "nested objects with a name each": list(
    (index) =>
      Array.from({ length: 98 }, (_, depth) => `{"${(index * 98 + depth).toString(36)}z":`).join("") +
      `0${"}".repeat(98)}`,
  ),
  "nested objects": list(() => '{"a":'.repeat(99) + `0${"}".repeat(99)}`),
  "nested arrays": list(() => "[".repeat(99) + "]".repeat(99)),
  "empty arrays": list(() => "[]"),
  "empty objects": list(() => "{}"),
  "arrays of one": list(() => "[0]"),
  digits: list(() => "0"),
  "numbers with fractions": list(() => "0.1"),
  "numbers at the edge": list(() => "2.2250738585072011e-308"),
  "numbers of 800 digits": list(() => "9".repeat(800)),
  "large integers": list((index) => String(2_147_483_648 + index)),
  "short strings": list((index) => `"${index.toString(36)}"`),
  "empty strings": list(() => '""'),
  "encoded letters": list(() => '"\\u00e9"'),
  literals: list(() => "true"),
  // Joined by commas, which stand in the string.
  "one string": text("a".repeat(1_000)),
  "one string of escapes": text("\\n".repeat(1_000)),
  "one string of encoded letters": text("\\uabcd".repeat(1_000)),
  "one string that is not Latin": text("\u0101".repeat(1_000)),
};

/** As much of it as a body may have, and where in it each item ends. */
function longest({ open, item, close }: Shape): { readonly bytes: Buffer; readonly ends: readonly number[] } {
  const pieces = [open];
  const ends: number[] = [];
  for (let length = open.length, index = 0; ; index++) {
    const piece = (index === 0 ? "" : ",") + item(index);
    length += Buffer.byteLength(piece);
    if (length + close.length > bodyLimit) return { bytes: Buffer.from(pieces.join("") + close), ends };
    pieces.push(piece);
    ends.push(length);
  }
}

/** As much of it as a document may weigh. What closes it weighs nothing. */
function heaviest(shape: Shape): Buffer {
  const { bytes, ends } = longest(shape);
  let low = 0;
  for (let high = ends.length - 1; low < high;) {
    const middle = Math.ceil((low + high) / 2);
    if (isHeavy(bytes.subarray(0, ends[middle]), jsonWeight)) high = middle - 1;
    else low = middle;
  }
  return Buffer.concat([bytes.subarray(0, ends[low]), Buffer.from(shape.close)]);
}

function send(build: () => Buffer): Made {
  let made: Buffer | undefined;
  return { make: () => (made ??= post("/json", "application/json", build())) };
}

/** JSON that takes long to parse for what it is: as long as bodies may be, and as heavy as documents may be. */
export const json: readonly Fault[] = Object.entries(shapes).flatMap(([what, shape]): Fault[] => [
  { what: `as long as may be: ${what}`, send: send(() => longest(shape).bytes), status: [200, 400] },
  { what: `as heavy as may be: ${what}`, send: send(() => heaviest(shape)), status: 200 },
]);
