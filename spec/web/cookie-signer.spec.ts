import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import type { CookieSecret } from "#src/http/signed-value.js";
import { CookieSigner } from "#src/web/cookie-signer.js";

const long = "0123456789abcdef";

describe("CookieSigner", () => {
  const environment = process.env["NODE_ENV"];
  afterEach(() => {
    if (environment === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = environment;
  });

  it("checks what it has signed, and nothing else", () => {
    const signer = new CookieSigner(long, undefined);
    const value = signer.sign("a", "1");
    expect(value).to.match(/^2\|1:0\|/);
    expect(signer.verify("a", value)?.toString()).to.equal("1");
    expect(signer.verify("b", value)).to.equal(undefined);
    expect(new CookieSigner("another secret, no less", undefined).verify("a", value)).to.equal(undefined);
  });

  it("signs with the newest key and checks with all: a change of keys", () => {
    const old = new CookieSigner({ 1: "first" }, 1).sign("a", "old");
    const both = new CookieSigner({ 1: "first", 2: "second" }, 2);
    expect(both.verify("a", old)?.toString()).to.equal("old");
    expect(both.sign("a", "new")).to.match(/^2\|1:2\|/);
    expect(new CookieSigner({ 2: "second" }, 2).verify("a", old)).to.equal(undefined);
  });

  const faults: [secret: unknown, keyVersion: number | undefined, message: RegExp][] = [
    ["", undefined, /cookieSecret must be a string that is not empty/],
    [7, undefined, /cookieSecret must be a string, or an object/],
    [null, undefined, /cookieSecret must be a string, or an object/],
    [{}, undefined, /cookieSecret must be a string, or an object/],
    ["secret", 1, /keyVersion names one of several secrets, but cookieSecret is a single string/],
    [{ 1: "a" }, undefined, /keyVersion must name the secret that signs, one of 1; got undefined/],
    [{ 1: "a", 2: "b" }, 3, /one of 1, 2; got 3/],
    [{ 1: "" }, 1, /cookieSecret\[1\] must be a string that is not empty/],
    [{ "-1": "a" }, -1, /whole number from 0, got "-1"/],
    [{ a: "a" }, 1, /whole number from 0, got "a"/],
    [{ "1.5": "a" }, 1.5, /whole number from 0, got "1.5"/],
  ];
  for (const [secret, keyVersion, message] of faults) {
    it(`refuses ${JSON.stringify(secret)} with ${String(keyVersion)}`, () => {
      expect(() => new CookieSigner(secret as CookieSecret, keyVersion)).to.throw(ConfigurationError, message);
    });
  }

  it("asks for 16 bytes in production, and says how to make them", () => {
    process.env["NODE_ENV"] = "production";
    expect(() => new CookieSigner("0123456789abcde", undefined)).to.throw(ConfigurationError, /16 bytes.*randomBytes/);
    expect(() => new CookieSigner({ 1: long, 2: "short" }, 1)).to.throw(ConfigurationError, /cookieSecret\[2\]/);
    expect(() => new CookieSigner(long, undefined)).not.to.throw();
  });
});
