import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Ending } from "#src/executors/ending.js";

describe("Ending", () => {
  let left: number;
  let ending: Ending;
  let isDone: boolean;

  beforeEach(() => {
    left = 1;
    isDone = false;
    ending = new Ending(() => left === 0);
    void ending.done.then(() => (isDone = true));
  });

  it("is not done before it is expected, even when nothing is left", async () => {
    left = 0;
    ending.check();
    await turn();
    expect(isDone).to.equal(false);
    ending.expectWithin(undefined);
    await turn();
    expect(isDone).to.equal(true);
  });

  it("is done when the work is", async () => {
    ending.expectWithin(undefined);
    ending.check();
    await turn();
    expect(isDone).to.equal(false);
    left = 0;
    ending.check();
    await turn();
    expect(isDone).to.equal(true);
  });

  it("is done when the shortest patience of all is at its end", async () => {
    ending.expectWithin(60_000);
    ending.expectWithin(1);
    ending.expectWithin(undefined);
    await ending.done;
    // The long timer would keep this process.
    expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length).to.be.at.most(1);
  });

  it("is done at once without patience", async () => {
    ending.expectWithin(0);
    await ending.done;
  });

  it("takes a patience that no timer can hold", async () => {
    ending.expectWithin(Infinity);
    await turn();
    expect(isDone).to.equal(false);
    left = 0;
    ending.check();
    await ending.done;
  });
});
