import { ConfigurationError } from "#src/errors.js";
import { type PathArgument, StringPattern, buildPath } from "#src/routing/pattern.js";
import { expect } from "chai";

const place = "the route";
const pattern = (source: string): StringPattern => new StringPattern(source, place);

describe("StringPattern", () => {
  describe("constructor", () => {
    const refused: Record<string, [string, RegExp]> = {
      "no slash in front": ["users", /write "\/users"/],
      "an empty text": ["", /write "\/"/],
      "an escape": ["/caf%C3%A9", /"%C3" never matches/],
      "a question mark": ["/users/:id?", /"\?" is never in a path/],
      "a fragment": ["/a#b", /"#" is never in a path/],
      "a line break": ["/a\nb", /"\\n" is never in a path/],
      "a backslash": ["/a\\b", /"\\\\" is never in a path/],
      "a star inside": ["/files/*/x", /stands alone and last/],
      "a star beside text": ["/files/a*", /stands alone and last.*"a\*"/],
      "a parameter beside text": ["/post-:id", /whole segment.*"post-:id"/],
      "two parameters in a segment": ["/:a-:b", /whole segment/],
      "a parameter with an expression": ["/:id(\\d+)".replace("\\", ""), /whole segment/],
      "a parameter without name": ["/:/x", /whole segment/],
      "one name twice": ["/:id/x/:id", /two parameters are named ":id"/],
    };
    for (const [what, [source, message]] of Object.entries(refused)) {
      it(`refuses ${what}`, () => {
        expect(() => pattern(source))
          .to.throw(ConfigurationError, message)
          .with.property("message")
          .match(/^the route: /);
      });
    }
  });

  describe("#shape", () => {
    it("is equal for patterns that differ only by their parameters' names", () => {
      expect(pattern("/users/:id/x").shape).to.equal(pattern("/users/:name/x").shape);
    });

    it("differs for patterns that match other paths", () => {
      const sources = ["/", "/a", "/a/", "//a", "/A", "/a/:b", "/a/*", "/:a/b"];
      expect(new Set(sources.map((source) => pattern(source).shape)).size).to.equal(sources.length);
    });
  });

  describe("#reverse", () => {
    const cases: [string, PathArgument[], string][] = [
      ["/", [], "/"],
      ["/users/:id", [7], "/users/7"],
      ["/users/:id/posts/:post", ["a b", "c/d"], "/users/a%20b/posts/c%2Fd"],
      ["/users/:id", ["100%25?#\\é"], "/users/100%2525%3F%23%5C%C3%A9"],
      ["/café/100%/:on", [true], "/caf%C3%A9/100%25/true"],
      ["/files/*", ["a/b c"], "/files/a/b%20c"],
      ["/files/*", [""], "/files/"],
    ];
    for (const [source, args, path] of cases) {
      it(`builds ${path} from ${source}`, () => {
        expect(pattern(source).reverse(args)).to.equal(path);
      });
    }

    it("never builds a path that leads to another host", () => {
      expect(pattern("/*").reverse(["/example.org"])).to.equal("/%2Fexample.org");
    });

    it("refuses a wrong number of arguments", () => {
      expect(() => pattern("/users/:id").reverse([])).to.throw(ConfigurationError, "takes 1 argument(s), got 0");
      expect(() => pattern("/users/:id").reverse([1, 2])).to.throw(ConfigurationError, "takes 1 argument(s), got 2");
    });

    it("refuses an empty segment, which would not match", () => {
      expect(() => pattern("/users/:id").reverse([""])).to.throw(ConfigurationError, '":id" stands for a segment');
    });
  });
});

describe("buildPath", () => {
  it("escapes literals and lets the parts escape their arguments", () => {
    expect(buildPath(["/a?", (text) => text.toUpperCase()], ["x"], place)).to.equal("/a%3FX");
  });
});
