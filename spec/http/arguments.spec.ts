import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { allArguments, cleanArgument, lastArgument, mergeArguments, parseArguments } from "#src/http/arguments.js";

/** Without the null prototype, which deep equality looks at. */
function plain(text: string, limit = 1_000): Record<string, string[]> {
  return { ...parseArguments(text, limit) };
}

describe("parseArguments", () => {
  const rows: [text: string, expected: Record<string, string[]>][] = [
    ["", {}],
    ["a=1&b=2", { a: ["1"], b: ["2"] }],
    ["a=1&b=2&a=3", { a: ["1", "3"], b: ["2"] }],
    ["a&b=", { a: [""], b: [""] }],
    ["&&a=1&", { a: ["1"] }],
    ["=x", { "": ["x"] }],
    ["a=b=c", { a: ["b=c"] }],
    ["a+b=c+d", { "a b": ["c d"] }],
    ["a=%2B%26%3D", { a: ["+&="] }],
    ["%C3%A4=%E2%82%AC", { ä: ["€"] }],
    ["a[b]=1&a[]=2", { "a[b]": ["1"], "a[]": ["2"] }],
    ["a;b=1", { "a;b": ["1"] }],
  ];
  for (const [text, expected] of rows) {
    it(`parses ${JSON.stringify(text)}`, () => expect(plain(text)).to.deep.equal(expected));
  }

  it("takes the names of Object.prototype as names", () => {
    const found = parseArguments("__proto__=1&constructor=2&toString=3", 10);
    expect(Object.getPrototypeOf(found)).to.equal(null);
    expect(found["__proto__"]).to.deep.equal(["1"]);
    expect(found["toString"]).to.deep.equal(["3"]);
    expect(lastArgument(found, "valueOf")).to.equal(undefined);
  });

  for (const text of ["a=%", "a=%4", "a=%ZZ", "%ff=1", "a=%C3", "a=%C0%AF", "a=%ED%A0%80"]) {
    it(`answers ${text} with 400`, () => {
      expect(() => plain(text))
        .to.throw(HTTPError)
        .with.property("status", 400);
    });
  }

  it("counts the parameters before it parses one", () => {
    expect(Object.keys(plain("a=1&b=2&c=3", 3))).to.have.length(3);
    expect(() => plain("a=1&b=2&c=3&d=%ZZ", 3)).to.throw(HTTPError, "more than 3 parameters");
    expect(() => plain("&".repeat(1_000), 1_000)).to.throw(HTTPError, "more than 1000 parameters");
  });
});

describe("mergeArguments", () => {
  it("puts the body's values after the query's and changes neither", () => {
    const query = parseArguments("a=1&b=2", 10);
    const body = parseArguments("a=3&c=4", 10);
    expect({ ...mergeArguments(query, body) }).to.deep.equal({ a: ["1", "3"], b: ["2"], c: ["4"] });
    expect(query["a"]).to.deep.equal(["1"]);
    expect(body["a"]).to.deep.equal(["3"]);
  });
});

describe("lastArgument", () => {
  it("gives the last value, cleaned", () => {
    const found = parseArguments("a=1&a=+x%00y+", 10);
    expect(lastArgument(found, "a")).to.equal("x y");
    expect(lastArgument(found, "a", false)).to.equal(" x y ");
    expect(allArguments(found, "a")).to.deep.equal(["1", "x y"]);
    expect(allArguments(found, "b")).to.deep.equal([]);
  });
});

describe("cleanArgument", () => {
  it("replaces control characters, then trims", () => {
    expect(cleanArgument("\u0000a\u001bb\u0007")).to.equal("a b");
    expect(cleanArgument("a\r\n\tb")).to.equal("a\r\n\tb");
  });
});
