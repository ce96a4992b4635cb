import { readFileSync } from "node:fs";
import { expect } from "chai";

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

describe("README.md", () => {
  it("shows the sample as it is", () => {
    const [, shown = ""] = /```ts\n\/\/ samples\/sleep\/app\.ts\n([\s\S]*?)```/.exec(read("README.md")) ?? [];
    expect(shown).to.equal(read("samples/sleep/app.ts"));
  });

  it("names the commands that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const [, name = ""] of read("README.md").matchAll(/npm run ([\w:]+)/g)) expect(scripts).to.have.property(name);
    expect(scripts).to.include.keys("start", "test");
  });
});
