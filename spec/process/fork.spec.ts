import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { forkProcesses } from "#src/process/fork.js";
import { isPrimary } from "#src/process/role.js";

// What it does when it forks is in spec/system/processes.spec.ts.
describe("forkProcesses", () => {
  async function failureOf(n: number, options = {}): Promise<unknown> {
    return forkProcesses(n, options).catch((error: unknown) => error);
  }

  it("refuses a number that is none, before it has become the primary", async () => {
    for (const n of [-1, 2.5, NaN]) {
      expect(await failureOf(n)).to.be.instanceOf(ConfigurationError);
    }
    expect(isPrimary()).to.equal(false);
  });

  it("refuses options out of range, before it has become the primary", async () => {
    expect(await failureOf(2, { gracePeriod: -1 })).to.be.instanceOf(ConfigurationError);
    expect(isPrimary()).to.equal(false);
  });
});
