import { ConfigurationError } from "#src/errors.js";
import { Option } from "#src/options/option.js";
import type { OptionSettings } from "#src/options/settings.js";
import { expect } from "chai";

const option = (settings: OptionSettings): Option => new Option("it", settings);
const parse = (settings: OptionSettings, text: string): unknown => option(settings).parse(text, "--it");

describe("Option", () => {
  describe("constructor", () => {
    it("infers the type from the default", () => {
      const metavars = ["x", 1, 1.5, true, new Date(0), [1, 2], [1, 1.5], undefined].map(
        (value) => option({ default: value, multiple: Array.isArray(value) }).metavar,
      );
      expect(metavars).to.deep.equal(["TEXT", "INTEGER", "NUMBER", "BOOLEAN", "DATE", "INTEGER", "NUMBER", "TEXT"]);
    });

    const refused: Record<string, [OptionSettings, RegExp]> = {
      "a default of no known type": [
        { default: {} },
        /^option "it": no type follows from its default; type is a function/,
      ],
      "an unknown type": [{ type: "float" as "number" }, /unknown type "float"/],
      "a type that only objects have": [{ type: "toString" as "number" }, /unknown type "toString"/],
      "a default outside its limits": [{ default: 0, min: 1 }, /the default of option "it" must be at least 1, got 0/],
      "a default that is no choice": [{ default: "c", choices: ["a", "b"] }, /must be one of a, b, got c/],
      "one bad default of several": [{ default: [1, 9], multiple: true, max: 5 }, /at most 5, got 9/],
      "limits that contradict": [{ default: 5, min: 6, max: 4 }, /needs a min that is not above max, got 6 and 4/],
      "limits of texts": [{ default: "b", min: "a" }, /takes numbers or dates as min and max, got "a"/],
      "one default where several are meant": [{ default: 1, multiple: true }, /needs an array/],
    };
    for (const [what, [settings, message]] of Object.entries(refused)) {
      it(`refuses ${what}`, () => {
        expect(() => option(settings)).to.throw(ConfigurationError, message);
      });
    }
  });

  describe("#parse", () => {
    it("says place, rule and text of what it refuses", () => {
      expect(() => parse({ type: "integer" }, "abc")).to.throw(
        ConfigurationError,
        /^--it needs a whole number, got "abc"$/,
      );
    });

    it("keeps to min, max and choices", () => {
      expect(parse({ type: "integer", min: 1, max: 3 }, "3")).to.equal(3);
      expect(() => parse({ type: "integer", min: 1 }, "0")).to.throw(
        ConfigurationError,
        "--it must be at least 1, got 0",
      );
      expect(() => parse({ type: "duration", max: 60_000 }, "2m")).to.throw(ConfigurationError, "at most 1m, got 2m");
      expect(() => parse({ type: "date", min: new Date(0) }, "1969-12-31")).to.throw(
        ConfigurationError,
        "at least 1970",
      );
      expect(() => parse({ choices: ["a", "b"] }, "c")).to.throw(ConfigurationError, "must be one of a, b, got c");
      expect(parse({ type: "date", choices: [new Date(0)] }, "1970-01-01")).to.deep.equal(new Date(0));
    });

    it("shows what a function of the application throws", () => {
      const type = (text: string): URL => {
        if (URL.canParse(text)) return new URL(text);
        throw new TypeError("must be a URL");
      };
      expect(parse({ type }, "http://a/")).to.deep.equal(new URL("http://a/"));
      expect(() => parse({ type }, "x"))
        .to.throw(ConfigurationError, '--it must be a URL, got "x"')
        .with.property("cause")
        .instanceOf(TypeError);
    });

    it("reads several values, and ranges of integers with both ends", () => {
      expect(parse({ multiple: true }, "a,b:c")).to.deep.equal(["a", "b:c"]);
      expect(parse({ type: "integer", multiple: true }, "1,5:7,-1:0")).to.deep.equal([1, 5, 6, 7, -1, 0]);
      expect(parse({ type: "integer", multiple: true }, "")).to.deep.equal([]);
    });

    it("refuses bad values and ranges among several", () => {
      const integers: OptionSettings = { type: "integer", multiple: true, max: 1_000_000 };
      for (const text of ["1,,2", "1,x", "7:5", "1:", ":1", "1:2:3", "0:65536", "5:1000001"]) {
        expect(() => parse(integers, text), text).to.throw(ConfigurationError, /^--it /);
      }
    });
  });

  describe("#parseJson", () => {
    const parseJson = (settings: OptionSettings, value: unknown): unknown => option(settings).parseJson(value, "it");

    it("takes texts as on the command line, and the type's own JSON type", () => {
      expect(parseJson({ type: "integer" }, 5)).to.equal(5);
      expect(parseJson({ type: "integer" }, "5")).to.equal(5);
      expect(parseJson({ type: "boolean" }, false)).to.equal(false);
      expect(parseJson({ type: "duration" }, 1_500)).to.equal(1_500);
      expect(parseJson({ type: "duration" }, "1.5s")).to.equal(1_500);
    });

    it("takes arrays, single values and lists in a text for several values", () => {
      const integers: OptionSettings = { type: "integer", multiple: true };
      expect(parseJson(integers, [1, "2"])).to.deep.equal([1, 2]);
      expect(parseJson(integers, 1)).to.deep.equal([1]);
      expect(parseJson(integers, "1,3:4")).to.deep.equal([1, 3, 4]);
      expect(parseJson({ multiple: true }, ["a,b"])).to.deep.equal(["a,b"]);
    });

    const refused: [OptionSettings, unknown][] = [
      [{ type: "integer" }, 1.5],
      [{ type: "integer" }, true],
      [{ type: "integer" }, null],
      [{ type: "integer" }, [1]],
      [{ type: "integer", max: 4 }, 5],
      [{ type: "boolean" }, 1],
      [{ type: "string" }, 1],
      [{ type: "string" }, {}],
      [{ type: "string", multiple: true }, ["a", 1]],
      [{ type: "string", multiple: true }, [["a"]]],
    ];
    for (const [settings, value] of refused) {
      it(`refuses ${JSON.stringify(value)} for ${JSON.stringify(settings)}`, () => {
        expect(() => parseJson(settings, value)).to.throw(ConfigurationError, /^it/);
      });
    }
  });

  describe("#assign", () => {
    it("keeps the value of the highest source, in whatever order they come", () => {
      const one = option({ default: 0 });
      one.assign(1, "file");
      one.assign(3, "command line");
      one.assign(2, "environment");
      one.assign(1, "file");
      expect(one.value).to.equal(3);
    });

    it("calls back with each value that takes effect", () => {
      const values: number[] = [];
      const one = option({ default: 0, callback: (value: number) => values.push(value) });
      one.assign(2, "environment");
      one.assign(1, "file");
      one.assign(3, "command line");
      expect(values).to.deep.equal([2, 3]);
    });
  });

  describe("#reset", () => {
    it("brings back the default and forgets the source", () => {
      const one = option({ default: 0 });
      one.assign(3, "command line");
      one.reset();
      expect(one.value).to.equal(0);
      one.assign(1, "file");
      expect(one.value).to.equal(1);
    });
  });

  describe("#value", () => {
    it("is without a default undefined, or no values of several", () => {
      expect(option({}).value).to.equal(undefined);
      expect(option({ multiple: true }).value).to.deep.equal([]);
    });
  });
});
