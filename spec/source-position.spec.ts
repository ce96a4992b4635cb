import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { describePosition } from "#src/source-position.js";

describe("describePosition", () => {
  const url = import.meta.url;

  /** Where this file, as compiled, has a text; counted from 0. */
  function find(text: string): { url: string; line: number; column: number } {
    const lines = readFileSync(fileURLToPath(url), "utf8").split("\n");
    const line = lines.findIndex((candidate) => candidate.includes(text));
    return { url, line, column: lines[line]?.indexOf(text) ?? -1 };
  }

  it("counts from 1, from the current folder", () => {
    const file = fileURLToPath(url).slice(process.cwd().length + 1);
    expect(describePosition({ url, line: 0, column: 0 }, false)).to.equal(`${file}:1:1`);
  });

  it("shows what is elsewhere by its whole path, and what is in no file as it is", () => {
    expect(describePosition({ url: "file:///srv/app.js", line: 4, column: 2 }, true)).to.equal("/srv/app.js:5:3");
    expect(describePosition({ url: "node:internal/timers", line: 4, column: 2 }, true)).to.equal(
      "node:internal/timers:5:3",
    );
  });

  it("maps to the source", () => {
    const source = readFileSync(new URL("../../spec/source-position.spec.ts", url), "utf8").split("\n");
    const line = source.findIndex((text) => text.includes('describe("describePosition')) + 1;
    expect(line).to.be.above(0);
    expect(describePosition(find('describe("describePosition'), true)).to.equal(
      `spec/source-position.spec.ts:${line}:1`,
    );
  });

  describe("with files of other compilers", () => {
    let folder: string;

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "waterspout-"));
    });

    after(() => rmSync(folder, { recursive: true }));

    function written(name: string, map: string): string {
      const path = join(folder, name);
      writeFileSync(path, `first();\nsecond();\n//# sourceMappingURL=${name}.map\n`);
      writeFileSync(`${path}.map`, map);
      return pathToFileURL(path).href;
    }

    it("keeps to sourceRoot", () => {
      // The second line is the fourth of the source: one group for each line, in base64 VLQ.
      const map = { version: 3, sourceRoot: "../lib", sources: ["a.ts"], names: [], mappings: "AAAA;AAGA" };
      const place = describePosition({ url: written("a.js", JSON.stringify(map)), line: 1, column: 0 }, true);
      expect(place).to.equal(`${join(folder, "../lib/a.ts")}:4:1`);
    });

    it("makes do with the JavaScript when the map is none", () => {
      const place = describePosition({ url: written("b.js", "{"), line: 1, column: 0 }, true);
      expect(place).to.equal(`${join(folder, "b.js")}:2:1`);
    });
  });
});
