import { expect } from "chai";
import { Admission } from "#src/executors/admission.js";
import type { Workers } from "#src/executors/workers.js";

describe("Admission", () => {
  /** With two places to run, and tasks that take 100 ms. */
  function admission(running: number, waiting: number, maxQueue?: number, capacity = 2): Admission {
    return new Admission({
      workers: () => ({ capacity }) as Workers,
      waiting: { size: waiting },
      running: { size: running },
      runTime: { mean: 100 },
      maxQueue,
    });
  }

  it("has a place while there is one to run and nobody waits for it", () => {
    const places = [admission(1, 0), admission(2, 0), admission(1, 1)];
    expect(places.map(({ hasPlace }) => hasPlace)).to.deep.equal([true, false, false]);
    expect(places.map(({ hasFreePlace }) => hasFreePlace)).to.deep.equal([true, false, true]);
  });

  it("lets 16 wait for each place to run, if it is not told another number", () => {
    expect([admission(2, 31).refusal, admission(2, 31).fill]).to.deep.equal([undefined, 31 / 32]);
    expect(admission(2, 32).refusal?.message).to.equal("the queue is full: 32 waiting, maxQueue is 32");
    expect(admission(2, 3, 3).refusal?.message).to.equal("the queue is full: 3 waiting, maxQueue is 3");
  });

  it("lets as many wait while it has no place at all, for workers that come back", () => {
    expect([admission(0, 15, undefined, 0).refusal, admission(0, 16, undefined, 0).refusal?.code]).to.deep.equal([
      undefined,
      "QUEUE_FULL",
    ]);
  });

  it("lets nobody wait where nobody may, and is full when all places are taken", () => {
    expect([admission(1, 0, 0).refusal, admission(1, 0, 0).fill]).to.deep.equal([undefined, 0]);
    expect([admission(2, 0, 0).refusal?.code, admission(2, 0, 0).fill]).to.deep.equal(["QUEUE_FULL", 1]);
  });

  it("says in whole seconds when to come back: when the queue has run empty", () => {
    const seconds = [1, 20, 21, 400].map((waiting) => admission(2, waiting, 1).refusal?.retryAfter);
    expect(seconds).to.deep.equal([1, 1, 2, 20]);
  });
});
