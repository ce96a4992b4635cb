import { expect } from "chai";
import type { ServeOptions } from "waterspout";
import type { ProgramOptions } from "../support/program.js";
import { ServedProgram } from "../support/served-program.js";

const clean = { code: 0, signal: null };

function start(options: ServeOptions = {}, program: ProgramOptions = {}): ServedProgram {
  const fixture = new URL("./fixtures/stuck.js", import.meta.url);
  return new ServedProgram(fixture, [JSON.stringify(options)], program);
}

/**
 * Gets a child stuck, and waits for its end; the line that says where it stood. On a busy machine a child may be killed
 * before its watchdog has looked at it: then the next one gets stuck.
 */
async function stall(app: ServedProgram, path: string, told: RegExp): Promise<string> {
  for (let kills = 1; kills <= 5 && app.count(told) === 0; kills++) {
    expect(await app.get(path).catch(() => "cut off")).to.equal("cut off");
    await app.program.lines(/has given no sign of life for 3 s: it is killed$/, kills);
    await app.program.lines(/killed by signal SIGKILL, restarting/, kills);
  }
  return app.program.line(told);
}

describe("a child whose event loop does not turn", () => {
  it("is replaced, and the log says in which line of JavaScript it stood", async () => {
    await using app = start({ livenessTimeout: 3_000 }, { execArgv: ["--enable-source-maps"] });
    const told = /\[E .*child \d \(pid (\d+)\): its event loop has stood still for \d+(\.\d+)? s in$/;
    const [, pid] = told.exec(await stall(app, "/for-ever", told)) ?? [];
    await app.program.line(/^ {8}at searchForEver \(spec\/system\/fixtures\/stuck\.ts:\d+:\d+\)$/);
    await app.program.line(/^ {8}at get \(spec\/system\/fixtures\/stuck\.ts:\d+:\d+\)$/);
    await app.program.line(new RegExp(`^stall of ${pid}: searchForEver`));
    await app.program.line(new RegExp(`\\[E .*\\(pid ${pid}\\) has given no sign of life for 3 s: it is killed$`));
    await app.program.line(new RegExp(`\\(pid ${pid}\\) killed by signal SIGKILL, restarting`));
    await app.program.children(2);
    expect(await app.get("/pid")).not.to.equal(pid);
    expect(await app.stop()).to.deep.equal(clean);
  });

  it("is replaced when it stands in a call of the system, which has no line of JavaScript", async () => {
    await using app = start({ livenessTimeout: 3_000 });
    const told = /its event loop has stood still for \d+(\.\d+)? s, in native code or in a call of the system$/;
    await stall(app, "/system", told);
    // What it has started is not in its hands any more; it is in the program's group.
    await app.program.children(2);
    app.program.kill("SIGTERM");
    expect(await app.program.exited).to.deep.equal(clean);
  });

  it("is left alone when the primary was stopped itself, and replaced when it was stopped as a whole", async () => {
    await using app = start({ livenessTimeout: 3_000 });
    const pid = Number(await app.get("/pid"));
    app.program.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    app.program.kill("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(app.program.childPids()).to.include(pid);
    expect(app.count(/killed/)).to.equal(0);

    process.kill(pid, "SIGSTOP");
    await app.program.line(new RegExp(`\\(pid ${pid}\\) has given no sign of life for 3 s: it is killed$`));
    await app.program.line(new RegExp(`\\(pid ${pid}\\) killed by signal SIGKILL, restarting$`));
    expect(await app.stop()).to.deep.equal(clean);
    expect(app.count(/is killed$/)).to.equal(1);
  });

  it("is left alone when it comes back in time", async () => {
    await using app = start({ livenessTimeout: 20_000 });
    expect(await app.get("/a-while")).to.equal("done");
    expect(await app.stop()).to.deep.equal(clean);
    expect(app.count(/killed|stood still/)).to.equal(0);
  });

  it("stays with livenessTimeout 0, and has no watchdog", async () => {
    await using app = start({ livenessTimeout: 0, gracePeriod: 200, killMargin: 100 });
    const stuck = app.get("/for-ever").catch(() => "cut off");
    const [pid] = /\d+/.exec(await app.program.line(/^stuck in/)) ?? [];
    const other = await app.get("/pid");
    expect(app.program.childPids()).to.have.length(2).and.to.include(Number(other));
    // The primary has the last word all the same. So little time may be too short for the other one as well.
    expect((await app.stop()).code).to.equal(1);
    expect(await stuck).to.equal("cut off");
    expect(app.count(new RegExp(`\\(pid ${pid}\\) killed by signal SIGKILL, it did not stop in time`))).to.equal(1);
    expect(app.count(/stood still|sign of life/)).to.equal(0);
  });
});
