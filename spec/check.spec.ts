import { expect } from "chai";
import { checkNumbers, milliseconds } from "#src/check.js";
import { ConfigurationError } from "#src/errors.js";

describe("checkNumbers", () => {
  const rules = {
    count: { from: 1, integer: true },
    share: { from: 0, to: 4, toName: "count" },
    wait: milliseconds(1),
  };
  const check = (given: object): void => checkNumbers("Pool", given as Record<string, unknown>, rules);

  it("takes what fits, and what is not given", () => {
    check({});
    check({ count: 1, share: 0, wait: 2_147_483_647 });
    check({ count: undefined, share: 4 });
  });

  it("refuses what does not fit, naming the owner, the option, the rule and what came", () => {
    const count = "Pool: count must be an integer of at least 1, got ";
    const pool = { priority: {} };
    for (const value of [Number.NaN, Infinity, "1"]) {
      expect(() => checkNumbers("Pool", { priority: value }, pool)).to.throw("Pool: priority must be a finite number");
    }
    const refusals: [object, string][] = [
      [{ count: 0 }, `${count}0`],
      [{ count: 1.5 }, `${count}1.5`],
      [{ count: "3" }, `${count}'3'`],
      [{ count: Number.NaN }, `${count}NaN`],
      [{ count: null }, `${count}null`],
      [{ count: [3] }, `${count}[ 3 ]`],
      [{ share: 5 }, "Pool: share must be a number of at least 0 and at most count (4), got 5"],
      [{ wait: Infinity }, "Pool: wait must be a number of at least 1 and at most 2147483647, got Infinity"],
      [{ wait: 2 ** 31 }, "Pool: wait must be a number of at least 1 and at most 2147483647, got 2147483648"],
    ];
    for (const [given, message] of refusals) expect(() => check(given)).to.throw(ConfigurationError, message);
  });

  it("refuses what is no object", () => {
    for (const [given, text] of [
      [null, "null"],
      ["4", "'4'"],
    ] as const) {
      expect(() => check(given as unknown as object)).to.throw(
        ConfigurationError,
        `Pool: the options must be an object, got ${text}`,
      );
    }
  });

  it("refuses a name that it does not know, whatever its value", () => {
    for (const value of [1, undefined, null, {}]) {
      expect(() => check({ counts: value })).to.throw(
        ConfigurationError,
        'Pool: unknown option "counts"; known are count, share, wait',
      );
    }
  });
});
