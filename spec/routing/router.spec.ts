import { ConfigurationError } from "#src/errors.js";
import { canonicalPath } from "#src/routing/path.js";
import { type RouteSettings, Router } from "#src/routing/router.js";
import { expect } from "chai";

type Row = [string | RegExp, string, RouteSettings?];

const routerOf = (...rows: Row[]): Router<string> => {
  const router = new Router<string>();
  for (const row of rows) router.add(...row);
  return router;
};

describe("Router", () => {
  describe("#find", () => {
    const router = routerOf(
      ["/", "home"],
      ["/admin", "admin"],
      ["/users/:id", "user"],
      ["/users/:id/posts/:post", "post"],
      ["/files/*", "file"],
      ["/100%/café", "literal"],
      [/\/archive(?:\/(\d+))?(?:\/(\w+))?/, "archive"],
    );
    const found = (path: string): unknown => {
      const match = router.find(undefined, path);
      return match && [match.target, ...match.args];
    };

    it("finds strings with their arguments in order", () => {
      expect(found("/")).to.deep.equal(["home"]);
      expect(found("/users/7")).to.deep.equal(["user", "7"]);
      expect(found("/users/7/posts/x.y-z")).to.deep.equal(["post", "7", "x.y-z"]);
      expect(found("/files/a/b")).to.deep.equal(["file", "a/b"]);
      expect(found("/files/")).to.deep.equal(["file", ""]);
    });

    it("finds RegExps, undefined standing for a group that took no part", () => {
      expect(found("/archive")).to.deep.equal(["archive", undefined, undefined]);
      expect(found("/archive/x")).to.deep.equal(["archive", undefined, "x"]);
    });

    it("tells apart every slash and every case", () => {
      const others = ["//", "//admin", "/admin/", "/Admin", "/admin//", "/files", "/users", "/users/7/", "/nothing"];
      for (const path of others) expect(found(path), path).to.equal(undefined);
    });

    it("never takes an empty segment for a parameter", () => {
      expect(found("/users/")).to.equal(undefined);
      expect(found("/users//posts/1")).to.equal(undefined);
      expect(routerOf(["/u/:id", "user"], ["/u/*", "rest"]).find(undefined, "/u/")?.target).to.equal("rest");
    });

    it("decodes a request exactly once", () => {
      const asked = (target: string): unknown => found(canonicalPath(target)?.path ?? "");
      expect(asked("/users/a%2Fb")).to.deep.equal(["user", "a/b"]);
      expect(asked("/users/%2525")).to.deep.equal(["user", "%25"]);
      expect(asked("/users/%252F")).to.deep.equal(["user", "%2F"]);
      expect(asked("/users/%C3%A9%3F%23%5c?x#".replace("#", ""))).to.deep.equal(["user", "é?#\\"]);
      expect(asked("/files/a%2f..%2Fb/%25")).to.deep.equal(["file", "a/../b/%"]);
      expect(asked("/archive/1/%62")).to.deep.equal(["archive", "1", "b"]);
      expect(asked("/100%25/caf%c3%a9")).to.deep.equal(["literal"]);
      expect(asked("/%61dmin")).to.deep.equal(["admin"]);
      expect(asked("/%2561dmin")).to.equal(undefined);
    });

    it("finds parameters as long as a path can be", () => {
      const long = "x".repeat(20_000);
      expect(found(`/users/${long}`)).to.deep.equal(["user", long]);
    });

    it("finds nothing, and throws nothing, for what is not a canonical path", () => {
      const odd = ["", "*", "admin", "http://example.org/admin", "/users/%zz", "/%", "/users/%ff", "/\ud800", "/a\0b"];
      for (const path of odd) expect(() => router.find("example.org", path), path).not.to.throw();
      expect(router.find(undefined, "http://example.org/admin")).to.equal(undefined);
      expect(new Router<string>().find("a", "/")).to.equal(undefined);
    });

    it("gives parameters as text whatever their names", () => {
      const named = routerOf(["/:__proto__/:constructor/:toString", "x"]);
      expect(named.find(undefined, "/1/2/3")?.args).to.deep.equal(["1", "2", "3"]);
    });
  });

  describe("hosts", () => {
    const router = routerOf(
      ["/a", "any"],
      ["/only-any", "any"],
      ["/:x", "api", { host: "API.example.org" }],
      ["/a", "tenant", { host: /(\w+)\.example\.org/ }],
      ["/a", "v6", { host: "[::1]" }],
    );
    const target = (host: string | undefined, path = "/a"): string | undefined => router.find(host, path)?.target;

    it("win over routes without one, whatever the order and the pattern", () => {
      expect(target("api.example.org")).to.equal("api");
      expect(target("x.example.org")).to.equal("tenant");
      expect(target("other.org")).to.equal("any");
      expect(target(undefined)).to.equal("any");
    });

    it("are compared without case, port and final dot", () => {
      expect(target("Api.Example.ORG:8888")).to.equal("api");
      expect(target("api.example.org.")).to.equal("api");
      expect(target("X.EXAMPLE.ORG:1")).to.equal("tenant");
      expect(target("[::1]:8888")).to.equal("v6");
    });

    it("match as a whole", () => {
      expect(target("x.example.org.evil.net")).to.equal("any");
      expect(target("a.x.example.org")).to.equal("any");
    });

    it("fall back to the routes of any host", () => {
      expect(target("x.example.org", "/only-any")).to.equal("any");
    });

    it("are refused with a port, a scheme or a wildcard, and when a client could stall them", () => {
      const add = (host: string | RegExp) => () => routerOf(["/", "x", { host }]);
      for (const host of ["example.org:80", "http://example.org", "*.example.org", ""]) {
        expect(add(host), host).to.throw(ConfigurationError, "host is a name without scheme, port");
      }
      expect(add(/(a+)+/)).to.throw(ConfigurationError, "a client could");
    });
  });

  describe("#add", () => {
    class UserHandler {}
    class ProfileHandler {}
    const ofClasses = (): Router<unknown> => {
      const router = new Router<unknown>();
      router.add("/users/:id", UserHandler, { name: "user" });
      router.add(/\/x/, UserHandler, { host: "example.org" });
      return router;
    };

    it("refuses a path twice, naming both sides", () => {
      expect(() => ofClasses().add("/users/:name", ProfileHandler)).to.throw(
        ConfigurationError,
        'the route "/users/:name" of ProfileHandler has the same path as the route "/users/:id" of UserHandler',
      );
      expect(() => ofClasses().add(/\/x/, ProfileHandler, { host: "Example.org" })).to.throw(
        ConfigurationError,
        "the route /\\/x/ of ProfileHandler on host Example.org has the same path as the route /\\/x/ of UserHandler",
      );
    });

    it("accepts a path twice for different hosts", () => {
      const router = ofClasses();
      router.add("/users/:id", ProfileHandler, { host: /example\.org/ });
      router.add(/\/x/, ProfileHandler);
      expect(router.routes).to.have.length(4);
    });

    it("refuses a name twice, naming both sides", () => {
      expect(() => ofClasses().add("/profile", ProfileHandler, { name: "user" })).to.throw(
        ConfigurationError,
        'the route "/profile" of ProfileHandler has the name "user" of the route "/users/:id" of UserHandler',
      );
    });

    it("leaves nothing behind when it refuses", () => {
      const router = ofClasses();
      expect(() => router.add("/users/:x", ProfileHandler, { name: "profile" })).to.throw(ConfigurationError);
      expect(router.routes).to.have.length(2);
      expect(() => router.reverse("profile", 1)).to.throw(ConfigurationError, "no route is named");
    });

    it("names the target as it was told to", () => {
      const router = new Router<{ id: number }>(({ id }) => `target ${id}`);
      expect(() => router.add("x", { id: 7 })).to.throw(
        ConfigurationError,
        'the route "x" of target 7: a pattern begins',
      );
    });
  });

  describe("#reverse", () => {
    const router = routerOf(["/users/:id", "u", { name: "user" }], [/\/p\/(\d+)/, "p", { name: "post" }]);

    it("builds what #find finds", () => {
      const path = router.reverse("user", "a/b?c%2F é");
      expect(router.find(undefined, canonicalPath(path)?.path ?? "")?.args).to.deep.equal(["a/b?c%2F é"]);
      expect(router.reverse("post", 7)).to.equal("/p/7");
    });

    it("refuses an unknown name and lists the known ones", () => {
      expect(() => router.reverse("users", 1)).to.throw(
        ConfigurationError,
        'no route is named "users"; known names: user, post',
      );
    });
  });

  describe("#routes", () => {
    it("lists the table as it was written", () => {
      const router = routerOf(["/a", "a"], [/\/b/, "b", { name: "bee", host: "example.org" }]);
      expect(router.routes).to.deep.equal([
        { pattern: "/a", target: "a", name: undefined, host: undefined },
        { pattern: /\/b/, target: "b", name: "bee", host: "example.org" },
      ]);
    });
  });

  describe("#freeze", () => {
    it("makes #add throw and leaves #find alone", () => {
      const router = routerOf(["/a", "a"]);
      router.freeze();
      expect(() => router.add("/b", "b")).to.throw(ConfigurationError, "add routes before it starts");
      expect(router.find(undefined, "/a")?.target).to.equal("a");
    });
  });

  describe("#freeze", () => {
    const freeze = (...rows: Row[]) => {
      const router = routerOf(...rows);
      return () => router.freeze();
    };

    for (const [what, rows, message] of [
      [
        "a catch-all string",
        [
          ["/files/*", "files"],
          [/\/files\/(\d+)/, "number"],
        ],
        /\/files\\\/\(\\d\+\)\/ of number can never be reached: the route "\/files\/\*" of files takes all/,
      ],
      [
        "a literal string",
        [
          [/\/about/, "later"],
          ["/about", "first"],
        ],
        /of later can never.*"\/about" of first/,
      ],
      [
        "a string with a parameter",
        [
          ["/users/:id", "user"],
          [/\/users\/me/, "me"],
        ],
        /of me can never.*of user/,
      ],
      [
        "an earlier RegExp",
        [
          [/\/.*/, "all"],
          [/\/a(\d)/, "some"],
        ],
        /of some can never.*of all takes all its paths/,
      ],
    ] as [string, Row[], RegExp][]) {
      it(`refuses a RegExp in the shadow of ${what}`, () => {
        expect(freeze(...rows)).to.throw(ConfigurationError, message);
      });
    }

    it("looks at each host for itself", () => {
      expect(freeze(["/*", "a", { host: "a.org" }], [/\/b/, "b"])).not.to.throw();
      expect(freeze(["/*", "a", { host: "a.org" }], [/\/b/, "b", { host: "a.org" }])).to.throw(
        /on host a\.org can never/,
      );
      expect(freeze(["/*", "a", { host: /a/ }], [/\/b/, "b", { host: /a/ }])).to.throw(/can never/);
    });

    it("accepts what can be reached", () => {
      expect(freeze(["/files/:id", "a"], ["/files/*", "b"], [/\/f(.*)/, "c"], [/\/(.*)/, "d"])).not.to.throw();
    });
  });
});
