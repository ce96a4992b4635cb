import { readFileSync } from "node:fs";
import { expect } from "chai";

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

describe("README.md", () => {
  for (const file of ["samples/sleep/app.ts", "samples/sleep/main.ts"]) {
    it(`shows ${file} as it is`, () => {
      const blocks = [...read("README.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
      expect(blocks).to.include(`// ${file}\n${read(file)}`);
    });
  }

  it("names the commands that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const page of ["README.md", "CONTRIBUTING.md"]) {
      for (const [, name = ""] of read(page).matchAll(/npm run ([\w:]+)/g))
        expect(scripts, page).to.have.property(name);
    }
    expect(scripts).to.include.keys("start", "test");
  });

  it("names the versions of Node that package.json asks for", () => {
    const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
    for (const page of ["README.md", "docs/getting-started.md"]) expect(read(page)).to.include(`\`${engines.node}\``);
  });
});
