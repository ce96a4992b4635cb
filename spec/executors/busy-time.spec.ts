import { expect } from "chai";
import { BusyTime } from "#src/executors/busy-time.js";

describe("BusyTime", () => {
  let now = 0;
  let time: BusyTime;

  beforeEach(() => {
    now = 1_000;
    time = new BusyTime(() => now);
  });

  describe("#read", () => {
    it("gives the share of the time since the last reading", () => {
      time.begin();
      now += 30;
      time.end();
      now += 70;
      expect(time.read()).to.equal(0.3);
      now += 100;
      expect(time.read()).to.equal(0);
    });

    it("counts what has not ended, to either side of the reading", () => {
      now += 50;
      time.begin();
      now += 50;
      expect(time.read()).to.equal(0.5);
      now += 10;
      expect(time.read()).to.equal(1);
      time.end();
      now += 10;
      expect(time.read()).to.equal(0);
    });

    it("is 0 when no time has passed", () => {
      time.begin();
      expect(time.read()).to.equal(0);
    });
  });
});
