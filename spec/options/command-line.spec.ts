import { ConfigurationError } from "#src/errors.js";
import { asksForHelp, readCommandLine } from "#src/options/command-line.js";
import { Option } from "#src/options/option.js";
import { expect } from "chai";

const table = new Map(
  [
    new Option("port", { type: "integer" }),
    new Option("log-level", { type: "string" }),
    new Option("debug", { type: "boolean" }),
    new Option("tags", { type: "string", multiple: true }),
  ].map((option) => [option.name, option]),
);

const read = (...args: string[]): Record<string, unknown> => {
  const { values, positional } = readCommandLine(args, table);
  return { ...Object.fromEntries([...values].map(([option, value]) => [option.name, value])), rest: positional };
};

describe("readCommandLine", () => {
  const cases: [string[], Record<string, unknown>][] = [
    [[], { rest: [] }],
    [["--port=1"], { port: 1, rest: [] }],
    [["--port", "1"], { port: 1, rest: [] }],
    [["--port", "-1"], { port: -1, rest: [] }],
    [["--port=1", "--port=2"], { port: 2, rest: [] }],
    [["--log-level=a=b"], { "log-level": "a=b", rest: [] }],
    [["--log-level="], { "log-level": "", rest: [] }],
    [["--log-level=a\nb"], { "log-level": "a\nb", rest: [] }],
    [["--log_level=x"], { "log-level": "x", rest: [] }],
    [["--logLevel", "x"], { "log-level": "x", rest: [] }],
    [["--debug"], { debug: true, rest: [] }],
    [["--debug", "false"], { debug: true, rest: ["false"] }],
    [["--debug=no"], { debug: false, rest: [] }],
    [["--no-debug"], { debug: false, rest: [] }],
    [["--no_debug"], { debug: false, rest: [] }],
    [["--tags=a,b", "--tags", "c"], { tags: ["a", "b", "c"], rest: [] }],
    [["serve", "--port=1", "-", "x"], { port: 1, rest: ["serve", "-", "x"] }],
    [["--port=1", "--", "--port=2", "--", "x"], { port: 1, rest: ["--port=2", "--", "x"] }],
  ];
  for (const [args, result] of cases) {
    it(`reads ${JSON.stringify(args.join(" "))}`, () => {
      expect(read(...args)).to.deep.equal(result);
    });
  }

  const refused: [string[], string][] = [
    [["--prot=1"], 'unknown option "--prot=1"; did you mean --port?'],
    [["-port=1"], 'unknown option "-port=1"; did you mean --port?'],
    [["-p"], 'unknown option "-p"'],
    [["--=1"], 'unknown option "--=1"'],
    [["--hepl"], 'unknown option "--hepl"; did you mean --help?'],
    [["--no-port"], 'unknown option "--no-port"'],
    [["--no-debug=true"], 'unknown option "--no-debug=true"'],
    [["--__proto__=1"], 'unknown option "--__proto__=1"'],
    [["--port"], "--port needs a value: --port=INTEGER"],
    [["--port", "--debug"], "--port needs a value: --port=INTEGER"],
    [["--port", "--"], "--port needs a value: --port=INTEGER"],
    [["--port=1_0"], '--port needs a whole number, got "1_0"'],
    [["--port="], '--port needs a whole number, got ""'],
    [["--debug=maybe"], '--debug needs true or false, got "maybe"'],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${JSON.stringify(args.join(" "))}`, () => {
      expect(() => read(...args)).to.throw(ConfigurationError, message);
    });
  }
});

describe("asksForHelp", () => {
  it("finds --help before --", () => {
    expect(asksForHelp(["x", "--help"])).to.equal(true);
    expect(asksForHelp(["--help", "--"])).to.equal(true);
    expect(asksForHelp(["--", "--help"])).to.equal(false);
    expect(asksForHelp([])).to.equal(false);
  });
});
