import { expect } from "chai";
import { checkDefinition, definitionNames, refuseUnknown } from "#src/web/definition.js";
import { type ApplicationDefinition, ConfigurationError } from "waterspout";

const check = (definition: object): void => checkDefinition(definition as ApplicationDefinition);

describe("checkDefinition", () => {
  it("accepts every name that a definition has", () => {
    const all = Object.fromEntries(definitionNames.map((name) => [name, undefined]));
    expect(() => check({ ...all, handlers: [] })).to.not.throw();
  });

  it("refuses an unknown name with the one that may be meant", () => {
    expect(() => check({ handlers: [], acessLog: true })).to.throw(
      ConfigurationError,
      'the application\'s definition: unknown option "acessLog"; did you mean accessLog?',
    );
  });

  it("refuses anything but a list of handlers", () => {
    expect(() => check({})).to.throw(ConfigurationError, "needs `handlers`");
    expect(() => check({ handlers: {} })).to.throw(ConfigurationError, "got object");
  });
});

describe("refuseUnknown", () => {
  it("names all options when none is near", () => {
    expect(() => refuseUnknown("here", { zzzzzz: 1 }, ["port", "host"])).to.throw(
      ConfigurationError,
      'here: unknown option "zzzzzz"; the options are port, host',
    );
  });
});
