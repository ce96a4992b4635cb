import { expect } from "chai";
import { type ChildEnding, describeEnding, endingOf, isClean, isDrained, isShortage } from "#src/process/ending.js";

const exited = (status: number): ChildEnding => ({ kind: "exited", status });
const killed = (signal: string): ChildEnding => ({ kind: "killed", signal });
const notForked = (code?: string): ChildEnding => ({
  kind: "not forked",
  error: Object.assign(new Error(`spawn ${code}`), code === undefined ? {} : { code }),
});

const served = { wasReady: true, bootFailure: undefined };
const booting = { wasReady: false, bootFailure: undefined };
const failed = { wasReady: false, bootFailure: "port 80 is taken" };

describe("endingOf", () => {
  it("reads what Node gives", () => {
    expect(endingOf(3, null)).to.deep.equal(exited(3));
    expect(endingOf(null, "SIGKILL")).to.deep.equal(killed("SIGKILL"));
  });

  it("takes an exit of which nothing is known for a failure", () => {
    expect(endingOf(null, null)).to.deep.equal(exited(1));
  });
});

describe("isClean", () => {
  it("is an exit with 0 of a child that has not said that it failed", () => {
    expect(isClean(served, exited(0))).to.equal(true);
    expect(isClean(failed, exited(0))).to.equal(false);
    expect(isClean(served, exited(1))).to.equal(false);
    expect(isClean(served, killed("SIGTERM"))).to.equal(false);
  });
});

describe("isDrained", () => {
  it("is an end by itself, or by the signal that asked for it", () => {
    for (const ending of [exited(0), killed("SIGTERM"), killed("SIGINT")]) {
      expect(isDrained(served, ending)).to.equal(true);
    }
    for (const ending of [exited(5), killed("SIGKILL"), killed("SIGSEGV")]) {
      expect(isDrained(served, ending)).to.equal(false);
    }
  });

  it("is any end of a child that never served", () => {
    for (const ending of [exited(5), killed("SIGKILL")]) expect(isDrained(booting, ending)).to.equal(true);
  });
});

describe("isShortage", () => {
  for (const code of ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]) {
    it(`is a fork that fails by ${code}`, () => expect(isShortage(notForked(code))).to.equal(true));
  }

  it("is no other failure, and no end of a child", () => {
    for (const ending of [notForked("ENOENT"), notForked(), exited(1), killed("SIGKILL")]) {
      expect(isShortage(ending)).to.equal(false);
    }
  });
});

describe("describeEnding", () => {
  it("says what is known, the child's own reason first", () => {
    expect(describeEnding(served, exited(3))).to.equal("exited with status 3");
    expect(describeEnding(served, killed("SIGKILL"))).to.equal("killed by signal SIGKILL");
    expect(describeEnding(booting, notForked("EAGAIN"))).to.equal("could not be forked: spawn EAGAIN");
    expect(describeEnding(failed, exited(1))).to.equal("could not start: port 80 is taken");
  });
});
