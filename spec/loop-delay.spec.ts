import { expect } from "chai";
import { LoopDelay } from "#src/loop-delay.js";
import { sleepSync } from "./support/sleep-sync.js";

describe("LoopDelay", () => {
  let time: number;
  let delay: LoopDelay;

  beforeEach(() => {
    time = 1_000;
    delay = new LoopDelay(() => time);
  });

  /** A look that comes `late` milliseconds after it was due. */
  function lookLate(late: number): void {
    time += 50 + late;
    delay.look();
  }

  it("gives the longest and the mean delay", () => {
    expect([delay.max, delay.mean]).to.deep.equal([0, 0]);
    for (const late of [10, 50, 0]) lookLate(late);
    expect([delay.max, delay.mean]).to.deep.equal([50, 20]);
  });

  it("takes a look that is early for one in time", () => {
    lookLate(-3);
    expect([delay.max, delay.mean]).to.deep.equal([0, 0]);
  });

  it("forgets what is older than a second and a bit", () => {
    lookLate(400);
    for (let look = 0; look < 23; look++) lookLate(1);
    expect(delay.max).to.equal(400);
    lookLate(1);
    expect([delay.max, delay.mean]).to.deep.equal([1, 1]);
  });

  it("knows since when the loop has been held, while somebody wants to know", () => {
    expect(delay.free).to.equal(Number.POSITIVE_INFINITY);
    const stop = delay.start();
    expect(delay.free).to.equal(1_050);
    lookLate(7);
    expect(delay.free).to.equal(1_107);
    stop();
    expect(delay.free).to.equal(Number.POSITIVE_INFINITY);
  });

  it("goes on until its last user stops, whoever stops twice", () => {
    const stop = [delay.start(), delay.start()];
    stop[0]?.();
    stop[0]?.();
    expect(delay.free).to.be.finite;
    stop[1]?.();
    expect(delay.free).not.to.be.finite;
  });

  it("looks at the loop of this process, and tells its users", async () => {
    delay = new LoopDelay();
    const held = 80;
    const late = await new Promise<number>((resolve) => {
      const stop = delay.start((milliseconds) => {
        if (milliseconds < held - 50) return;
        stop();
        resolve(milliseconds);
      });
      setImmediate(() => sleepSync(held));
    });
    expect(late).to.equal(delay.max);
  });
});
