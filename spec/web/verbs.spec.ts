import { expect } from "chai";
import { verbTable } from "#src/web/verbs.js";
import { ConfigurationError, RequestHandler } from "waterspout";

class Reading extends RequestHandler {
  get(): void {}
}

describe("verbTable", () => {
  it("reads the methods of the class and of its parents", () => {
    class Writing extends Reading {
      post(): void {}
      delete(): void {}
    }
    const { verbs, allow } = verbTable(Writing);
    expect([...verbs.keys()]).to.have.members(["GET", "HEAD", "POST", "DELETE"]);
    expect(allow).to.equal("GET, HEAD, POST, DELETE, OPTIONS");
  });

  it("runs get for HEAD unless there is a head", () => {
    class Own extends Reading {
      head(): void {}
    }
    expect(verbTable(Reading).verbs.get("HEAD")).to.equal(Reading.prototype.get);
    expect(verbTable(Own).verbs.get("HEAD")).to.equal(Own.prototype.head);
  });

  it("knows no other name of the class", () => {
    const { verbs } = verbTable(Reading);
    for (const name of ["WRITE", "FINISH", "CONSTRUCTOR", "__PROTO__", "get", ""])
      expect(verbs.has(name)).to.equal(false);
  });

  it("refuses a class that answers nothing, and a verb that is no method", () => {
    class Silent extends RequestHandler {}
    class Wrong extends RequestHandler {}
    Object.defineProperty(Wrong.prototype, "get", { value: "x" });
    expect(() => verbTable(Silent)).to.throw(ConfigurationError, "Silent answers nothing: write at least one verb");
    expect(() => verbTable(Wrong)).to.throw(ConfigurationError, "Wrong.get must be a method, it is a string");
  });

  it("tells whoever writes a verb as a property what is wrong", () => {
    class Property extends RequestHandler {
      get = (): string => "x";
    }
    expect(() => verbTable(Property)).to.throw(ConfigurationError, "as a method");
  });
});
