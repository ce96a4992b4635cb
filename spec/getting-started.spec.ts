import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/getting-started.md"), "utf8");
const tsc = join(root, "node_modules/typescript/bin/tsc");

/** The project that the page writes. Inside this package, so that it finds "waterspout" by its name. */
function writeProject(folder: string): void {
  const blocks = [...page.matchAll(/`(src\/[\w.]+)`:\n\n```ts\n([\s\S]*?)```/g)].map(([, name = "", code = ""]) => ({
    name,
    code,
  }));
  const [, options = ""] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  expect(blocks.map(({ name }) => name)).to.include.members(["src/app.ts", "src/main.ts", "src/app.test.ts"]);
  for (const { name, code } of [...blocks, { name: "tsconfig.json", code: options }]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), code);
  }
}

function run(folder: string, ...args: string[]): { status: number | null; output: string } {
  // Node's test runner would take its children for parts of a run of its own.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
  return { status, output: stdout + stderr };
}

describe("docs/getting-started.md", () => {
  let folder: string;

  before(() => {
    mkdirSync(join(root, ".build/guide"), { recursive: true });
    folder = mkdtempSync(join(root, ".build/guide/"));
    writeProject(folder);
  });

  after(() => rmSync(folder, { recursive: true }));

  // Without skipLibCheck, so that the declarations of the package are compiled as well.
  it("compiles as it stands", () => {
    const { status, output } = run(folder, tsc);
    expect(output).to.equal("");
    expect(status).to.equal(0);
  });

  it("passes its own test", () => {
    const { status, output } = run(folder, "--test", "dist/app.test.js");
    expect(status, output).to.equal(0);
    expect(output).to.match(/pass 1\b/);
  });
});
