import { expect } from "chai";
import { WaterspoutError, isError, toError } from "#src/errors.js";

// The codes, statuses and messages are held against docs/errors.md in docs.spec.ts.
describe("WaterspoutError", () => {
  it("gives subclasses of users their own name without a line of code", () => {
    class Teapot extends WaterspoutError {}
    const error = new Teapot("TEAPOT", "short and stout");
    expect(error).to.include({ name: "Teapot", code: "TEAPOT", status: 500, retryable: false });
    expect(Object.keys(error)).to.not.include("name");
  });

  it("has a cause only where one was given", () => {
    expect(new WaterspoutError("X", "x")).to.not.have.property("cause");
    expect(new WaterspoutError("X", "x", { cause: null })).to.have.property("cause", null);
  });
});

describe("toError", () => {
  it("leaves an error as it is", () => {
    const error = new RangeError("x");
    expect(toError(error)).to.equal(error);
  });

  it("makes one of everything else, with the value as its cause", () => {
    for (const [value, text] of [
      ["text", "text"],
      [null, "a value that is not an Error was thrown: null"],
      [0, "a value that is not an Error was thrown: 0"],
      [Symbol("s"), "a value that is not an Error was thrown: Symbol(s)"],
      [Object.create(null), "a value that is not an Error was thrown: [object]"],
    ] as const) {
      expect(toError(value)).to.include({ message: text, cause: value });
    }
  });

  it("makes one of a proxy that cannot be asked", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(isError(proxy)).to.equal(false);
    expect(toError(proxy).message).to.equal("a value that is not an Error was thrown: [object]");
  });
});
