import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";

const folder = new URL("../../../spec/", import.meta.url);

describe("skip", () => {
  it("is the only way to skip, for it says what and why", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const silent = files.filter((name) =>
      /\b(this|suite|context)\.skip\(/.test(readFileSync(new URL(name, folder), "utf8")),
    );
    expect(files).to.have.length.above(200);
    expect(silent).to.deep.equal(["support/skip.ts"]);
  });
});
