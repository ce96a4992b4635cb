import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect } from "chai";
import { startProgram } from "../support/program.js";

describe("openTemporaryFile", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spec-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const module = import.meta.resolve("#src/http/temporary-file.js");

  /** Runs code in a process of its own, whose temporary files lie in `folder`; gives what it prints. */
  async function run(code: string): Promise<string> {
    const source = `import { openTemporaryFile } from ${JSON.stringify(module)}; ${code}`;
    const program = startProgram("--input-type=module", [`--eval=${source}`], { env: { TMPDIR: folder } });
    try {
      await program.exited;
      await program.closed;
      return program.output();
    } finally {
      await program.dispose();
    }
  }

  const open = "const { path, handle } = await openTemporaryFile(); await handle.close(); console.log(path);";

  it("makes an empty file for the owner alone, in a folder for the owner alone", async () => {
    const output = await run(
      `${open} const { statSync } = await import("node:fs"); const { dirname } = await import("node:path");
       for (const each of [path, dirname(path)]) console.log((statSync(each).mode & 0o777).toString(8), statSync(each).size === 0);`,
    );
    expect(output, output).to.match(/\n600 true\n700 (?:true|false)\n$/);
  });

  it("gives each file another name", async () => {
    const [first, second] = (await run(`${open} { ${open} }`)).trim().split("\n") as [string, string];
    expect(dirname(first)).to.equal(dirname(second));
    expect(first).not.to.equal(second);
    expect(basename(first)).to.match(/^[0-9a-f-]{36}$/);
  });

  for (const [how, code] of [
    ["exits", ""],
    ["is told to exit", "process.exit(3);"],
    ["dies of an exception", "throw new Error('boom');"],
  ] as const) {
    it(`leaves nothing when the process ${how}`, async () => {
      expect(await run(open + code)).to.include(folder);
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  }

  it("removes what a killed process left, when the next one needs a file", async () => {
    await run(
      `${open} process.kill(process.pid, "SIGKILL"); await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    );
    const [left = ""] = readdirSync(folder);
    expect(left).to.match(/^waterspout-\d+-\d+-/);
    expect(await run(open)).not.to.include(left);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("leaves alone what belongs to living processes, to other namespaces, or is no folder of ours", async () => {
    const [prefix = ""] = /waterspout-\d+-/.exec(await run(open)) ?? [];
    const dead = 2 ** 22 + 1;
    const kept = [`${prefix}${process.pid}-a`, `waterspout-1-${dead}-a`, `${prefix}x-a`, "other"];
    for (const name of kept) await mkdir(join(folder, name));
    const target = join(folder, "other", "precious");
    await writeFile(target, "x");
    await symlink(join(folder, "other"), join(folder, `${prefix}${dead}-link`));
    await mkdir(join(folder, `${prefix}${dead}-b`));
    await run(open);
    expect(readdirSync(folder)).to.have.members(kept);
    expect(statSync(target).size).to.equal(1);
  });

  it("makes another folder when somebody has removed its own", async () => {
    const output = await run(
      `${open} const { rmSync } = await import("node:fs"); const { dirname } = await import("node:path");
       rmSync(dirname(path), { recursive: true }); { ${open} }`,
    );
    expect(output.trim().split("\n")).to.have.length(2);
    expect(existsSync(output.trim().split("\n")[1] ?? "")).to.equal(false);
  });
});
