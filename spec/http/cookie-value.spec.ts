import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { quoteCookieValue, unquoteCookieValue } from "#src/http/cookie-value.js";
import { requireTornado, tornado } from "../support/tornado.js";

/** Every character that a value may have, one by one. */
const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((character) =>
  /[!-~\u00a0-\u00ff]/.test(character),
);

describe("quoteCookieValue", () => {
  const rows: [value: string, text: string][] = [
    ["", ""],
    ["abc-1.2_3", "abc-1.2_3"],
    ["2|1:0", "2|1:0"],
    ["a=b", '"a=b"'],
    ["a;b,c", '"a\\073b\\054c"'],
    ['say"\\', '"say\\"\\\\"'],
    ["café", '"caf\\351"'],
    ['{"a":1}', '"{\\"a\\":1}"'],
  ];
  for (const [value, text] of rows) {
    it(`sends ${value || "nothing"} as ${text || "nothing"}`, () => expect(quoteCookieValue(value)).to.equal(text));
  }

  for (const value of ["a b", "a\tb", "a\r\nSet-Cookie: x=1", "\0", "\u007f", "\u0085", "\u010d\u010a", "日本"]) {
    it(`refuses ${JSON.stringify(value)}`, () => expect(() => quoteCookieValue(value)).to.throw(ResponseError));
  }
});

describe("unquoteCookieValue", () => {
  const rows: [text: string, value: string][] = [
    ["", ""],
    ["abc", "abc"],
    ['"', '"'],
    ['""', ""],
    ['"a\\054b"', "a,b"],
    ['"a\\"b\\\\"', 'a"b\\'],
    ["a\\054b", "a\\054b"],
    ['"a\\054b', '"a\\054b'],
    ['"\\400\\9\\a"', "4009a"],
    ['"\\"', "\\"],
  ];
  for (const [text, value] of rows) {
    it(`reads ${text || "nothing"} as ${value || "nothing"}`, () => expect(unquoteCookieValue(text)).to.equal(value));
  }

  it("is linear: a quadratic one would outlast the test", () => {
    const escapes = 200_000;
    expect(unquoteCookieValue(`"${"\\054".repeat(escapes)}"`)).to.have.length(escapes);
    expect(unquoteCookieValue(`"${"\\".repeat(2 * escapes)}"`)).to.have.length(escapes);
  });
});

describe("a cookie's value and Tornado", () => {
  before(function () {
    requireTornado(this);
  });

  it("is sent alike, for every character", () => {
    const theirs = tornado<string[]>(
      "[cookie(c) for c in given]",
      characters,
      "from http.cookies import _quote as cookie",
    );
    expect(characters.map(quoteCookieValue)).to.deep.equal(theirs);
  });

  it("is read alike", () => {
    const texts = [
      ...characters.map(quoteCookieValue),
      '"\\0541\\"\\q\\',
      '"\\38"',
      '"a"b"',
      '"\\',
      "'a'",
      '"\\777\\000"',
    ];
    const theirs = tornado<string[]>("[httputil._unquote_cookie(text) for text in given]", texts);
    expect(texts.map(unquoteCookieValue)).to.deep.equal(theirs);
  });
});
