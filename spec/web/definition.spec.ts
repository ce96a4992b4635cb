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
    checkDefinition({ handlers: [], accessLog: false, bodyLimit: 10 });
  });

  it("refuses handlers that are no list, and unknown names", () => {
    for (const handlers of [undefined, {}, class {}]) {
      const definition = { handlers } as unknown as ApplicationDefinition;
      expect(() => checkDefinition(definition)).to.throw(ConfigurationError, "needs `handlers`, a list of");
    }
    const slip = { handlers: [], acessLog: true } as ApplicationDefinition;
    expect(() => checkDefinition(slip)).to.throw(ConfigurationError, "did you mean accessLog?");
  });
});
