import { ConfigurationError } from "#src/errors.js";
import { prefixed } from "#src/routing/prefix.js";
import { RegExpPattern } from "#src/routing/regexp-pattern.js";
import { expect } from "chai";

describe("prefixed", () => {
  it("puts the two texts one behind the other", () => {
    expect(prefixed("/api", "/users/:id", "")).to.equal("/api/users/:id");
    expect(prefixed("/api", "/", "")).to.equal("/api/");
    expect(prefixed("/api", "", "")).to.equal("/api");
    expect(prefixed("/tenants/:tenant", "/files/*", "")).to.equal("/tenants/:tenant/files/*");
  });

  it("keeps what a RegExp matches behind the prefix, and can still be reversed", () => {
    const mounted = (source: RegExp): RegExpPattern =>
      new RegExpPattern(prefixed("/v1.0 (b)", source, "") as RegExp, "the route");
    expect(mounted(/\/users\/(\d+)/).match("/v1.0 (b)/users/7")).to.deep.equal(["7"]);
    expect(mounted(/\/users\/(\d+)/).match("/v1x0 (b)/users/7")).to.equal(undefined);
    expect(mounted(/\/users\/(\d+)/).reverse([7])).to.equal("/v1.0%20(b)/users/7");
    expect(mounted(/\/is\/(yes|no)/).reverse(["no"])).to.equal("/v1.0%20(b)/is/no");
    expect(mounted(/^\/a$/).match("/v1.0 (b)/a")).to.deep.equal([]);
    expect(mounted(/\/A/i).match("/V1.0 (B)/a")).to.deep.equal([]);
  });

  it("stands in front of every alternative", () => {
    const mounted = new RegExpPattern(prefixed("/api", /\/a|\/(?:b|c)/, "") as RegExp, "the route");
    expect(["/api/a", "/api/b", "/a", "/b"].map((path) => mounted.match(path) !== undefined)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  for (const prefix of ["", "api", "/api/", "/", "//"]) {
    it(`refuses the prefix ${JSON.stringify(prefix)}`, () => {
      expect(() => prefixed(prefix, "/a", "the group")).to.throw(
        ConfigurationError,
        /^the group: a prefix begins with/,
      );
    });
  }

  it("refuses a pattern that would run into the prefix, and a RegExp whose groups would be counted differently", () => {
    expect(() => prefixed("/api", "users", "the group")).to.throw(ConfigurationError, /"users" in it must/);
    expect(() => prefixed("/:tenant", /\/a/, "the group")).to.throw(
      ConfigurationError,
      /under a prefix with parameters/,
    );
  });
});
