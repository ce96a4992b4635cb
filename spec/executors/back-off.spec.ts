import { expect } from "chai";
import { BackOff } from "#src/executors/back-off.js";

describe("BackOff", () => {
  it("doubles from 100 ms to 30 s, and begins again after a success", () => {
    const backOff = new BackOff();
    const waits = Array.from({ length: 11 }, () => backOff.next());
    expect(waits).to.deep.equal([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    backOff.reset();
    expect(backOff.next()).to.equal(100);
  });

  it("stays at 30 s however often it fails", () => {
    const backOff = new BackOff();
    for (let failure = 0; failure < 2_000; failure++) backOff.next();
    expect(backOff.next()).to.equal(30_000);
  });
});
