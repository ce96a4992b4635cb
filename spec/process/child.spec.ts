import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { enterChild, onPrimaryLost, reportBootFailure, reportReady } from "#src/process/child.js";

// The child of a real primary is in spec/system/processes.spec.ts.
describe("the child's side in a process that is no child", () => {
  it("refuses to enter", () => {
    expect(() => enterChild()).to.throw(ConfigurationError);
    expect(process.listenerCount("SIGINT")).to.equal(0);
  });

  it("has nobody to report to", async () => {
    await reportReady({});
    await reportBootFailure(new Error("nobody hears this"));
  });

  it("cannot lose its primary", () => {
    const before = process.listenerCount("disconnect");
    onPrimaryLost(() => {});
    expect(process.listenerCount("disconnect")).to.equal(before);
  });
});
