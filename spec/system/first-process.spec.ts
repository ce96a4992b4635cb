import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { ServedProgram } from "../support/served-program.js";
import { skip } from "../support/skip.js";

const container = ["unshare", "--pid", "--fork", "--mount-proc"];

describe("PID 1 of a container", function () {
  this.timeout(60_000);

  before(function () {
    const [program = "", ...args] = container;
    const { status, stderr } = spawnSync(program, [...args, "true"], { encoding: "utf8" });
    if (status !== 0) skip(this, `there can be no namespace of processes: ${stderr || "unshare is not installed"}`);
  });

  function served(processes: number): ServedProgram {
    const args = ["here", JSON.stringify({ port: 0, processes })];
    const fixture = new URL("./fixtures/served.js", import.meta.url);
    return new ServedProgram(fixture, args, { env: { SAY: "1" }, command: container });
  }

  /** The pid by which the first process is known outside. */
  function first({ program }: ServedProgram): number {
    return program.childPids()[0] ?? 0;
  }

  async function drains(app: ServedProgram): Promise<void> {
    const answer = app.get("/late");
    await app.program.line(/^held by/);
    process.kill(first(app), "SIGTERM");
    expect(await app.ended()).to.deep.equal({ code: 0, signal: null });
    expect(await answer).to.equal("late, and executor");
    expect(app.count(/^main in thread 0 of 1$/), "the program was the first process").to.equal(1);
  }

  it("drains on SIGTERM and exits 0, with processes: 1", async () => {
    await using app = served(1);
    await drains(app);
  });

  it("starts children that were killed again, drains on SIGTERM and exits 0, with processes: 2", async () => {
    await using app = served(2);
    await app.url("/");
    const [victim = 0] = app.program.childPids(first(app));
    process.kill(victim, "SIGKILL");
    await app.program.line(/killed by signal SIGKILL, restarting$/);
    await app.program.lines(/^configured server/, 3);
    await drains(app);
  });

  for (const processes of [1, 2]) {
    it(`is forced by a second signal and says which, with processes: ${processes}`, async () => {
      await using app = served(processes);
      const answer = app.get("/never").catch(() => "cut off");
      await app.program.line(/^held by/);
      process.kill(first(app), "SIGTERM");
      await untilDraining(await app.url("/who"));
      process.kill(first(app), "SIGINT");
      expect((await app.ended()).code).to.equal(130);
      expect(await answer).to.equal("cut off");
    });
  }
});

/** Until the first signal has been taken, a second one would be the first. */
async function untilDraining(url: string): Promise<void> {
  while (await accepts(url)) await new Promise((resolve) => setTimeout(resolve, 10));
}

function accepts(url: string): Promise<boolean> {
  return fetch(url, { headers: { connection: "close" } }).then(
    () => true,
    () => false,
  );
}
