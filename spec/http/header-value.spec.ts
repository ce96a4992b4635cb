import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { checkHeaderName, checkReason, headerText } from "#src/http/header-value.js";

describe("headerText", () => {
  it("gives the text of every kind of value", () => {
    expect(headerText("X", "a\tÿ")).to.equal("a\tÿ");
    expect(headerText("X", 5)).to.equal("5");
    expect(headerText("X", new Date(0))).to.equal("Thu, 01 Jan 1970 00:00:00 GMT");
    expect(headerText("X", ["a", "b"])).to.deep.equal(["a", "b"]);
  });

  for (const value of ["a\r\nb", "a\rb", "a\nb", "a\0b", "a\u001bb", "a\u007fb", "\u010d\u010a", "€"]) {
    it(`refuses ${JSON.stringify(value)}, in a list too`, () => {
      expect(() => headerText("X", value)).to.throw(ResponseError, "Unsafe header value for X");
      expect(() => headerText("X", ["a", value])).to.throw(ResponseError, "Unsafe header value");
    });
  }

  it("takes numbers in a list for text, as those without types may write them", () => {
    expect(headerText("X-N", [1, 2] as unknown as string[])).to.deep.equal(["1", "2"]);
  });

  it("refuses an invalid Date", () => {
    expect(() => headerText("X", new Date(Number.NaN))).to.throw(ResponseError, "invalid Date");
  });
});

describe("checkHeaderName", () => {
  it("accepts tokens only", () => {
    checkHeaderName("X-A_b.1");
    for (const name of ["", "a b", "a:", "a\r\n", "ä"]) expect(() => checkHeaderName(name)).to.throw(ResponseError);
  });
});

describe("checkReason", () => {
  it("accepts printable ASCII without <", () => {
    checkReason("I'm a > teapot");
    for (const reason of ["a\r\nb", "<script>", "ä", "\u0007"])
      expect(() => checkReason(reason)).to.throw(ResponseError);
  });
});
