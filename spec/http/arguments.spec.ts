import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { addArgument, allArguments, cleanArgument, noArguments, parseArguments } from "#src/http/arguments.js";

function plain(text: string, limit = 1_000): Record<string, readonly string[]> {
  return Object.fromEntries(parseArguments(text, limit));
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
    expect([...found.keys()]).to.deep.equal(["__proto__", "constructor", "toString"]);
    expect(allArguments(found, "__proto__")).to.deep.equal(["1"]);
    expect(allArguments(found, "valueOf")).to.deep.equal([]);
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

describe("addArgument", () => {
  it("keeps the values of a name in the order added", () => {
    const found = new Map<string, string[]>();
    for (const [name, value] of [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ] as const)
      addArgument(found, name, value);
    expect([...found]).to.deep.equal([
      ["a", ["1", "3"]],
      ["b", ["2"]],
    ]);
  });
});

describe("allArguments", () => {
  it("gives all values, cleaned", () => {
    const found = parseArguments("a=1&a=+x%00y+", 10);
    expect(allArguments(found, "a")).to.deep.equal(["1", "x y"]);
    expect(allArguments(found, "a", false)).to.deep.equal(["1", " x y "]);
    expect(allArguments(found, "b")).to.deep.equal([]);
    expect(allArguments(noArguments, "a")).to.deep.equal([]);
  });

  it("gives an array that is the caller's to change", () => {
    const found = parseArguments("a=1", 10);
    allArguments(found, "a").push("2");
    expect(allArguments(found, "a")).to.deep.equal(["1"]);
  });
});

describe("cleanArgument", () => {
  it("replaces control characters, then trims", () => {
    expect(cleanArgument("\u0000a\u001bb\u0007")).to.equal("a b");
    expect(cleanArgument("a\r\n\tb")).to.equal("a\r\n\tb");
  });
});
