import { expect } from "chai";
import { decodeXsrfToken, encodeXsrfToken, isSameXsrfToken, newXsrfToken } from "#src/http/xsrf-token.js";
import { requireTornado, tornado } from "../support/tornado.js";

const bytes = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const token = { bytes, seconds: 1_300_000_000 };
const text = "2|deadbeef|deacbcecdaa8b8e8d6a4b4e4d2a0b0e0|1300000000";

describe("encodeXsrfToken", () => {
  it("masks the token", () => {
    expect(encodeXsrfToken(token, Buffer.from("deadbeef", "hex"))).to.equal(text);
  });

  it("takes another mask each time, so that no two answers have the same bytes", () => {
    const texts = Array.from({ length: 100 }, () => encodeXsrfToken(token).split("|"));
    for (const part of [1, 2]) expect(new Set(texts.map((parts) => parts[part])).size).to.equal(100);
    for (const parts of texts) expect(decodeXsrfToken(parts.join("|"))).to.deep.equal(token);
  });
});

describe("newXsrfToken", () => {
  it("is random, and knows its time", () => {
    const tokens = Array.from({ length: 100 }, () => newXsrfToken(1_300_000_000_999));
    expect(new Set(tokens.map((made) => made.bytes.toString("hex"))).size).to.equal(100);
    expect(tokens[0]).to.have.property("seconds", 1_300_000_000);
    expect(tokens[0]?.bytes).to.have.length(16);
  });
});

describe("decodeXsrfToken", () => {
  it("takes the mask off, in either case", () => {
    expect(decodeXsrfToken(text)).to.deep.equal(token);
    expect(decodeXsrfToken(text.toUpperCase())).to.deep.equal(token);
  });

  const wrong = [
    undefined,
    "",
    "2",
    // Version 1: the bare bytes in hexadecimal, or any text at all.
    bytes.toString("hex"),
    "any text",
    text.replace("2|", "1|"),
    text.replace("2|", "3|"),
    text.slice(0, -11),
    text.replace("deadbeef", "deadbee"),
    text.replace("deadbeef", "deadbeeg"),
    text.replace("|deac", "|de"),
    text.replace("|deac", "|deacde"),
    "2|deadbeef||1300000000",
    `${text} `,
    `${text}|`,
    `${text}\n`,
    text.replace("1300000000", "x"),
    text.replace("1300000000", "1".repeat(13)),
  ];
  for (const given of wrong) {
    it(`does not take ${JSON.stringify(given)}`, () => expect(decodeXsrfToken(given)).to.equal(undefined));
  }
});

describe("isSameXsrfToken", () => {
  it("compares all bytes, and not the time", () => {
    expect(isSameXsrfToken(token, { bytes: Buffer.from(bytes), seconds: 0 })).to.equal(true);
    for (let index = 0; index < bytes.length; index += 1) {
      const other = Buffer.from(bytes);
      other[index] = 0xff;
      expect(isSameXsrfToken(token, { bytes: other, seconds: token.seconds }), `at ${index}`).to.equal(false);
    }
  });
});

describe("an XSRF token and Tornado", () => {
  before(function () {
    requireTornado(this);
  });

  const handler =
    "handler = web.RequestHandler(web.Application(), httputil.HTTPServerRequest(method='GET', uri='/', connection=type('C', (), {'set_close_callback': lambda *a: None})()))\n" +
    "def decode(text): return [part.hex() if isinstance(part, bytes) else part for part in handler._decode_xsrf_token(text)]\n";

  it("is read by Tornado", () => {
    const ours = encodeXsrfToken(token);
    expect(tornado("decode(given)", ours, handler)).to.deep.equal([2, bytes.toString("hex"), token.seconds]);
  });

  it("is read here when Tornado made it", () => {
    const [theirs = "", raw = ""] = tornado<string[]>(
      "[handler.xsrf_token.decode(), handler._get_raw_xsrf_token()[1].hex()]",
      null,
      handler,
    );
    expect(decodeXsrfToken(theirs)?.bytes.toString("hex")).to.equal(raw);
  });
});
