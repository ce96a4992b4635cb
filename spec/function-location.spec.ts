import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { functionLocation } from "#src/function-location.js";

class Example {
  wanted(): number {
    return 1;
  }
}

describe("functionLocation", () => {
  const file = "spec/function-location.spec.ts";

  it("gives the place of a method, in the source when source maps are on", async () => {
    const lines = readFileSync(fileURLToPath(new URL("../../spec/function-location.spec.ts", import.meta.url)), "utf8");
    const line = lines.split("\n").indexOf("  wanted(): number {") + 1;
    expect(line).to.be.above(0);
    expect(process.sourceMapsEnabled, "specs run with source maps").to.equal(true);
    expect(await functionLocation(Example.prototype.wanted)).to.match(new RegExp(`^${file}:${line}:\\d+$`));
    expect(await functionLocation(Example.prototype.wanted), "a second time").to.match(
      new RegExp(`^${file}:${line}:\\d+$`),
    );
  });

  it("knows nothing of functions that are in no file", async () => {
    expect(await functionLocation(Math.max)).to.equal(undefined);
    expect(await functionLocation(Example.prototype.wanted.bind(new Example()))).to.equal(undefined);
  });

  it("leaves nothing behind in the global object", async () => {
    await functionLocation(Example.prototype.wanted);
    const ours = Object.getOwnPropertySymbols(globalThis).filter((symbol) => String(symbol).includes("waterspout"));
    expect(ours).to.deep.equal([]);
  });
});
