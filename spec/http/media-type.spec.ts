import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { decodeUtf8, parseMediaType, requireUtf8 } from "#src/http/media-type.js";

describe("parseMediaType", () => {
  const rows: [text: string, essence: string, parameters: Record<string, string>][] = [
    ["application/json", "application/json", {}],
    ["Application/JSON;charset=UTF-8", "application/json", { charset: "UTF-8" }],
    ['multipart/form-data; Boundary="a b\\"c"; x=y', "multipart/form-data", { boundary: 'a b"c', x: "y" }],
    ["text/plain ; ; a=b ", "text/plain", { a: "b" }],
    ["text/plain;", "text/plain", {}],
  ];
  for (const [text, essence, parameters] of rows) {
    it(`parses ${text}`, () => {
      const type = parseMediaType(text);
      expect(type?.essence).to.equal(essence);
      expect(Object.fromEntries(type?.parameters ?? [])).to.deep.equal(parameters);
    });
  }

  const wrong = [
    "",
    "json",
    "a/",
    "/b",
    "application/json garbage",
    "application/json\ta",
    "a/b,c/d",
    "a/b;c",
    'a/b;c="d',
  ];
  for (const text of [...wrong, "a/b;c=d;C=e", "a/b; c = d", 'a/b;c="d"e']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(parseMediaType(text)).to.equal(undefined));
  }
});

describe("requireUtf8", () => {
  it("accepts UTF-8 in any case, and no charset", () => {
    for (const text of ["a/b", "a/b;charset=utf-8", 'a/b;charset="UTF-8"']) requireUtf8(parseMediaType(text)!);
  });

  it("answers another charset with 415", () => {
    expect(() => requireUtf8(parseMediaType("a/b;charset=utf-7")!))
      .to.throw(HTTPError)
      .with.property("status", 415);
  });
});

describe("decodeUtf8", () => {
  it("removes a byte order mark", () => expect(decodeUtf8(Buffer.from("\ufeffä"))).to.equal("ä"));

  it("keeps a replacement character that was sent", () => {
    expect(decodeUtf8(Buffer.from("a\ufffdb"))).to.equal("a\ufffdb");
  });

  for (const bytes of [[0xff], [0x61, 0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]]) {
    it(`answers the bytes ${Buffer.from(bytes).toString("hex")} with 400`, () => {
      expect(() => decodeUtf8(Buffer.from(bytes)))
        .to.throw(HTTPError)
        .with.property("status", 400);
    });
  }
});
