import { expect } from "chai";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigurationError } from "#src/errors.js";
import { applicationModule, importDefinition, moduleURL, noModule } from "#src/modules.js";
import { refusal } from "./support/refusal.js";

const here = import.meta.url;
const fixture = (name: string): string => new URL(`./system/fixtures/${name}`, here).href;

describe("moduleURL", () => {
  for (const [form, module] of [
    ["a file URL string", here],
    ["a URL", new URL(here)],
    ["a path", fileURLToPath(here)],
  ] as const) {
    it(`takes ${form}`, () => expect(moduleURL(module, "it")).to.equal(here));
  }

  it("refuses what is none of them and says what to give", () => {
    for (const module of [undefined, {}, ""]) {
      expect(() => moduleURL(module as string, "bootstrap()")).to.throw(
        ConfigurationError,
        /^bootstrap\(\): the module is a file: URL, .*import\.meta\.url .*got (undefined|object|string)$/,
      );
    }
  });
});

describe("applicationModule", () => {
  const program = process.argv[1] ?? "";

  afterEach(() => {
    process.argv[1] = program;
  });

  it("is the module of the definition", () => {
    expect(applicationModule(new URL(here))).to.equal(here);
  });

  it("is the program's main module where the definition names none", () => {
    const file = fileURLToPath(here);
    for (const form of [file, file.replace(/\.js$/, "")]) {
      process.argv[1] = form;
      expect(applicationModule(undefined)).to.equal(pathToFileURL(file).href);
    }
  });

  it("refuses a program without a file, and a definition that is in no module", () => {
    expect(() => applicationModule(noModule)).to.throw(ConfigurationError, "add `module: import.meta.url` to it");
    process.argv.length = 1;
    expect(() => applicationModule(undefined)).to.throw(ConfigurationError, "or use an InlineExecutor");
  });
});

describe("importDefinition", () => {
  it("gives what a module exports as its default", async () => {
    const definition = await importDefinition(fixture("application.js"), "it");
    expect(definition.handlers).to.have.property("length").above(0);
  });

  it("says that a module does not exist, or exports no definition", async () => {
    const missing = await refusal(importDefinition(fixture("nowhere.js"), "bootstrap()"));
    expect(missing).to.be.instanceOf(ConfigurationError);
    expect(missing.message).to.match(
      /^bootstrap\(\): there is no module file:\S+\/nowhere\.js; name the compiled file/,
    );
    const empty = await refusal(importDefinition(fixture("silent.js"), "bootstrap()"));
    expect(empty).to.be.instanceOf(ConfigurationError);
    expect(empty.message).to.include("has no default export made by defineApplication({ handlers, … })");
  });

  it("does not wait for the main module, which waits for it", async () => {
    const main = applicationModule(undefined);
    expect((await refusal(importDefinition(main, "bootstrap()"))).message).to.include("no `handlers` in the options");
  });
});
