import { readFileSync } from "node:fs";
import { expect } from "chai";
import { RequestHandler } from "waterspout";
import { requireTornado, tornado } from "./support/tornado.js";

const text = readFileSync(new URL("../../docs/tornado.md", import.meta.url), "utf8");
const modules = ["web", "httpserver", "routing", "escape", "httputil", "websocket"] as const;

/** The lines of a module's table, as cells. */
function rowsOf(module: string): string[][] {
  const section = text.split(`## tornado.${module}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => line.slice(1, -1).split("|"));
}

const codeIn = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

/** Public names that a module defines itself, and the methods and properties that its classes do. */
const definitions = `
import importlib, inspect
def names(module):
    found = []
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__: continue
        found.append(name)
        if inspect.isclass(value):
            for member, what in vars(value).items():
                if not member.startswith("_") and (callable(what) or isinstance(what, (property, staticmethod, classmethod))):
                    found.append(name + "." + member)
    return found
`;

describe("docs/tornado.md", () => {
  it("says something of every name, once", () => {
    for (const module of modules) {
      const rows = rowsOf(module);
      const names = rows.flatMap(([cell]) => codeIn(cell));
      expect(new Set(names).size, module).to.equal(names.length).and.be.above(0);
      for (const [name, here = "", why = ""] of rows) {
        if (here.startsWith(" none ")) expect(why.trim(), name).not.to.equal("");
        expect(here.trim(), name).not.to.equal("");
      }
    }
  });

  it("names members of RequestHandler that are there", () => {
    const rows = rowsOf("web").filter(([cell = ""]) => cell.includes("`RequestHandler."));
    const named = rows.flatMap(([, here]) => codeIn(here)).filter((name) => /^[a-z]\w+$/.test(name));
    // Declared for subclasses to write, so that nothing is called when they do not.
    const hooks = ["initialize", "prepare", "onFinish", "onConnectionClose", "dataReceived", "getCurrentUser"];
    expect(named).to.include.members(["staticUrl", "setSignedCookie", "checkConditions"]);
    expect(named.filter((name) => !(name in RequestHandler.prototype) && !hooks.includes(name))).to.deep.equal([]);
  });

  describe("beside Tornado", () => {
    before(function () {
      requireTornado(this);
    });

    for (const module of modules) {
      it(`leaves no name of tornado.${module} out`, () => {
        const expression = "names(importlib.import_module('tornado.' + given))";
        const listed = new Set(rowsOf(module).flatMap(([cell]) => codeIn(cell)));
        const missing = tornado<string[]>(expression, module, definitions).filter((name) => !listed.has(name));
        expect(missing).to.deep.equal([]);
      });
    }
  });
});
