import { expect } from "chai";
import { type RecycleLimits, RecyclePolicy } from "#src/process/recycle-policy.js";

describe("RecyclePolicy", () => {
  const child = {};
  let now: number;
  let random: number;

  beforeEach(() => {
    now = 1_000_000;
    random = 0;
  });

  function policyWith(limits: Partial<RecycleLimits>): RecyclePolicy {
    const all = { maxRequests: 0, maxMemoryMb: 0, maxLostThreads: 0, ...limits };
    return new RecyclePolicy(all, { now: () => now, random: () => random });
  }

  type Figures = Parameters<RecyclePolicy["look"]>[1];

  function megabytes(count: number): Figures {
    return { requests: 0, rss: count * 2 ** 20, lostThreads: 0 };
  }

  function requests(count: number): Figures {
    return { requests: count, rss: 0, lostThreads: 0 };
  }

  function lost(count: number): Figures {
    return { requests: 0, rss: 0, lostThreads: count };
  }

  it("never says anything without limits", () => {
    const policy = policyWith({});
    for (let look = 0; look < 15; look++) {
      expect(policy.look(child, { requests: 1e9, rss: 1e12, lostThreads: 1e3 })).to.equal(undefined);
    }
  });

  describe("maxRequests", () => {
    it("is reached when so many were answered", () => {
      const policy = policyWith({ maxRequests: 1_000 });
      expect(policy.look(child, requests(999))).to.equal(undefined);
      expect(policy.look(child, requests(1_000))).to.equal("has answered 1000 requests (maxRequests is 1000)");
    });

    it("is up to a tenth more, of each child its own", () => {
      const policy = policyWith({ maxRequests: 1_000 });
      const other = {};
      random = 0.999_999;
      expect(policy.look(child, requests(1_098))).to.equal(undefined);
      random = 0.5;
      expect(policy.look(other, requests(1_049))).to.equal(undefined);
      expect(policy.look(other, requests(1_050))).to.be.a("string");
      expect(policy.look(child, requests(1_098))).to.equal(undefined);
      expect(policy.look(child, requests(1_099))).to.be.a("string");
    });
  });

  describe("maxLostThreads", () => {
    it("is reached when ten looks in a row find so many", () => {
      const policy = policyWith({ maxLostThreads: 2 });
      for (let look = 0; look < 9; look++) expect(policy.look(child, lost(2))).to.equal(undefined);
      expect(policy.look(child, lost(3))).to.equal("has lost 3 threads to native code (maxLostThreads is 2)");
    });

    it("is not when one comes back in between", () => {
      const policy = policyWith({ maxLostThreads: 1 });
      for (let look = 0; look < 40; look++) {
        expect(policy.look(child, lost(look % 10 === 9 ? 0 : 1))).to.equal(undefined);
      }
    });
  });

  describe("maxMemoryMb", () => {
    it("is passed when three looks in a row find more", () => {
      const policy = policyWith({ maxMemoryMb: 100 });
      expect(policy.look(child, megabytes(101))).to.equal(undefined);
      expect(policy.look(child, megabytes(150))).to.equal(undefined);
      expect(policy.look(child, megabytes(120))).to.equal("has 120 MB of memory (maxMemoryMb is 100)");
    });

    it("is not passed by as much, nor when one look in between finds less", () => {
      const policy = policyWith({ maxMemoryMb: 100 });
      for (let look = 0; look < 5; look++) expect(policy.look(child, megabytes(100))).to.equal(undefined);
      for (const count of [101, 101, 99, 101, 101]) {
        expect(policy.look(child, megabytes(count))).to.equal(undefined);
      }
    });

    it("counts the looks of each child apart", () => {
      const policy = policyWith({ maxMemoryMb: 100 });
      const other = {};
      for (const each of [child, other, child, other]) expect(policy.look(each, megabytes(101))).to.equal(undefined);
      expect(policy.look(other, megabytes(101))).to.be.a("string");
    });
  });

  describe("#failed", () => {
    it("leaves the child alone for a minute", () => {
      const policy = policyWith({ maxRequests: 10 });
      policy.failed(child);
      now += 59_999;
      expect(policy.look(child, requests(20))).to.equal(undefined);
      now += 1;
      expect(policy.look(child, requests(20))).to.be.a("string");
    });
  });
});
