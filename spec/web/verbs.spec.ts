import { expect } from "chai";
import { verbTable } from "#src/web/verbs.js";
import { Authenticated, ConfigurationError, ErrorHandler, RequestHandler } from "waterspout";

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

  it("guards what is authenticated, and nothing else", () => {
    class Guarded extends Reading {
      @Authenticated() override get(): void {}
      post(): void {}
    }
    const { verbs } = verbTable(Guarded);
    expect(verbs.get("GET")).not.to.equal(Guarded.prototype.get);
    expect(verbs.get("HEAD")).to.equal(verbs.get("GET"));
    expect(verbs.get("POST")).to.equal(Guarded.prototype.post);
    expect(verbTable(Reading).verbs.get("GET")).to.equal(Reading.prototype.get);
  });

  it("guards all verbs of an authenticated class, and keeps guarded what a subclass writes anew", () => {
    @Authenticated()
    class Guarded extends Reading {
      put(): void {}
    }
    class Open extends Guarded {
      override get(): void {}
      post(): void {}
    }
    const { verbs } = verbTable(Open);
    for (const [method, own] of [
      ["GET", Open.prototype.get],
      ["POST", Open.prototype.post],
      ["PUT", Open.prototype.put],
    ] as const) {
      expect(verbs.get(method), method).to.be.a("function").that.does.not.equal(own);
    }
  });

  it("guards a class that answers every method, too", () => {
    @Authenticated()
    class Guarded extends ErrorHandler {}
    expect(verbTable(Guarded).other).to.be.a("function");
    expect(verbTable(Guarded).other).not.to.equal(verbTable(ErrorHandler).other);
  });

  it("refuses to guard what is no verb, for it would not be guarded", () => {
    class Helper extends Reading {
      @Authenticated() helper(): void {}
    }
    class Static extends Reading {
      @Authenticated() static get(): void {}
    }
    expect(() => verbTable(Helper)).to.throw(
      ConfigurationError,
      "Helper.helper() is @Authenticated, but only verbs are",
    );
    expect(() => verbTable(Static)).to.throw(ConfigurationError, "Static.static get() is @Authenticated");
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
