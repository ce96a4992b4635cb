import { expect } from "chai";
import { parseRange } from "#src/http/range.js";

describe("parseRange", () => {
  const rows: [field: string, size: number, result: unknown][] = [
    ["bytes=0-0", 10, { start: 0, end: 0 }],
    ["bytes=0-9", 10, { start: 0, end: 9 }],
    ["bytes=0-", 10, { start: 0, end: 9 }],
    ["bytes=5-", 10, { start: 5, end: 9 }],
    ["bytes=5-100", 10, { start: 5, end: 9 }],
    ["bytes=5-99999999999999999999999999", 10, { start: 5, end: 9 }],
    ["bytes=-1", 10, { start: 9, end: 9 }],
    ["bytes=-100", 10, { start: 0, end: 9 }],
    ["Bytes= 1-2 ", 10, { start: 1, end: 2 }],
    ["bytes=-0", 10, "unsatisfiable"],
    ["bytes=10-", 10, "unsatisfiable"],
    ["bytes=99999999999999999999999999-", 10, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=-5", 0, undefined],
    ["bytes=9-1", 10, undefined],
    ["bytes=-", 10, undefined],
    ["bytes=abc", 10, undefined],
    ["bytes=1_0-", 100, undefined],
    ["bytes=0x1-", 100, undefined],
    ["bytes=1e1-", 100, undefined],
    ["bytes=--1", 10, undefined],
    ["bytes=1", 10, undefined],
    ["bytes 1-2", 10, undefined],
    ["items=1-2", 10, undefined],
    ["", 10, undefined],
    ["bytes=0-0,2-2", 10, undefined],
    ["bytes=0-0,", 10, undefined],
  ];
  for (const [field, size, result] of rows) {
    it(`of ${field || "nothing"}, ${size} bytes`, () => expect(parseRange(field, size)).to.deep.equal(result));
  }

  // Were it quadratic, it would not come back within the time of a test.
  it("takes linear time", () => {
    for (const part of ["0-0,", "1", "\t", "-"]) {
      expect(parseRange(`bytes=${part.repeat(1_000_000)}x`, 10), part).to.equal(undefined);
    }
  });
});
