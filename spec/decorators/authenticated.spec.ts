import { expect } from "chai";
import { Authenticated } from "#src/decorators/authenticated.js";
import { authenticatedOf } from "#src/metadata.js";

describe("Authenticated", () => {
  it("records verbs, with parentheses or without", () => {
    class Handler {
      @Authenticated() get(): void {}
      @Authenticated post(): void {}
      put(): void {}
    }
    expect([...authenticatedOf(Handler)]).to.deep.equal(["get", "post"]);
  });

  it("records a class, with parentheses or without", () => {
    @Authenticated()
    class One {}
    @Authenticated
    class Other {}
    expect([...authenticatedOf(One)]).to.deep.equal([undefined]);
    expect([...authenticatedOf(Other)]).to.deep.equal([undefined]);
  });

  it("leaves what it decorates as it is", () => {
    const get = (): void => {};
    class Handler {}
    Object.defineProperty(Handler.prototype, "get", { value: get, configurable: true });
    Authenticated()(Handler.prototype, "get");
    expect(Object.getOwnPropertyDescriptor(Handler.prototype, "get")?.value).to.equal(get);
  });
});
