import { expect } from "chai";
import { entityTag, matchesEntityTag } from "#src/http/etag.js";

describe("entityTag", () => {
  it("is the quoted SHA-1 of the bytes", () => {
    expect(entityTag("abc")).to.equal('"a9993e364706816aba3e25717850c26c9cd0d89d"');
    expect(entityTag(Buffer.from("ä"))).to.equal(entityTag("ä"));
  });
});

describe("matchesEntityTag", () => {
  const rows: [field: string, tag: string, matches: boolean][] = [
    ["*", '"a"', true],
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"x", W/"y" ,"a"', '"a"', true],
    ['"b"', '"a"', false],
    ["a", '"a"', false],
    ['"aa"', '"a"', false],
    ["", '"a"', false],
    ['"*"', '"a"', false],
  ];
  for (const [field, tag, matches] of rows) {
    it(`says ${matches} for ${field} and ${tag}`, () => expect(matchesEntityTag(field, tag)).to.equal(matches));
  }
});
