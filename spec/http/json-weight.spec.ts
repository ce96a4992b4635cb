import { expect } from "chai";
import { isHeavy } from "#src/http/json-weight.js";

const series = (length: number, item: (index: number) => string): string =>
  Array.from({ length }, (_, i) => item(i)).join(",");

/** What the document weighs: the lowest limit that it keeps to, found with white space that makes it long enough to be looked at. */
function weight(text: string): number {
  const body = Buffer.from(text.padEnd(20_000));
  for (let limit = 0; ; limit++) if (!isHeavy(body, limit)) return limit;
}

describe("isHeavy", () => {
  const rows: [what: string, text: string, weight: number][] = [
    ["a number", "0", 0],
    ["values, one each behind the first", `[${series(50, () => "0")}]`, 2 + 49],
    ["arrays, two more each", `[${series(50, () => "[]")}]`, 2 + 49 + 50 * 2],
    ["objects likewise", `[${series(50, () => "{}")}]`, 2 + 49 + 50 * 2],
    ["a name", '{"a":0}', 2 + 8],
    ["names that differ", `{${series(50, (i) => `"k${i}":0`)}}`, 2 + 49 + 50 * 8],
    ["the same name in other objects, once", `[${series(50, () => '{"a":0}')}]`, 2 + 49 + 50 * 2 + 8],
    ["the same names in the same order, once", `[${series(9, () => '{"a":0,"b":1}')}]`, 2 + 8 + 9 * 3 + 16],
    ["the same names in another order, twice", '[{"a":0,"b":0},{"b":0,"a":0}]', 2 + 3 + 4 + 32],
    ["a name behind an object whose names are others", '[{"a":{"b":0},"c":0},{"a":{"d":0},"c":0}]', 2 + 3 + 8 + 32],
    ["names of the same letters with another end", '[{"ab":{"c":0}},{"a":{"bc":0}}]', 2 + 1 + 8 + 32],
    ["names with escapes", '{"\\"":0,"\\\\":0,"\\",\\":[":0}', 2 + 2 + 24],
    ["signs in strings, nothing", '["[{,:",":"]', 2 + 1],
    ["a string without an end", '["a,,,,', 2],
    ["brackets that do not match", "]]}}[", 2],
  ];
  for (const [what, text, expected] of rows) it(`counts ${what}`, () => expect(weight(text)).to.equal(expected));

  it("does not look at what is too small to weigh that much", () => {
    expect(isHeavy(Buffer.from("{".repeat(10)), 20)).to.equal(false);
  });

  it("no document is small and heavy", () => {
    for (const [, text, expected] of rows) expect(expected, text).to.be.at.most(text.length * 2);
  });

  it("tells apart a hundred thousand names", () => {
    const body = Buffer.from(`{${series(100_000, (i) => `"${i.toString(36)}":0`)}}`);
    expect(isHeavy(body, 2 + 99_999 + 800_000 - 100)).to.equal(true);
    expect(isHeavy(body, 2 + 99_999 + 800_000)).to.equal(false);
  });
});
