import { expect } from "chai";
import { nearest } from "#src/nearest.js";

describe("nearest", () => {
  const known = ["port", "processes", "accessLog", "gracePeriod"];

  for (const [slip, meant] of [
    ["prot", "port"],
    ["proceses", "processes"],
    ["accesslog", "accessLog"],
    ["ACCESSLOG", "accessLog"],
    ["gracePeriodMs", "gracePeriod"],
  ] as const) {
    it(`takes ${slip} for ${meant}`, () => expect(nearest(slip, known)).to.equal(meant));
  }

  it("takes a name that is like none for none", () => {
    expect(nearest("favouriteColour", known)).to.equal(undefined);
    expect(nearest("at", known)).to.equal(undefined);
    expect(nearest("port", [])).to.equal(undefined);
  });
});
