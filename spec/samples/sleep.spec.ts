import { expect } from "chai";
import { ServedProgram } from "../support/served-program.js";

const main = new URL("../../samples/sleep/main.js", import.meta.url);
const clean = { code: 0, signal: null };

interface Ping {
  readonly pid: number;
  readonly taskId: number | null;
}

function sleepSample(processes: number, threads: number, step: string): ServedProgram {
  return new ServedProgram(main, ["--port=0", `--processes=${processes}`, `--threads=${threads}`, `--step=${step}`]);
}

/** How long it takes until all of `count` requests that are made at once are answered. */
async function timed(app: ServedProgram, count: number): Promise<number> {
  const started = performance.now();
  await Promise.all(Array.from({ length: count }, () => app.get("/sleep")));
  return performance.now() - started;
}

/** The best of three: a machine that is busy for a moment slows one of the two down, and a thread too few each time. */
async function ratioOfTwoToOne(app: ServedProgram): Promise<number> {
  let best = Infinity;
  for (let attempt = 0; attempt < 3 && best >= 1.1; attempt++) {
    const one = await timed(app, 1);
    best = Math.min(best, (await timed(app, 2)) / one);
  }
  return best;
}

/** True when what one task printed stands between what another did, and the other way round. */
function isInterleaved(lines: readonly string[]): boolean {
  const tasks = lines.map((line) => line.slice(line.indexOf(" : ")));
  return tasks.indexOf(tasks.at(-1) ?? "") < tasks.lastIndexOf(tasks[0] ?? "") && new Set(tasks).size > 1;
}

describe("the sleep sample", () => {
  it("answers two that sleep as fast as one, prints as they go, and answers others meanwhile", async () => {
    await using app = sleepSample(1, 2, "60ms");
    // The second thread starts when it is needed first.
    await timed(app, 2);

    const finished: string[] = [];
    const both = ["first", "second"].map(async (name) => {
      const answer = await app.get("/sleep");
      finished.push(name);
      return answer;
    });
    const [, , step] = await app.program.lines(/^step 1 : /, 3);
    expect(app.count(/^step 15 : /), "printed while the task runs").to.equal(2);
    // Every thread sleeps.
    expect(await app.json<Ping>("/ping")).to.deep.equal({ pid: app.program.pid, taskId: null });
    await app.program.lines(/^step 5 : /, 4);
    expect(finished, "answered while both sleep").to.deep.equal([]);
    expect(await Promise.all(both)).to.include(`Finish ${step?.slice("step 1 : ".length)}`);
    expect(app.count(/^step \d+ : /)).to.equal(60);
    expect(isInterleaved(app.lines(/^step \d+ : /).slice(30))).to.equal(true);
    expect(app.count(/^in get before blockTask /)).to.equal(4);
    expect(app.count(/^in get after blockTask$/)).to.equal(4);

    expect(await ratioOfTwoToOne(app)).to.be.below(1.1);
    expect(await app.stop()).to.deep.equal(clean);
  });

  it("serves from five processes on one port, replaces one that is killed, and answers who sleeps when it ends", async () => {
    await using app = sleepSample(5, 1, "20ms");
    await app.program.line(/listening on http:\/\/127\.0\.0\.1:\d+, 5 processes$/);
    expect(app.program.childPids()).to.have.length(5);

    const [victim = 0] = app.program.childPids();
    process.kill(victim, "SIGKILL");
    const line = await app.program.line(/killed by signal SIGKILL, restarting$/);
    const taskId = Number(/child (\d)/.exec(line)?.[1]);
    const after = await pingFrom(app, (ping) => ping.taskId === taskId);
    expect(after.pid).not.to.equal(victim);
    expect(app.program.childPids()).to.have.length(5).and.to.include(after.pid);

    const answer = app.get("/sleep");
    await app.program.line(/^step 1 : /);
    expect(await app.stop()).to.deep.equal(clean);
    expect(await answer).to.match(/^Finish \d{4}-/);
    expect(app.count(/^step 15 : /)).to.equal(1);
  });
});

/** Asks until the wanted process answers; the test's own deadline ends it otherwise. */
async function pingFrom(app: ServedProgram, isWanted: (ping: Ping) => boolean): Promise<Ping> {
  for (;;) {
    const pings = await Promise.all(Array.from({ length: 10 }, () => app.json<Ping>("/ping")));
    const found = pings.find(isWanted);
    if (found !== undefined) return found;
  }
}
