import { expect } from "chai";
import os from "node:os";
import { ConfigurationError } from "#src/errors.js";
import { resolveCount, resolveOptions, type SupervisorOptions } from "#src/process/options.js";
import { programName } from "#src/process/title.js";

describe("resolveOptions", () => {
  it("has Tornado's limit of restarts and the documented times", () => {
    const { onReady, onSupervisor, title, ...options } = resolveOptions({});
    expect(options).to.deep.equal({
      balance: "shared",
      gracePeriod: 30_000,
      killMargin: 5_000,
      bootTimeout: 60_000,
      stableTime: 2_000,
      livenessTimeout: 30_000,
      maxRestarts: 100,
      restartWindow: 60_000,
      maxRequests: 0,
      maxMemoryMb: 0,
      maxLostThreads: 1,
      pidFile: "",
    });
    expect(title).to.equal(programName());
    expect(onReady([])).to.equal(undefined);
    expect(onSupervisor).to.be.a("function");
  });

  it("takes what is given", () => {
    const options = resolveOptions({ balance: "round-robin", gracePeriod: 0, maxRestarts: 0 });
    expect(options).to.include({ balance: "round-robin", gracePeriod: 0, maxRestarts: 0, bootTimeout: 60_000 });
  });

  it("takes an option that is undefined, as a program in JavaScript may give it, for one that is not given", () => {
    const options = JSON.parse("{}") as { gracePeriod?: number };
    const given = { ...options, gracePeriod: options.gracePeriod } as SupervisorOptions;
    expect(resolveOptions(given).gracePeriod).to.equal(30_000);
  });

  const refused: [string, unknown, RegExp][] = [
    ["gracePeriod", -1, /^gracePeriod must be an integer from 0 to \d+, got -1$/],
    ["killMargin", 0.5, /^killMargin must .*, got 0\.5$/],
    ["bootTimeout", 0, /^bootTimeout must be an integer from 1 to \d+, got 0$/],
    ["bootTimeout", Infinity, /^bootTimeout must .*, got Infinity$/],
    ["bootTimeout", 2 ** 31, /^bootTimeout must .*, got 2147483648$/],
    ["maxRestarts", NaN, /^maxRestarts must .*, got NaN$/],
    ["restartWindow", "60", /^restartWindow must .*, got 60$/],
    ["maxRequests", -1, /^maxRequests must be an integer from 0 to \d+, got -1$/],
    ["maxMemoryMb", 0.5, /^maxMemoryMb must .*, got 0\.5$/],
    ["pidFile", 3, /^pidFile must be a string, got 3$/],
    ["title", null, /^title must be a string, got null$/],
    ["balance", "reusePort", /^balance must be "shared" or "round-robin", got "reusePort"$/],
  ];
  for (const [name, value, message] of refused) {
    it(`refuses ${name} ${String(value)} with the rule`, () => {
      expect(() => resolveOptions({ [name]: value })).to.throw(ConfigurationError, message);
    });
  }
});

describe("resolveCount", () => {
  it("takes 0 for one process per CPU", () => {
    expect(resolveCount(0)).to.equal(os.availableParallelism());
  });

  it("takes a positive integer as it is", () => {
    expect(resolveCount(5)).to.equal(5);
  });

  for (const n of [-1, 1.5, NaN, Infinity, "2"]) {
    it(`refuses ${String(n)}`, () => {
      expect(() => resolveCount(n as number)).to.throw(ConfigurationError, `got ${n}: 0 is one process per CPU`);
    });
  }
});
