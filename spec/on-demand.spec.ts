import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { onDemand } from "#src/on-demand.js";
import { temporaryFolder } from "./support/folder.js";

describe("onDemand", () => {
  it("loads when it is called first, at once and once", () => {
    using folder = temporaryFolder({ "lazy.cjs": "exports.times = (globalThis.loads = (globalThis.loads ?? 0) + 1);" });
    const loads = (): unknown => (globalThis as { loads?: number }).loads;
    const lazy = onDemand<{ times: number }>(pathToFileURL(`${folder.path}/lazy.cjs`).href);
    expect(loads()).to.equal(undefined);
    expect([lazy().times, lazy().times, lazy() === lazy()]).to.deep.equal([1, 1, true]);
    expect(loads()).to.equal(1);
  });

  it("fails at each call when there is nothing", () => {
    const missing = onDemand("web/no-such-module.js");
    for (let time = 0; time < 2; time++) expect(missing).to.throw("Cannot find module");
  });
});
