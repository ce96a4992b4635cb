import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Program, startProgram } from "../support/program.js";
import { skip } from "../support/skip.js";

const fixture = fileURLToPath(new URL("./fixtures/short-of-processes.js", import.meta.url));
const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** The limit of processes does not hold for root, so the program runs as somebody else. */
function missing(): string | undefined {
  if (process.platform !== "linux") return "only Linux has prlimit";
  const [program = "", ...args] = nobody;
  const usable = spawnSync(program, [...args, "test", "-r", fixture, "-a", "-x", process.execPath]).status === 0;
  if (!usable) return "it needs root, setpriv, files that everybody may read and a node that everybody may start";
  return spawnSync("prlimit", ["--version"]).status === 0 ? undefined : "prlimit is not installed";
}

describe("a system that is short of processes", function () {
  this.timeout(60_000);
  let program: Program;

  before(function () {
    const reason = missing();
    if (reason !== undefined) skip(this, reason);
  });

  afterEach(async () => {
    const survivors = await program.survivors();
    await program.dispose();
    expect(survivors, "processes that were left").to.deep.equal([]);
  });

  /** From here on the kernel refuses every fork of the primary with EAGAIN, or none. */
  function refuseForks(refused: boolean): void {
    const limit = refused ? "--nproc=1:" : "--nproc=1000:";
    const [command, ...args] = [...nobody, "prlimit", `--pid=${program.pid}`, limit];
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    expect(status, stderr).to.equal(0);
  }

  const refusal = /child \d could not be forked: spawn \S+ EAGAIN, restarting( in \d+ ms)?$/;
  const refusals = (): number => program.output().match(new RegExp(refusal, "gm"))?.length ?? 0;

  it("is waited for, at the start and later: the error of a fork comes without an exit", async () => {
    program = startProgram(fixture, ["3"], { command: nobody });
    await program.line(/^primary/);
    refuseForks(true);
    program.kill("SIGUSR2");
    await program.lines(refusal, 3);
    refuseForks(false);
    await program.lines(/serves$/, 3);

    for (const [index, pid] of program.childPids().entries()) {
      refuseForks(true);
      const before = refusals();
      process.kill(pid, "SIGKILL");
      await program.lines(refusal, before + 2);
      refuseForks(false);
      await program.lines(/serves$/, 3 + index + 1);
    }
    expect(program.childPids()).to.have.length(3);
    expect(program.output()).not.to.include("giving up");
    program.kill("SIGTERM");
    expect(await program.exited).to.deep.equal({ code: 0, signal: null });
  });
});
