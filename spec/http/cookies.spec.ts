import { expect } from "chai";
import { ResponseError } from "#src/errors.js";
import { type CookieOptions, isHostCookie, parseCookies, setCookieText } from "#src/http/cookies.js";

describe("parseCookies", () => {
  const rows: [field: string, cookies: Record<string, string>][] = [
    ["", {}],
    ["a=1", { a: "1" }],
    ["a=1; b=2;c=3", { a: "1", b: "2", c: "3" }],
    [" a = 1 ;\tb\t=\t2", { a: "1", b: "2" }],
    ["a=b=c", { a: "b=c" }],
    ["a=", { a: "" }],
    ["a=1; a=2", { a: "1" }],
    ['a="x\\054y"; b=2', { a: "x,y", b: "2" }],
    ['a="b;c=d"', { a: '"b', c: 'd"' }],
    ["a=%41", { a: "%41" }],
    // What is no pair is skipped, and what follows it survives.
    ["x; a=1; y", { a: "1" }],
    ["=;;;a=1", { "": "", a: "1" }],
    ["a=1; =secret; b=2", { a: "1", "": "secret", b: "2" }],
    ["{(:=)}; a=1", { "{(:": ")}", a: "1" }],
    ["__proto__=1; constructor=2; toString=3", JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}')],
    // White space that only some parsers trim would let one name pass for another.
    ["\u00a0__Host-a=1; \u0085b=2", { "\u00a0__Host-a": "1", "\u0085b": "2" }],
  ];
  for (const [field, cookies] of rows) {
    it(`reads ${JSON.stringify(field)}`, () => expect({ ...parseCookies(field) }).to.deep.equal(cookies));
  }

  it("has nothing that was not sent", () => {
    expect(parseCookies("a=1")["constructor"]).to.equal(undefined);
    expect(Object.getPrototypeOf(parseCookies(""))?.constructor).to.equal(undefined);
  });

  for (const unit of [";", "=;", "=;;;", "a;", '"', "a=\\", "; ", " ="]) {
    it(`is linear in ${JSON.stringify(unit)}: a quadratic one would outlast the test`, () => {
      const field = `${unit.repeat(1_000_000)}; last=1`;
      expect(parseCookies(field)["last"]).to.be.oneOf(["1", undefined]);
    });
  }
});

describe("setCookieText", () => {
  const http = { https: false, now: 0 };
  const https = { https: true, now: 0 };

  const rows: [options: CookieOptions, text: string][] = [
    [{}, "Path=/; HttpOnly; SameSite=Lax"],
    [{ httpOnly: false, sameSite: "strict" }, "Path=/; SameSite=Strict"],
    [{ domain: "example.com", path: "/a" }, "Domain=example.com; Path=/a; HttpOnly; SameSite=Lax"],
    [{ maxAge: 0 }, "Max-Age=0; Path=/; HttpOnly; SameSite=Lax"],
    [{ maxAge: -1 }, "Max-Age=-1; Path=/; HttpOnly; SameSite=Lax"],
    [{ expires: new Date(0) }, "Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"],
    [{ expiresDays: 1.5 }, "Path=/; Expires=Fri, 02 Jan 1970 12:00:00 GMT; HttpOnly; SameSite=Lax"],
    [{ expiresDays: null }, "Path=/; HttpOnly; SameSite=Lax"],
    [{ secure: true }, "Path=/; HttpOnly; Secure; SameSite=Lax"],
    [{ sameSite: "none" }, "Path=/; HttpOnly; Secure; SameSite=None"],
    [{ partitioned: true }, "Path=/; HttpOnly; Secure; Partitioned; SameSite=Lax"],
    [{ priority: "high" }, "Path=/; HttpOnly; Priority=High; SameSite=Lax"],
  ];
  for (const [options, text] of rows) {
    it(`writes ${JSON.stringify(options)}`, () => {
      expect(setCookieText("a", "1", options, http)).to.equal(`a=1; ${text}`);
    });
  }

  it("is Secure over https, unless it is told not to", () => {
    expect(setCookieText("a", "1", {}, https)).to.equal("a=1; Path=/; HttpOnly; Secure; SameSite=Lax");
    expect(setCookieText("a", "1", { secure: false }, https)).to.equal("a=1; Path=/; HttpOnly; SameSite=Lax");
  });

  it("quotes the value", () => {
    expect(setCookieText("a", "x;y", {}, http)).to.equal('a="x\\073y"; Path=/; HttpOnly; SameSite=Lax');
  });

  it("makes a cookie with a prefix Secure", () => {
    for (const name of ["__Host-a", "__Secure-a", "__host-a", "__SECURE-a"]) {
      expect(setCookieText(name, "1", {}, http), name).to.match(/; Secure;/);
    }
  });

  const injections = ["\r\nX: 1", "a\nb", "a\0b", "a; Domain=evil.example", "\u010d\u010aX: 1", "\u007f"];
  for (const text of injections) {
    it(`refuses ${JSON.stringify(text)} in every attribute`, () => {
      const refused = (name: string, options: CookieOptions): void => {
        expect(() => setCookieText(name, "1", options, http), JSON.stringify(options)).to.throw(ResponseError);
      };
      refused(text, {});
      refused("a", { domain: text });
      refused("a", { path: `/${text}` });
      refused("a", { sameSite: text as "lax" });
      refused("a", { priority: text as "low" });
    });
  }

  const useless: [name: string, options: CookieOptions, rule: RegExp][] = [
    ["a", { path: "a" }, /the path must start with \//],
    ["a", { path: "" }, /the path must start with \//],
    ["a", { domain: "a_b.com" }, /domain is invalid/],
    ["a", { domain: "example.com/x" }, /domain is invalid/],
    ["a", { maxAge: 1.5 }, /maxAge is invalid/],
    ["a", { maxAge: Number.NaN }, /maxAge is invalid/],
    ["a", { expires: new Date(Number.NaN) }, /expires is invalid/],
    ["a", { expiresDays: Number.NaN }, /expires is invalid/],
    ["a", { expires: new Date(0), expiresDays: 1 }, /not both/],
    ["a", { sameSite: "none", secure: false }, /need `secure`/],
    ["a", { sameSite: "None" as "none", secure: false }, /need `secure`/],
    ["a", { sameSite: "sometimes" as "lax" }, /sameSite is invalid/],
    ["a", { partitioned: true, secure: false }, /need `secure`/],
    ["__Secure-a", { secure: false }, /need `secure`/],
    ["__Host-a", { domain: "example.com" }, /__Host- allows no domain and no path/],
    ["__Host-a", { path: "/a" }, /__Host- allows no domain and no path/],
    ["__HOST-a", { path: "/a" }, /__Host- allows no domain and no path/],
    ["", {}, /name is invalid/],
    ["a b", {}, /name is invalid/],
    ["a=b", {}, /name is invalid/],
    ["café", {}, /name is invalid/],
  ];
  for (const [name, options, rule] of useless) {
    it(`refuses ${JSON.stringify([name, options])}`, () => {
      expect(() => setCookieText(name, "1", options, http)).to.throw(ResponseError, rule);
    });
  }
});

describe("isHostCookie", () => {
  it("knows the prefix in any case, and no other name", () => {
    expect(["__Host-", "__host-x", "__Secure-x", "x__Host-"].map(isHostCookie)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });
});
