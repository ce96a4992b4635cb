import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import type { SupervisorStatus } from "waterspout";
import { isAlive, type Program, startProgram } from "../support/program.js";
import type { Plan } from "./fixtures/supervised.js";

describe("reload and resize", function () {
  this.timeout(60_000);

  let program: Program;
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
  });

  afterEach(async () => {
    const survivors = await program.survivors();
    await program.dispose();
    rmSync(directory, { recursive: true });
    expect(survivors, "processes that were left").to.deep.equal([]);
  });

  /** Children behave by `first` until one with their task id has been there, and by `second` from then on. */
  async function start(
    first: Plan["children"][number],
    second: Plan["children"][number],
    more: Partial<Plan> = {},
  ): Promise<void> {
    const { processes = 2, options = {} } = more;
    const plan: Plan = {
      processes,
      options: { stableTime: 200, ...options },
      children: [first],
      later: { behaviour: second, directory },
    };
    program = startProgram(new URL("./fixtures/supervised.js", import.meta.url), [JSON.stringify(plan)]);
    await program.line(/^all ready/);
  }

  async function stop(): Promise<void> {
    program.kill("SIGTERM");
    expect(await program.exited).to.deep.equal({ code: 0, signal: null });
    await program.closed;
  }

  /** What happened to children, in order; `0.1` is the second process with task id 0. */
  function story(): string[] {
    const pids: Record<string, string[]> = {};
    const lines = program.output().matchAll(/^child (\d+) pid (\d+) (starts|ready|stops)$/gm);
    return [...lines].map(([, id = "", pid = "", what]) => {
      const known = (pids[id] ??= []);
      if (what === "starts") known.push(pid);
      return `${what} ${id}.${known.indexOf(pid)}`;
    });
  }

  function occurrences(pattern: RegExp): number {
    return program.output().match(new RegExp(pattern, "gm"))?.length ?? 0;
  }

  async function pidOf(taskId: number): Promise<number> {
    const line = await program.line(new RegExp(`^child ${taskId} pid \\d+`));
    return Number(/pid (\d+)/.exec(line)?.[1]);
  }

  /** Asks for the status until it is as wanted. */
  async function status(isSo: (told: SupervisorStatus) => boolean): Promise<SupervisorStatus> {
    for (let asked = occurrences(/^status/) + 1; ; asked++) {
      program.kill("SIGURG");
      const line = (await program.lines(/^status /, asked)).at(-1) ?? "";
      const told = JSON.parse(line.slice("status ".length)) as SupervisorStatus;
      if (isSo(told)) return told;
    }
  }

  function events(name: string): unknown[][] {
    const lines = program.output().matchAll(new RegExp(`^event ${name} (.*)$`, "gm"));
    return [...lines].map(([, told = ""]) => JSON.parse(told) as unknown[]);
  }

  describe("on SIGHUP", () => {
    it("replaces one child at a time, the oldest first, each after the new one is ready", async () => {
      await start("tell when stopped", "tell when stopped");
      const before = program.childPids();
      program.kill("SIGHUP");
      await program.line(/reload complete: 2 processes replaced/);
      const roll = story().slice(-6);
      expect(roll).to.deep.equal(["starts 0.1", "ready 0.1", "stops 0.0", "starts 1.1", "ready 1.1", "stops 1.0"]);
      expect(program.childPids()).to.have.length(2).and.not.to.include.members(before);
      expect(occurrences(/child 0 \(pid \d+\) has taken over from pid \d+$/)).to.equal(1);
      expect(occurrences(/child 1 \(pid \d+\) has taken over from pid \d+$/)).to.equal(1);
      await stop();
      expect(occurrences(/restarting/)).to.equal(0);
    });

    it("keeps the old children when a new one cannot start, and says so", async () => {
      await start("tell when stopped", "fail by report");
      const before = program.childPids();
      program.kill("SIGHUP");
      await program.line(
        /reload failed: child 0 \(pid \d+\) could not start: port 80 is taken; kept 2 processes of before$/,
      );
      expect(program.childPids()).to.deep.equal(before);
      await stop();
      expect(occurrences(/restarting|giving up/)).to.equal(0);
      expect(occurrences(/starts$/)).to.equal(3);
    });

    it("keeps the old children when a new one does not last for stableTime", async () => {
      await start("tell when stopped", "crash soon", { options: { stableTime: 5_000 } });
      const before = program.childPids();
      program.kill("SIGHUP");
      await program.line(/reload failed: child 0 \(pid \d+\) exited with status 3; kept 2 processes of before$/);
      expect(program.childPids()).to.deep.equal(before);
      await stop();
    });

    it("keeps the old children when a new one is not ready within bootTimeout", async () => {
      await start("tell when stopped", "never ready", { options: { bootTimeout: 3_000 } });
      const before = program.childPids();
      program.kill("SIGHUP");
      // A busy machine may have had child 0 started twice, so that child 1 is the older one.
      await program.line(/reload failed: child \d \(pid \d+\) could not start: not ready within 3 s; kept 2 processes/);
      expect(program.childPids()).to.deep.equal(before);
      await stop();
    });

    it("lets the new child take over at once when the old one crashes meanwhile", async () => {
      await start("tell when stopped", "ready late", { processes: 1 });
      const [old = 0] = program.childPids();
      program.kill("SIGHUP");
      await program.lines(/starts$/, 2);
      process.kill(old, "SIGKILL");
      await program.line(
        /child 0 \(pid \d+\) killed by signal SIGKILL while it was being replaced; child 0 \(pid \d+\) takes over$/,
      );
      await program.line(/reload complete: 1 process replaced/);
      await stop();
      expect(occurrences(/starts$/)).to.equal(2);
      expect(occurrences(/restarting/)).to.equal(0);
    });

    it("restarts a child that crashes meanwhile in the new generation, and does not replace it again", async () => {
      await start("tell when stopped", "ready late");
      const [, second = 0] = program.childPids();
      program.kill("SIGHUP");
      await program.lines(/starts$/, 3);
      process.kill(second, "SIGKILL");
      await program.line(/reload complete: 1 process replaced/);
      await program.lines(/ready$/, 4);
      await stop();
      expect(occurrences(/starts$/)).to.equal(4);
    });

    it("makes one more roll of all signals that come while one goes on", async () => {
      await start("tell when stopped", "ready late", { processes: 1 });
      program.kill("SIGHUP");
      await program.line(/^event reload \[1\]/);
      for (let signal = 0; signal < 3; signal++) {
        program.kill("SIGHUP");
        // The kernel merges signals that wait.
        await program.lines(/SIGHUP: reloading/, signal + 2);
      }
      await program.lines(/reload complete/, 2);
      await stop();
      expect(events("reload")).to.deep.equal([[1], [2]]);
      expect(occurrences(/reload complete/)).to.equal(2);
    });

    it("lets both generations drain when SIGTERM comes meanwhile", async () => {
      await start("tell when stopped", "tell when stopped", { options: { stableTime: 60_000 } });
      program.kill("SIGHUP");
      await program.lines(/ready$/, 3);
      await stop();
      expect(occurrences(/stops$/)).to.equal(3);
      expect(events("reloaded")).to.deep.equal([
        [{ ok: false, replaced: 0, reason: "the processes were stopped meanwhile" }],
      ]);
    });

    it("is ignored by children, whom the end of a terminal reaches too", async () => {
      await start("tell when stopped", "tell when stopped");
      program.killGroup("SIGHUP");
      await program.line(/reload complete/);
      await stop();
      expect(occurrences(/killed by signal|restarting/)).to.equal(0);
    });

    it("runs what stands on the disk then", async () => {
      const fork = import.meta.resolve("#src/process/fork.js");
      const deploy = (version: number): void =>
        writeFileSync(join(directory, "version.mjs"), `export const version = ${version};`);
      deploy(1);
      writeFileSync(
        join(directory, "main.mjs"),
        `import { forkProcesses } from "${fork}";
         import { version } from "./version.mjs";
         const id = await forkProcesses(2, { stableTime: 100 });
         process.once("SIGTERM", () => process.exit(0));
         setInterval(() => {}, 1_000);
         console.log(\`child \${id} runs version \${version}\`);`,
      );
      program = startProgram(join(directory, "main.mjs"));
      await program.lines(/runs version 1/, 2);
      deploy(2);
      program.kill("SIGHUP");
      await program.line(/reload complete/);
      await stop();
      expect([0, 1].map((id) => occurrences(new RegExp(`child ${id} runs version 2`)))).to.deep.equal([1, 1]);
    });
  });

  describe("Supervisor", () => {
    it("reloads by a call, shares calls that come meanwhile, and resolves with how it went", async () => {
      await start("tell when stopped", "tell when stopped");
      program.kill("SIGWINCH");
      await program.lines(/^result {"ok":true,"replaced":2}$/, 3);
      await program.line(/^shared true, first alone true$/);
      await stop();
      expect(events("reload")).to.deep.equal([[1], [2]]);
    });

    it("tells how its children are", async () => {
      await start("tell figures", "ready late", { options: { maxRestarts: 5, maxLostThreads: 0 } });
      const [first, second] = [await pidOf(0), await pidOf(1)];
      const before = Date.now();
      const serving = await status(({ children }) => children.every(({ requests }) => requests === 7));
      expect(serving).to.deep.include({ pid: program.pid, state: "serving", generation: 0 });
      expect(serving.children.map(({ taskId, pid }) => [taskId, pid])).to.deep.equal([
        [0, first],
        [1, second],
      ]);
      const [child] = serving.children;
      expect(child).to.deep.include({
        state: "ready",
        restarts: 0,
        blockedLoops: 4,
        droppedConnections: 3,
        lostThreads: 1,
      });
      expect(new Date(child?.started ?? 0).getTime()).to.be.within(before - 60_000, before);
      if (process.platform === "linux") {
        expect(child?.rss).to.be.above(10 * 2 ** 20);
        expect(child?.pss)
          .to.be.above(2 ** 20)
          .and.below(child?.rss ?? 0);
      }

      process.kill(first, "SIGKILL");
      const restarted = await status(({ children }) => children[0]?.restarts === 1);
      expect(restarted.children[0]?.pid).not.to.equal(first);

      program.kill("SIGHUP");
      const reloading = await status(({ children }) => children.length === 3);
      expect(reloading.state).to.equal("reloading");
      expect(reloading.children.map(({ generation }) => generation)).to.include.members([0, 1]);
      await program.line(/reload complete/);
      await stop();
    });

    it("tells every event, whatever a listener throws", async () => {
      await start("tell when stopped", "tell when stopped", { processes: 1 });
      const [first = 0] = program.childPids();
      program.kill("SIGHUP");
      await program.line(/reload complete/);
      const [second = 0] = program.childPids();
      await stop();
      const [old, young] = [
        { taskId: 0, pid: first, generation: 0 },
        { taskId: 0, pid: second, generation: 1 },
      ];
      const ending = { kind: "exited", status: 0 };
      const told = [...program.output().matchAll(/^event (\w+) (.*)$/gm)].map(([, name, args = ""]) => [
        name,
        ...(JSON.parse(args) as unknown[]),
      ]);
      expect(told).to.deep.equal([
        ["fork", old],
        ["ready", old],
        ["serving", [{ taskId: 0, pid: first, info: { address: "address of 0" } }]],
        ["reload", 1],
        ["fork", young],
        ["ready", young],
        ["dismiss", old],
        ["exit", old, ending, true],
        ["reloaded", { ok: true, replaced: 1 }],
        ["stop", "stopped"],
        ["exit", young, ending, true],
        ["end"],
      ]);
      expect(occurrences(/\[E .*a listener of the supervisor's "reload" failed$/)).to.equal(1);
      expect(program.output().indexOf("supervisor lent")).to.be.lessThan(program.output().indexOf("event fork"));
    });
  });

  describe("maxRequests", () => {
    it("replaces a child that has answered so many, the new one first", async () => {
      await start("tell many requests", "tell when stopped", { processes: 1, options: { maxRequests: 50_000 } });
      const [old = 0] = program.childPids();
      await program.line(
        new RegExp(
          `child 0 \\(pid ${old}\\) has answered 100000 requests \\(maxRequests is 50000\\): it will be replaced$`,
        ),
      );
      await program.line(new RegExp(`child 0 \\(pid \\d+\\) has taken over from pid ${old}$`));
      await stop();
      expect(story()).to.deep.equal(["starts 0.0", "ready 0.0", "starts 0.1", "ready 0.1", "stops 0.0", "stops 0.1"]);
      expect(events("reload")).to.deep.equal([]);
    });
  });

  describe("on SIGTTIN and SIGTTOU", () => {
    it("starts one more, lets the youngest drain, and keeps one", async () => {
      await start("tell when stopped", "tell when stopped");
      program.kill("SIGTTIN");
      await program.line(/SIGTTIN: 3 processes from now on/);
      const third = Number(/child 2 pid (\d+)/.exec(await program.line(/^child 2 pid \d+ ready$/))?.[1]);
      program.kill("SIGTTOU");
      await program.line(/^event exit \[\{"taskId":2/);
      program.kill("SIGTTOU");
      await program.line(/^event exit \[\{"taskId":1/);
      program.kill("SIGTTOU");
      await program.line(/SIGTTOU: one process is the least/);
      expect(isAlive(third)).to.equal(false);
      expect(program.childPids()).to.have.length(1);
      await stop();
      expect(occurrences(/restarting/)).to.equal(0);
    });
  });
});
