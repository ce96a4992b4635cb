import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { defaultExport, handOver, importApplication } from "#src/executors/worker-application.js";

// What a worker does with a module, whichever its form, is in spec/system/bootstrap.spec.ts.
describe("worker-application in a thread that is no worker", () => {
  it("hands nothing over", () => {
    const boot = (): Promise<never> => Promise.reject(new Error("never called"));
    expect(() => void handOver(boot)).to.throw(ConfigurationError, "worker thread of your own: start it in the main");
  });

  it("imports no application", async () => {
    const failure: unknown = await importApplication(import.meta.url).catch((error: unknown) => error);
    expect(String(failure)).to.equal("Error: importApplication: not a worker");
  });
});

describe("defaultExport", () => {
  it("is the default export of an ES module", () => {
    expect(defaultExport({ default: { handlers: [] }, other: 1 })).to.deep.equal({ handlers: [] });
  });

  it("is module.exports of a CommonJS module", () => {
    expect(defaultExport({ default: { handlers: [] }, "module.exports": {} })).to.deep.equal({ handlers: [] });
  });

  it("is exports.default of a CommonJS module that was compiled from an ES module", () => {
    const exports = Object.defineProperty({ default: { handlers: [] } }, "__esModule", { value: true });
    expect(defaultExport({ default: exports })).to.deep.equal({ handlers: [] });
  });

  it("is undefined where there is none", () => {
    expect(defaultExport({ other: 1 })).to.equal(undefined);
  });
});
