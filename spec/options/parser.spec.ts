import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "#src/errors.js";
import { OptionParser } from "#src/options/parser.js";
import { expect } from "chai";

class Exit extends Error {
  constructor(readonly exitCode: number) {
    super(`exit ${exitCode}`);
  }
}

/** A parser that records what it prints and throws {@link Exit} instead of ending the process. */
const recorded = (env: Record<string, string> = {}) => {
  const out: string[] = [];
  const err: string[] = [];
  const parser = new OptionParser({
    exit: (code) => {
      throw new Exit(code);
    },
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    env,
  });
  return { parser, out, err };
};

const exitCode = (run: () => unknown): number | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof Exit) return error.exitCode;
    throw error;
  }
  return undefined;
};

describe("OptionParser", () => {
  describe("#define", () => {
    it("returns a handle that holds the default before anything is read", () => {
      expect(recorded().parser.define("port", { default: 8888 }).value).to.equal(8888);
    });

    it("refuses a name twice, in whatever spelling, and says where both are", () => {
      const { parser } = recorded();
      parser.define("log-level");
      expect(() => parser.define("logLevel")).to.throw(
        ConfigurationError,
        /^option "logLevel" \(.*parser\.spec\.\w+:\d+:\d+\)? ?\)?.* as "log-level" \(.*parser\.spec\.\w+:\d+/,
      );
    });

    it("refuses what is not a name", () => {
      for (const name of ["", "-a", "1a", "a b", "a=b", "help", "Help", "__proto__"]) {
        expect(() => recorded().parser.define(name), name).to.throw(ConfigurationError, "a name is a letter");
      }
    });
  });

  describe("#values", () => {
    it("holds the current values, in the spelling of the definition and in camelCase", () => {
      const { parser } = recorded();
      parser.define("log-level", { default: "info" });
      parser.parseCommandLine(["--log-level=warn"]);
      expect([parser.values["log-level"], parser.values["logLevel"]]).to.deep.equal(["warn", "warn"]);
      expect({ ...parser.values }).to.deep.equal({ "log-level": "warn" });
    });

    it("knows no other names", () => {
      expect(recorded().parser.values["toString"]).to.equal(undefined);
    });

    it("cannot be assigned to", () => {
      const { parser } = recorded();
      parser.define("port", { default: 1 });
      expect(() => Object.assign(parser.values, { port: 2 })).to.throw(TypeError);
    });
  });

  describe("#parseCommandLine", () => {
    it("sets the options and returns the positional arguments", () => {
      const { parser } = recorded();
      const port = parser.define("port", { default: 8888 });
      const debug = parser.define("debug", { default: false });
      expect(parser.parseCommandLine(["serve", "--port=1", "--debug", "--", "--x"])).to.deep.equal(["serve", "--x"]);
      expect([port.value, debug.value]).to.deep.equal([1, true]);
    });

    it("prints the usage to stdout and exits 0 when asked for help, whatever else is wrong", () => {
      const { parser, out, err } = recorded({ PORT: "x" });
      parser.define("port", { default: 8888, env: "PORT" });
      expect(exitCode(() => parser.parseCommandLine(["--nonsense", "--help"]))).to.equal(0);
      expect(out.join("")).to.match(/^Usage: .*\[options\] \[arguments\]\n\nOptions:\n.*--port=INTEGER /s);
      expect(err).to.deep.equal([]);
    });

    it("prints what is wrong and the usage to stderr, exits 2, and sets nothing", () => {
      const { parser, out, err } = recorded();
      const port = parser.define("port", { default: 8888 });
      expect(exitCode(() => parser.parseCommandLine(["--port=1", "--prot=2"]))).to.equal(2);
      expect(err.join("")).to.match(/^unknown option "--prot=2"; did you mean --port\?\n\nUsage: /);
      expect(out).to.deep.equal([]);
      expect(port.value).to.equal(8888);
    });

    it("reads the environment where the command line is silent", () => {
      const { parser } = recorded({ PORT: "1", HOST: "a", EMPTY: "" });
      const port = parser.define("port", { default: 8888, env: "PORT" });
      const host = parser.define("host", { default: "b", env: "HOST" });
      const empty = parser.define("empty", { default: 7, env: "EMPTY" });
      parser.parseCommandLine(["--host=c"]);
      expect([port.value, host.value, empty.value]).to.deep.equal([1, "c", 7]);
    });

    it("exits 2 on a bad variable, unless the command line overrides it", () => {
      const { parser, err } = recorded({ PORT: "1e3" });
      const port = parser.define("port", { default: 8888, env: "PORT" });
      expect(exitCode(() => parser.parseCommandLine([]))).to.equal(2);
      expect(err[0]).to.equal('PORT (environment) needs a whole number, got "1e3"\n\n');
      parser.parseCommandLine(["--port=1"]);
      expect(port.value).to.equal(1);
    });

    it("does not catch what a callback throws", () => {
      const { parser } = recorded();
      parser.define("port", {
        default: 1,
        callback: () => {
          throw new ConfigurationError("from the callback");
        },
      });
      expect(() => parser.parseCommandLine(["--port=2"])).to.throw(ConfigurationError, "from the callback");
    });
  });

  describe("#parseConfigFile", () => {
    let folder: string;
    const file = (content: string): string => {
      const path = join(folder, "app.json");
      writeFileSync(path, content);
      return path;
    };
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "options-"));
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    it("sets the options its members name, in any spelling", () => {
      const { parser } = recorded();
      const level = parser.define("log-level", { default: "info" });
      const ports = parser.define("ports", { type: "integer", multiple: true });
      parser.parseConfigFile(file('{ "logLevel": "warn", "ports": [1, 2] }'));
      expect([level.value, ports.value]).to.deep.equal(["warn", [1, 2]]);
    });

    for (const first of ["file", "command line"]) {
      it(`ranks below command line and environment when the ${first} is read first`, () => {
        const { parser } = recorded({ B: "environment", C: "environment" });
        for (const [name, env] of Object.entries({ a: "A", b: "B", c: "C", d: "D" }))
          parser.define(name, { env, default: "default" });
        const path = file('{ "a": "file", "b": "file", "c": "file" }');
        if (first === "file") parser.parseConfigFile(path);
        parser.parseCommandLine(["--c=command line"]);
        if (first !== "file") parser.parseConfigFile(path);
        expect({ ...parser.values }).to.deep.equal({ a: "file", b: "environment", c: "command line", d: "default" });
      });
    }

    const refused: Record<string, [string, RegExp]> = {
      "an unknown member": ['{ "port": 1, "prot": 2 }', /app\.json: unknown option "prot"; did you mean port\?$/],
      "a bad value": ['{ "port": "x" }', /app\.json: "port" needs a whole number, got "x"$/],
      "a member like those of every object": ['{ "__proto__": 1 }', /unknown option "__proto__"/],
      "text that is not JSON": ["port = 1", /app\.json: the config file cannot be read/],
      "JSON that is not an object": ["[1]", /app\.json: a config file is a JSON object/],
      null: ["null", /app\.json: a config file is a JSON object/],
    };
    for (const [what, [content, message]] of Object.entries(refused)) {
      it(`refuses ${what} and sets nothing`, () => {
        const { parser } = recorded();
        const port = parser.define("port", { default: 8888 });
        expect(() => parser.parseConfigFile(file(content))).to.throw(ConfigurationError, message);
        expect(port.value).to.equal(8888);
      });
    }

    it("names a file that is not there", () => {
      expect(() => recorded().parser.parseConfigFile(join(folder, "none.json")))
        .to.throw(ConfigurationError, /none\.json: the config file cannot be read: ENOENT/)
        .with.property("cause");
    });
  });

  describe("#reset", () => {
    it("brings back every default and keeps the definitions", () => {
      const { parser } = recorded();
      const port = parser.define("port", { default: 8888 });
      parser.parseCommandLine(["--port=1"]);
      parser.reset();
      expect(port.value).to.equal(8888);
      parser.parseCommandLine(["--port=2"]);
      expect(port.value).to.equal(2);
    });
  });
});
