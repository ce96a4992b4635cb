import { expect } from "chai";
import { Turns } from "#src/process/turns.js";

describe("Turns", () => {
  let now: number;
  let turns: Turns;

  beforeEach(() => {
    now = 0;
    turns = new Turns(() => now);
  });

  /** Pauses after which a connection has waited. */
  function inVain(times: number): void {
    for (let count = 0; count < times; count++) {
      expect(turns.accepted(10, 0)).to.equal(5);
      turns.resumed(true);
    }
  }

  it("lets nobody go first who is not behind", () => {
    expect(turns.accepted(1_000, undefined)).to.equal(0);
    expect(turns.accepted(4, 0)).to.equal(0);
    expect(turns.accepted(54, 40)).to.equal(0);
  });

  it("pauses when it is ahead by more than a quarter and four", () => {
    expect(turns.accepted(5, 0)).to.equal(5);
    expect(turns.accepted(55, 40)).to.equal(5);
  });

  it("pauses longer each time that it was for nothing, up to 40 ms", () => {
    const lengths = Array.from({ length: 5 }, () => {
      const length = turns.accepted(10, 0);
      turns.resumed(false);
      return length;
    });
    expect(lengths).to.deep.equal([5, 10, 20, 40, 40]);
  });

  it("begins anew when a connection has waited, and when it is level again", () => {
    turns.resumed(false);
    expect(turns.accepted(10, 0)).to.equal(10);
    turns.resumed(true);
    expect(turns.accepted(10, 0)).to.equal(5);
    turns.resumed(false);
    expect(turns.accepted(10, 9)).to.equal(0);
    expect(turns.accepted(10, 0)).to.equal(5);
  });

  it("goes on for a second when 40 times in a row a connection has waited", () => {
    inVain(40);
    expect(turns.accepted(1_000, 0)).to.equal(0);
    now = 999;
    expect(turns.accepted(1_000, 0)).to.equal(0);
    now = 1_000;
    expect(turns.accepted(1_000, 0)).to.equal(5);
  });

  it("counts from the beginning when one of the others has accepted in between", () => {
    inVain(39);
    turns.resumed(false);
    turns.resumed(true);
    inVain(38);
    expect(turns.accepted(10, 0)).to.equal(5);
  });
});
