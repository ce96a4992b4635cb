import { StringPattern } from "#src/routing/pattern.js";
import { RegExpPattern } from "#src/routing/regexp-pattern.js";
import { RouteTable } from "#src/routing/table.js";
import { expect } from "chai";

const tableOf = (...patterns: (string | RegExp)[]): RouteTable<string> => {
  const table = new RouteTable<string>();
  for (const pattern of patterns) {
    const parsed = typeof pattern === "string" ? new StringPattern(pattern, "") : new RegExpPattern(pattern, "");
    expect(table.add(parsed, String(pattern))).to.equal(undefined);
  }
  return table;
};

describe("RouteTable", () => {
  describe("#add", () => {
    it("returns the entry in the way and keeps it", () => {
      const table = tableOf("/users/:id");
      expect(table.add(new StringPattern("/users/:name", ""), "second")).to.equal("/users/:id");
      expect(table.find("/users/7")?.entry).to.equal("/users/:id");
    });
  });

  describe("#find", () => {
    it("prefers literal text to parameters, those to the star, all of them to a RegExp", () => {
      const table = tableOf(/\/.*/, "/a/*", "/a/:b", "/a/b");
      const found = ["/a/b", "/a/c", "/a/c/d", "/x"].map((path) => table.find(path)?.entry);
      expect(found).to.deep.equal(["/a/b", "/a/:b", "/a/*", "/\\/.*/"]);
    });

    it("finds literals of any characters, and only the whole of them", () => {
      const literals = ["/", "/a.b/c-d_e~f", "/a.b/", "/café", "/x y"];
      const table = tableOf(...literals);
      for (const path of literals) expect(table.find(path)).to.deep.equal({ entry: path, args: [] });
      for (const path of ["", "/A.b/", "/a.b", "/aXb/", "/constructor", "/a.b/c-d_e~f/"]) {
        expect(table.find(path)).to.equal(undefined);
      }
    });

    it("comes back from a literal that leads nowhere", () => {
      expect(tableOf("/a/b/c", "/a/:x/d", "/*").find("/a/b/d")).to.deep.equal({ entry: "/a/:x/d", args: ["b"] });
      expect(tableOf("/a/b/c", "/*").find("/a/b/d")).to.deep.equal({ entry: "/*", args: ["a/b/d"] });
    });

    it("tries RegExps in the order of the table", () => {
      expect(tableOf(/\/(\d+)/, /\/(.+)/).find("/7")?.entry).to.equal("/\\/(\\d+)/");
      expect(tableOf(/\/(.+)/, /\/(\d+)/).find("/7")?.entry).to.equal("/\\/(.+)/");
    });

    it("takes decoded question marks and number signs for text", () => {
      expect(tableOf("/a", "/*").find("/a?b#c")).to.deep.equal({ entry: "/*", args: ["a?b#c"] });
    });
  });
});
