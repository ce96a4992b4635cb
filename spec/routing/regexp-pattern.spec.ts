import { ConfigurationError } from "#src/errors.js";
import { RegExpPattern, wholeMatch } from "#src/routing/regexp-pattern.js";
import { expect } from "chai";

const place = "the route";
const pattern = (source: RegExp): RegExpPattern => new RegExpPattern(source, place);

describe("RegExpPattern", () => {
  describe("constructor", () => {
    const exponential = [
      /\/(a+)+/,
      /\/(?:[a-z]*)*x/,
      /\/(?:a|aa)+/,
      /\/(?:(?:a|b)c)*/,
      /\/(?:a?a?)+/,
      /\/(?:(?:a)?(?:a)?)+/,
      /\/(?:a+){2,}/,
    ];
    for (const source of exponential) {
      it(`refuses ${String(source)}, on which matching may take exponential time`, () => {
        expect(() => pattern(source)).to.throw(ConfigurationError, /^the route: a client could.*simplify/);
      });
    }

    const harmless = [
      /\/archive(?:\/(\d+)(?:\/(\d+))?)?/,
      /\/(?:en|de)\/(.*)/,
      /\/(?<year>\d{4})-(\d\d)/,
      /\/[)(|*+]+/,
      /\/\(\)*/,
      /\/\p{L}+/u,
      /.*/,
    ];
    for (const source of harmless) {
      it(`accepts ${String(source)}`, () => {
        expect(() => pattern(source)).not.to.throw();
      });
    }

    it("refuses what can match no path", () => {
      expect(() => pattern(/users\/(\d+)/)).to.throw(ConfigurationError, /can match nothing/);
      expect(() => pattern(/^users/)).to.throw(ConfigurationError, /can match nothing/);
    });
  });

  describe("#match", () => {
    it("matches the whole path only, whichever alternative matches", () => {
      expect(pattern(/\/a|\/b/).match("/b")).to.deep.equal([]);
      expect(pattern(/\/a|\/b/).match("/bc")).to.equal(undefined);
      expect(pattern(/\/a|\/b/).match("/x/b")).to.equal(undefined);
      expect(pattern(/^\/a$/).match("/a")).to.deep.equal([]);
    });

    it("gives the groups in order, undefined for one that took no part", () => {
      expect(pattern(/\/archive(?:\/(\d+))?/).match("/archive")).to.deep.equal([undefined]);
      expect(pattern(/\/archive(?:\/(\d+))?/).match("/archive/7")).to.deep.equal(["7"]);
      expect(pattern(/\/(?<a>\w*)-(\w*)/).match("/x-")).to.deep.equal(["x", ""]);
    });

    it("decodes the groups, and only once", () => {
      expect(pattern(/\/([^/]+)/).match("/a%2Fb")).to.deep.equal(["a/b"]);
      expect(pattern(/\/([^/]+)/).match("/%2525")).to.deep.equal(["%25"]);
    });

    it("keeps no state between matches", () => {
      const sticky = pattern(/\/a/gy);
      expect([sticky.match("/a"), sticky.match("/a")]).to.deep.equal([[], []]);
    });

    it("keeps the flags that say what matches", () => {
      expect(pattern(/\/admin/i).match("/ADMIN")).to.deep.equal([]);
      expect(pattern(/\/admin/).match("/ADMIN")).to.equal(undefined);
    });
  });

  describe("#reverse", () => {
    it("builds literals and flat groups", () => {
      expect(pattern(/^\/users\/(\d+)\/a\.b\/(?<name>[^/(]+)$/).reverse([7, "x/y z"])).to.equal(
        "/users/7/a.b/x%2Fy%20z",
      );
      expect(pattern(/\/plain\?/).reverse([])).to.equal("/plain%3F");
      expect(pattern(/\/a#b/).reverse([])).to.equal("/a%23b");
    });

    it("refuses a wrong number of arguments", () => {
      expect(() => pattern(/\/users\/(\d+)/).reverse([])).to.throw(ConfigurationError, "takes 1 argument(s), got 0");
    });

    const complex = [/\/a(?:\/(\d+))?/, /\/a|\/b/, /\/a+/, /\/\d/, /\/[ab]/, /\/./, /\/((a)b)/, /\/(a)?/, /\/a(?=b)b/];
    for (const source of complex) {
      it(`refuses ${String(source)}, which has no one path`, () => {
        expect(() => pattern(source).reverse(["1"])).to.throw(ConfigurationError, /^the route: no path can be built/);
      });
    }
  });
});

describe("wholeMatch", () => {
  it("matches nothing longer", () => {
    expect(wholeMatch(/a|b/, place).test("ab")).to.equal(false);
    expect(wholeMatch(/a|b/, place).test("b")).to.equal(true);
    expect(wholeMatch(/a/m, place).test("a\nb")).to.equal(false);
  });
});
