import { expect } from "chai";
import { RestartPolicy } from "#src/process/restart-policy.js";

describe("RestartPolicy", () => {
  let now: number;
  let random: number;

  function policyWith(maxRestarts = 1_000, restartWindow = 60_000): RestartPolicy {
    return new RestartPolicy({ maxRestarts, restartWindow }, { now: () => now, random: () => random });
  }

  function crashes(policy: RestartPolicy, times: number, taskId = 0): (number | undefined)[] {
    return Array.from({ length: times }, () => policy.crashed(taskId));
  }

  beforeEach(() => {
    now = 1_000_000;
    random = 1;
  });

  describe("#crashed", () => {
    it("restarts at once the first time and then doubles from 100 ms", () => {
      expect(crashes(policyWith(), 5)).to.deep.equal([0, 100, 200, 400, 800]);
    });

    it("waits 30 s at most", () => {
      const delays = crashes(policyWith(), 12);
      expect(delays.slice(9)).to.deep.equal([25_600, 30_000, 30_000]);
    });

    it("takes half of each delay at random", () => {
      random = 0;
      expect(crashes(policyWith(), 4)).to.deep.equal([0, 50, 100, 200]);
      random = 0.5;
      expect(crashes(policyWith(), 4)).to.deep.equal([0, 75, 150, 300]);
    });

    it("keeps the back-off of each task id apart", () => {
      const policy = policyWith();
      crashes(policy, 4, 0);
      expect(policy.crashed(1)).to.equal(0);
      expect(policy.crashed(0)).to.equal(800);
    });

    it("forgets the crashes of a child that was ready for 60 s", () => {
      const policy = policyWith();
      crashes(policy, 4);
      policy.ready(0);
      now += 60_000;
      expect(crashes(policy, 2)).to.deep.equal([0, 100]);
    });

    it("does not forget them when it was ready for less", () => {
      const policy = policyWith();
      crashes(policy, 3);
      policy.ready(0);
      now += 59_999;
      expect(policy.crashed(0)).to.equal(400);
    });

    it("does not take the time in which a child was down for health", () => {
      const policy = policyWith();
      policy.ready(0);
      crashes(policy, 3);
      now += 120_000;
      expect(policy.crashed(0)).to.equal(400);
    });

    it("gives up at the restart that would exceed the limit, whichever child it is", () => {
      const policy = policyWith(3);
      expect([policy.crashed(0), policy.crashed(1), policy.crashed(2)]).to.deep.equal([0, 0, 0]);
      expect(policy.crashed(3)).to.equal(undefined);
    });

    it("counts only restarts within the window", () => {
      const policy = policyWith(2, 10_000);
      policy.crashed(0);
      now += 6_000;
      policy.crashed(1);
      now += 4_000;
      expect(policy.crashed(2)).to.equal(0);
      expect(policy.crashed(3)).to.equal(undefined);
    });

    it("never restarts with a limit of 0", () => {
      expect(policyWith(0).crashed(0)).to.equal(undefined);
    });
  });
});
