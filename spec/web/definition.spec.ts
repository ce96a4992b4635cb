import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { defaultHTTPSettings } from "#src/http/limits.js";
import { checkDefinition, definitionNames, refuseUnknown } from "#src/web/definition.js";
import type { ApplicationDefinition } from "waterspout";

describe("definitionNames", () => {
  it("are those of a definition and of the HTTP settings", () => {
    expect(definitionNames).to.include.members(["handlers", "configure", ...Object.keys(defaultHTTPSettings)]);
    expect(new Set(definitionNames)).to.have.property("size", definitionNames.length);
  });
});

describe("refuseUnknown", () => {
  it("takes known names, whatever their values", () => {
    refuseUnknown("it", { port: undefined, host: 3 }, ["port", "host"]);
  });

  it("names what may be meant, or else all that there is", () => {
    expect(() => refuseUnknown("it", { prot: 80 }, ["port", "host"])).to.throw(
      ConfigurationError,
      /^it: unknown option "prot"; did you mean port\?$/,
    );
    expect(() => refuseUnknown("it", { colour: 80 }, ["port", "host"])).to.throw(
      ConfigurationError,
      /^it: unknown option "colour"; the options are port, host$/,
    );
  });
});

describe("checkDefinition", () => {
  it("takes a list of handlers, also an empty one: a definition may be for its executors alone", () => {
    checkDefinition({ handlers: [], accessLog: false, bodyLimit: 10, blockedLoopThreshold: 0 });
  });

  it("refuses handlers that are no list, a threshold that is none, and unknown names", () => {
    for (const handlers of [undefined, {}, class {}]) {
      const definition = { handlers } as unknown as ApplicationDefinition;
      expect(() => checkDefinition(definition)).to.throw(ConfigurationError, "needs `handlers`, a list of");
    }
    for (const blockedLoopThreshold of [-1, 0.5, Number.NaN, "100" as unknown as number]) {
      expect(() => checkDefinition({ handlers: [], blockedLoopThreshold })).to.throw(
        ConfigurationError,
        `blockedLoopThreshold must be a whole number of milliseconds from 0 up (0: off), got ${blockedLoopThreshold}`,
      );
    }
    const slip = { handlers: [], acessLog: true } as ApplicationDefinition;
    expect(() => checkDefinition(slip)).to.throw(ConfigurationError, "did you mean accessLog?");
  });
});
