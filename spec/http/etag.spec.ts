import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { type Comparison, checkedTag, entityTag, listsEntityTag } from "#src/http/etag.js";

describe("entityTag", () => {
  it("is the quoted SHA-1 of the bytes", () => {
    expect(entityTag("abc")).to.equal('"a9993e364706816aba3e25717850c26c9cd0d89d"');
    expect(entityTag(Buffer.from("ä"))).to.equal(entityTag("ä"));
  });

  it("is that of each body, whatever was asked before", () => {
    const long = "a".repeat(1025);
    const [a, b] = ["a", "b"].map((text) => entityTag(Buffer.from(text)));
    const asked = ["a", "a", "b", long, "b", `${long.slice(1)}b`, "a"].map(entityTag);
    const [ofLong, ofOther] = [long, `${long.slice(1)}b`].map((text) => entityTag(Buffer.from(text)));
    expect(asked).to.deep.equal([a, a, b, ofLong, b, ofOther, a]);
  });
});

describe("checkedTag", () => {
  for (const tag of ['"a"', 'W/"a"', '""', '"a,b"', undefined]) {
    it(`passes ${tag}`, () => {
      expect(checkedTag(tag)).to.equal(tag);
    });
  }

  for (const tag of ["a", '"a', 'a"', 'w/"a"', '"a"b"', '"a b"', '"a\n"', "", '"\u0100"']) {
    it(`refuses ${JSON.stringify(tag)}`, () => {
      expect(() => checkedTag(tag)).to.throw(ResponseError, "double quotes");
    });
  }
});

describe("listsEntityTag", () => {
  // The four lines of the table in RFC 9110, section 8.8.3.2, stand first.
  const rows: [field: string, tag: string, strong: boolean, weak: boolean][] = [
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
    ['"1"', 'W/"1"', false, true],
    ['"x", W/"y" ,"a"', '"a"', true, true],
    ['"x",W/"a"', '"a"', false, true],
    ['W/"a","a"', '"a"', true, true],
    ['"a,b"', '"a,b"', true, true],
    ['"b"', '"a"', false, false],
    ["a", '"a"', false, false],
    ['"aa"', '"a"', false, false],
    ["", '"a"', false, false],
    ['"*"', '"a"', false, false],
  ];
  for (const [field, tag, strong, weak] of rows) {
    it(`says ${weak} for ${field} and ${tag}, ${strong} by strong comparison`, () => {
      const says = (comparison: Comparison): boolean => listsEntityTag(field, tag, comparison);
      expect([says("strong"), says("weak")]).to.deep.equal([strong, weak]);
    });
  }
});
