import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { isAlive, type Program, startProgram } from "../support/program.js";
import type { Later, Plan } from "./fixtures/supervised.js";

describe("process trees", function () {
  this.timeout(60_000);

  let program: Program;

  afterEach(async () => {
    const survivors = await program.survivors();
    await program.dispose();
    expect(survivors, "processes that were left").to.deep.equal([]);
  });

  describe("forkProcesses", () => {
    interface Answer {
      readonly taskId: number;
      readonly pid: number;
    }

    interface Listening extends Answer {
      readonly port: number;
    }

    function start(processes: number, options: object = {}): void {
      const fixture = new URL("./fixtures/fork-server.js", import.meta.url);
      program = startProgram(fixture, [String(processes), JSON.stringify(options)]);
    }

    async function listening(count: number): Promise<Listening[]> {
      const lines = await program.lines(/listening on/, count);
      return lines.map((line) => {
        const [taskId = NaN, , pid = NaN, port = NaN] = [...line.matchAll(/\d+/g)].map(Number);
        return { taskId, pid, port };
      });
    }

    async function get(port: number, path: string): Promise<Answer> {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return (await response.json()) as Answer;
    }

    /** Ends whichever child answers, and waits for the one that takes its place. */
    async function crash(port: number, status: number): Promise<{ before: Answer; after: Answer }> {
      const { length } = await listening(0);
      const before = await get(port, `/exit/${status}`);
      await program.line(
        new RegExp(`child ${before.taskId} \\(pid ${before.pid}\\) exited with status ${status}, restarting`),
      );
      const after = (await listening(length + 1)).at(-1);
      if (after === undefined) throw new Error("nothing was started");
      return { before, after };
    }

    for (const balance of ["shared", "round-robin"]) {
      it(`serves with ${balance} children, restarts those that fail, and exits 0 when all have exited 0`, async () => {
        start(2, { balance });
        const first = await listening(2);
        const port = first[0]?.port ?? 0;
        expect(first.map(({ taskId }) => taskId)).to.have.members([0, 1]);
        expect(first[1]?.port).to.equal(port);

        for (const status of [2, 3]) {
          const { before, after } = await crash(port, status);
          expect(after.taskId).to.equal(before.taskId);
          expect(after.pid).not.to.equal(before.pid);
        }

        const one = await get(port, "/exit/0");
        const other = await get(port, "/exit/0");
        expect([one.taskId, other.taskId]).to.have.members([0, 1]);
        expect(await program.exited).to.deep.equal({ code: 0, signal: null });
        expect(await listening(4)).to.have.length(4);
      });
    }

    it("starts one child per CPU for 0", async () => {
      start(0);
      const children = await listening(os.availableParallelism());
      const taskIds = children.map(({ taskId }) => taskId).sort((a, b) => a - b);
      expect(taskIds).to.deep.equal(Array.from({ length: os.availableParallelism() }, (_, index) => index));
      expect(program.childPids()).to.deep.equal(children.map(({ pid }) => pid).sort((a, b) => a - b));
      program.kill("SIGTERM");
      await program.exited;
    });

    it("gives children the same arguments, runs them from their first line, and lets all drain on SIGTERM", async () => {
      start(2);
      await listening(2);
      expect(program.output().match(/before the fork: null/g)).to.have.length(1);
      expect(program.output())
        .to.match(/before the fork: 0\n/)
        .and.to.match(/before the fork: 1\n/);
      program.kill("SIGTERM");
      expect(await program.exited).to.deep.equal({ code: 0, signal: null });
      await program.closed;
      expect(program.output().match(/child \d drains/g)).to.have.length(2);
      expect(program.output()).not.to.match(/restarting|killed/);
    });

    it("starts a child that was killed again, with the same task id, and drains once when Ctrl-C reaches the whole group", async () => {
      start(2);
      const [victim] = await listening(2);
      process.kill(victim?.pid ?? 0, "SIGKILL");
      const warning = `child ${victim?.taskId} (pid ${victim?.pid}) killed by signal SIGKILL, restarting`;
      await program.line(new RegExp(`general\\] ${warning.replaceAll(/[()]/g, "\\$&")}$`));
      const third = (await listening(3))[2];
      expect(third?.taskId).to.equal(victim?.taskId);
      expect(program.childPids()).to.include(third?.pid).and.not.to.include(victim?.pid);
      program.killGroup("SIGINT");
      expect(await program.exited).to.deep.equal({ code: 0, signal: null });
      await program.closed;
      expect(program.output().match(/child \d drains/g)).to.have.length(2);
    });

    it("says that a program without a file cannot fork", async () => {
      const fork = import.meta.resolve("#src/process/fork.js");
      program = startProgram("--input-type=module", [`--eval=await (await import("${fork}")).forkProcesses(2)`]);
      expect((await program.exited).code).to.equal(1);
      await program.closed;
      expect(program.output()).to.include("ConfigurationError: processes can be forked by a program in a file only");
    });
  });

  describe("supervise", () => {
    let directory: string;

    before(() => {
      directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
    });

    after(() => rmSync(directory, { recursive: true }));

    function start(plan: Plan): void {
      program = startProgram(new URL("./fixtures/supervised.js", import.meta.url), [JSON.stringify(plan)]);
    }

    /** A plan's `later`, with a place of its own for the marks. */
    function later(behaviour: Later["behaviour"]): Later {
      return { behaviour, directory: mkdtempSync(join(directory, "later-")) };
    }

    function occurrences(pattern: RegExp): number {
      return program.output().match(new RegExp(pattern, "gm"))?.length ?? 0;
    }

    async function pidOf(taskId: number): Promise<number> {
      const line = await program.line(new RegExp(`child ${taskId} pid \\d+`));
      return Number(/pid (\d+)/.exec(line)?.[1]);
    }

    async function expectOutcome(code: number, reason: string): Promise<void> {
      expect((await program.exited).code).to.equal(code);
      await program.line(new RegExp(`^outcome {"code":${code},"reason":"${reason}"} SIGTERM listeners 0$`));
      expect(occurrences(/^event end /), "the end is told once").to.equal(1);
    }

    describe("start", () => {
      it("tells once, when all are ready, who serves and what they said", async () => {
        start({ processes: 2, children: ["serve"] });
        const line = await program.line(/^all ready/);
        const pids = [await pidOf(0), await pidOf(1)];
        expect(JSON.parse(line.slice("all ready ".length))).to.deep.equal([
          { taskId: 0, pid: pids[0], info: { address: "address of 0" } },
          { taskId: 1, pid: pids[1], info: { address: "address of 1" } },
        ]);
        // A child says so itself after its primary, and would not if it were killed in between.
        await program.lines(/pid \d+ ready$/, 2);
        process.kill(pids[0] ?? 0, "SIGKILL");
        await program.lines(/pid \d+ ready$/, 3);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
        expect(occurrences(/all ready/)).to.equal(1);
        await program.line(/^primary true child false task id null$/);
      });

      it("does not wait for a child that has exited 0 to tell that all are ready", async () => {
        start({ processes: 2, children: ["exit 0", "serve"] });
        expect(await program.line(/^all ready/)).to.include('[{"taskId":1');
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });

      it("settles with 0 when all children exit 0", async () => {
        start({ processes: 3, children: ["exit 0"] });
        await expectOutcome(0, "completed");
        expect(occurrences(/^event stop /)).to.equal(0);
      });

      for (const [balance, isRoundRobin] of [
        ["shared", false],
        ["round-robin", true],
      ] as const) {
        it(`lets ${isRoundRobin ? "the primary" : "children"} accept for ${balance}`, async () => {
          start({ processes: 1, options: { balance }, children: ["exit 0"] });
          await expectOutcome(0, "completed");
          await program.line(new RegExp(`^round-robin ${isRoundRobin}$`));
        });
      }

      it("refuses a second fork in a child and in its threads, which know the task id too", async () => {
        start({ processes: 2, children: ["enter twice", "tell from a thread"] });
        const twice = await program.line(/^twice/);
        expect(twice.match(/ConfigurationError: processes were forked a second time in child 0/g)).to.have.length(2);
        const thread = await program.line(/^thread of child 1, a child itself: false/);
        expect(thread).to.include("ConfigurationError: processes can be forked in the main thread only");
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });
    });

    describe("boot failure", () => {
      for (const [behaviour, reason] of [
        ["fail by report", /could not start: port 80 is taken$/],
        ["fail by report and stay", /could not start: port 80 is taken$/],
        ["fail by exception", /could not start: TypeError: the settings are nonsense$/],
        ["exit 3", /child \d \(pid \d+\) exited with status 3$/],
      ] as const) {
        it(`exits 1 at once and says why once, when children ${behaviour}`, async () => {
          start({ processes: 3, children: [behaviour] });
          await expectOutcome(1, "boot failure");
          await program.closed;
          expect(occurrences(reason)).to.equal(1);
          expect(occurrences(/^\[E /)).to.equal(1);
          expect(occurrences(/port 80|nonsense|status 3/)).to.equal(1);
          expect(occurrences(/restarting/)).to.equal(0);
        });
      }

      it("ends in the same way with one child, which has nobody to wait for", async () => {
        start({ processes: 1, children: ["exit 3"] });
        await expectOutcome(1, "boot failure");
        await program.closed;
        expect(occurrences(/^\[E /)).to.equal(1);
      });

      it("ends those that still boot", async () => {
        start({ processes: 3, children: ["never ready", "never ready", "fail by report"] });
        await expectOutcome(1, "boot failure");
      });

      it("kills a child that is not ready in time", async () => {
        start({ processes: 2, options: { bootTimeout: 300 }, children: ["never ready"] });
        await expectOutcome(1, "boot failure");
        expect(occurrences(/could not start: not ready within 0\.3 s/)).to.equal(1);
      });

      it("keeps the others and tries again when a child was ready before", async () => {
        start({ processes: 2, children: ["serve"], later: later("fail by report") });
        await program.line(/^all ready/);
        const other = await pidOf(1);
        process.kill(await pidOf(0), "SIGKILL");
        await program.line(/could not start: port 80 is taken, restarting in \d+ ms$/);
        await program.lines(/could not start: port 80 is taken, restarting in \d+ ms$/, 2);
        expect(isAlive(other)).to.equal(true);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });

      it("does not take a child that exits 0 after its report for one that has done its work", async () => {
        start({ processes: 2, children: ["serve"], later: later("fail by report and exit 0") });
        await program.line(/^all ready/);
        process.kill(await pidOf(0), "SIGKILL");
        await program.line(/could not start: port 80 is taken, restarting in/);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });

      it("counts a child that stays after its report as one that failed", async () => {
        start({
          processes: 2,
          options: { killMargin: 50 },
          children: ["serve"],
          later: later("fail by report and stay"),
        });
        await program.line(/^all ready/);
        process.kill(await pidOf(0), "SIGKILL");
        await program.line(/could not start: port 80 is taken, restarting in/);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });
    });

    describe("crash loop", () => {
      it("gives up after maxRestarts, drains the rest and settles with 1", async () => {
        start({ processes: 2, options: { maxRestarts: 3 }, children: ["serve", "crash when ready"] });
        await expectOutcome(1, "gave up");
        await program.closed;
        expect(occurrences(/child 1 \(pid \d+\) exited with status 3, restarting/)).to.equal(3);
        expect(occurrences(/exited with status 3, restarting\n/)).to.equal(1);
        expect(occurrences(/\[E .*status 3; giving up: 3 restarts within 60 s are the limit/)).to.equal(1);
        expect(occurrences(/child 1 pid \d+ ready/)).to.be.at.most(4);
      });

      it("still says that it gave up when a signal comes while the rest drains", async () => {
        const options = { maxRestarts: 0, gracePeriod: 3_000, killMargin: 100 };
        start({ processes: 2, options, children: ["ignore SIGTERM", "crash when ready"] });
        await program.line(/giving up: 0 restarts/);
        program.kill("SIGTERM");
        await expectOutcome(1, "gave up");
      });

      it("hears what a child said last, even if its end is noticed first", async () => {
        start({ processes: 1, options: { maxRestarts: 0 }, children: ["say much and crash"] });
        await expectOutcome(1, "gave up");
      });

      it("treats a fork that fails like a child that crashed", async () => {
        start({ processes: 2, options: { maxRestarts: 3 }, children: ["serve"] });
        await program.line(/^all ready/);
        program.kill("SIGUSR2");
        await program.line(/forks fail from now on/);
        process.kill(await pidOf(0), "SIGKILL");
        await program.line(/child 0 could not be forked: spawn \S+ ENOENT, restarting in \d+ ms/);
        await expectOutcome(1, "gave up");
      });
    });

    describe("stop", () => {
      it("settles with 0 when children without a handler are ended by the signal itself", async () => {
        start({ processes: 2, children: ["die by SIGTERM"] });
        await program.line(/^all ready/);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
        expect(occurrences(/restarting|while stopping/)).to.equal(0);
      });

      it("settles with 1 and says so when a child fails while stopping", async () => {
        start({ processes: 2, children: ["serve", "exit 5 when stopped"] });
        await program.line(/^all ready/);
        program.kill("SIGINT");
        await expectOutcome(1, "stopped");
        expect(occurrences(/child 1 \(pid \d+\) exited with status 5 while stopping/)).to.equal(1);
      });

      it("kills a child that does not end within gracePeriod and killMargin", async () => {
        start({ processes: 2, options: { gracePeriod: 100, killMargin: 100 }, children: ["serve", "ignore SIGTERM"] });
        await program.line(/^all ready/);
        program.kill("SIGTERM");
        await expectOutcome(1, "stopped");
        expect(occurrences(/SIGTERM ignored/)).to.equal(1);
        expect(occurrences(/child 1 .* killed by signal SIGKILL, it did not stop in time/)).to.equal(1);
      });

      for (const [signal, code] of [
        ["SIGTERM", 143],
        ["SIGINT", 130],
      ] as const) {
        it(`kills all at once on a second signal, and settles with ${code} for ${signal}`, async () => {
          start({ processes: 2, children: ["ignore SIGTERM"] });
          await program.line(/^all ready/);
          program.kill("SIGTERM");
          await program.lines(/SIGTERM ignored/, 2);
          program.kill(signal);
          await expectOutcome(code, "forced");
        });
      }

      it("ends when it is stopped before the first fork", async () => {
        start({ processes: 2, children: ["serve"], stops: true });
        await expectOutcome(0, "stopped");
        expect(occurrences(/^event fork /)).to.equal(0);
      });

      it("stops children that still boot", async () => {
        start({ processes: 2, children: ["never ready"] });
        await program.lines(/hangs$/, 2);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });

      it("does not mind how a child ends that never was ready", async () => {
        start({ processes: 1, children: ["exit 5 when stopped while booting"] });
        await program.line(/hangs$/);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
      });

      it("stops while a child waits for its restart", async () => {
        start({ processes: 2, children: ["serve"], later: later("fail by report") });
        await program.line(/^all ready/);
        process.kill(await pidOf(0), "SIGKILL");
        await program.lines(/restarting in \d+ ms$/, 3);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
        await program.closed;
        expect(occurrences(/child 0 pid \d+ starts/)).to.equal(4);
      });

      it("does not take a child that disconnects to drain for one that lost its primary", async () => {
        start({ processes: 2, children: ["leave on SIGTERM by disconnecting"] });
        await program.line(/^all ready/);
        program.kill("SIGTERM");
        await expectOutcome(0, "stopped");
        await program.closed;
        expect(occurrences(/lost/)).to.equal(0);
      });
    });

    describe("loss of the primary", () => {
      async function loseTheirPrimary(): Promise<void> {
        program.kill("SIGKILL");
        expect(await program.exited).to.deep.equal({ code: null, signal: "SIGKILL" });
        await program.closed;
      }

      it("ends children that have registered nothing", async () => {
        start({ processes: 2, children: ["serve"] });
        await program.line(/^all ready/);
        await loseTheirPrimary();
      });

      it("lets children drain by their callback, which is the last that was set", async () => {
        start({ processes: 2, children: ["drain when lost"] });
        await program.line(/^all ready/);
        await loseTheirPrimary();
        expect(occurrences(/child \d \(pid \d+\) has lost its primary, stopping/)).to.equal(2);
        expect(occurrences(/child \d drained/)).to.equal(2);
        expect(occurrences(/replaced/)).to.equal(0);
      });

      it("ends a child whose callback does not settle in time", async () => {
        start({ processes: 1, children: ["never drain when lost"] });
        await program.line(/^all ready/);
        await loseTheirPrimary();
      });

      it("ends children that still boot", async () => {
        start({ processes: 2, children: ["never ready"] });
        await program.lines(/hangs$/, 2);
        await loseTheirPrimary();
      });

      for (const behaviour of ["busy while booting", "ready and then busy"] as const) {
        it(`ends children that are ${behaviour}, when they come back to the loop`, async () => {
          start({ processes: 2, children: [behaviour] });
          await program.lines(/blocks$/, 2);
          await loseTheirPrimary();
          expect(occurrences(/blocked$/)).to.equal(2);
        });
      }

      it("ends children that have not run a line yet", async () => {
        start({ processes: 3, children: ["serve"] });
        await program.children(1);
        await loseTheirPrimary();
      });
    });
  });
});
