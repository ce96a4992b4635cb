import { expect } from "chai";
import { positiveInteger } from "./argument.js";

describe("positiveInteger", () => {
  it("is what was given, or what counts otherwise", () => {
    expect(positiveInteger("requests", "20", 7)).to.equal(20);
    expect(positiveInteger("requests", "3e5", 7)).to.equal(300_000);
    expect(positiveInteger("requests", undefined, 7)).to.equal(7);
  });

  for (const given of ["", "0", "-1", "1.5", "many", "300_000", "Infinity", "9007199254740992"]) {
    it(`refuses ${JSON.stringify(given)} and names the argument`, () => {
      expect(() => positiveInteger("requests", given, 7)).to.throw(
        `<requests> must be a positive integer, not ${JSON.stringify(given)}`,
      );
    });
  }
});
