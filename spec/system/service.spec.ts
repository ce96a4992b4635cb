import { expect } from "chai";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import type { ServeOptions } from "waterspout";
import { NotifyReceiver, requireReceiver } from "../support/notify-receiver.js";
import { ServedProgram } from "../support/served-program.js";

interface Who {
  readonly pid: number;
}

const clean = { code: 0, signal: null };

describe("a program as a service", function () {
  this.timeout(60_000);

  let directory: string;

  before(() => {
    directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
  });

  after(() => rmSync(directory, { recursive: true }));

  function served(options: ServeOptions, env: Record<string, string> = {}): ServedProgram {
    const args = ["here", JSON.stringify({ port: 0, stableTime: 100, ...options })];
    return new ServedProgram(new URL("./fixtures/served.js", import.meta.url), args, { env: { SAY: "1", ...env } });
  }

  function commandOf(pid: number): string {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  }

  for (const [what, processes] of [
    ["of one process", 1],
    ["of several processes", 2],
  ] as const) {
    // One program, which the last test ends.
    describe(what, () => {
      const pidFile = (): string => join(directory, `${processes}.pid`);
      let app: ServedProgram;

      before(async () => {
        app = served({ processes, pidFile: pidFile() });
        await app.url("/");
      });

      after(() => app[Symbol.asyncDispose]());

      it("has a pid file while it serves", () => {
        expect(readFileSync(pidFile(), "utf8")).to.equal(`${app.program.pid}\n`);
      });

      if (processes > 1) {
        it("is called by its file in ps, unless it says how", async () => {
          const { pid } = await app.json<Who>("/who");
          expect(commandOf(app.program.pid)).to.equal("waterspout: served (primary)");
          expect(commandOf(pid)).to.match(/^waterspout: served \(child [01]\)$/);
        });
      }

      it("drains when every process of it is signalled, as a service manager does, and takes the pid file away", async () => {
        const answer = app.get("/late");
        await app.program.line(/^held by/);
        app.program.killGroup("SIGTERM");
        expect(await app.ended()).to.deep.equal(clean);
        expect(await answer).to.equal("late, and executor");
        expect(app.count(/exited with status|restarting/)).to.equal(0);
        expect(existsSync(pidFile())).to.equal(false);
      });
    });

    it(`${what} says that the pid file cannot be written, and starts nothing`, async () => {
      await using app = served({ processes, pidFile: join(directory, "none", "x.pid") });
      expect((await app.ended()).code).to.equal(1);
      expect(app.count(/^StartError: pidFile: \S+ cannot be written: ENOENT/)).to.equal(1);
      expect(app.count(/listening|evaluated/)).to.equal(1);
    });
  }

  describe("under a service manager", () => {
    before(function () {
      requireReceiver(this);
    });

    it("tells that it serves, that it stops, and that it is well meanwhile", async () => {
      await using manager = new NotifyReceiver();
      await manager.bound();
      await using app = served({ processes: 1 }, { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "1000000" });
      await manager.message(/^WATCHDOG=1$/, 2);
      expect(await app.stop()).to.deep.equal(clean);
      const told = (await manager.message(/^STOPPING=1/)).filter((line) => line !== "WATCHDOG=1");
      expect(told).to.deep.equal(["READY=1 | STATUS=serving", "STOPPING=1 | STATUS=stopping"]);
    });

    it("tells of a reload of several processes, by the manager's clock", async () => {
      await using manager = new NotifyReceiver();
      await manager.bound();
      await using app = served({ processes: 2 }, { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "1000000" });
      await manager.message(/^WATCHDOG=1$/, 2);
      app.program.kill("SIGHUP");
      await app.program.line(/reload complete/);
      expect(await app.stop()).to.deep.equal(clean);
      const told = (await manager.message(/^STOPPING=1/)).filter((line) => line !== "WATCHDOG=1");
      expect(told.map((line) => line.replace(/\d{4,}/, "…"))).to.deep.equal([
        "READY=1 | STATUS=2 processes serve",
        "RELOADING=1 | MONOTONIC_USEC=… | STATUS=reloading",
        "READY=1 | STATUS=reloaded",
        "STOPPING=1 | STATUS=stopping",
      ]);
    });

    it("does not tell that it is ready again when it stops in the middle of a reload", async () => {
      await using manager = new NotifyReceiver();
      await manager.bound();
      await using app = served({ processes: 2, stableTime: 60_000 }, { NOTIFY_SOCKET: manager.path });
      await app.url("/");
      app.program.kill("SIGHUP");
      await app.program.lines(/^configured server/, 3);
      expect(await app.stop()).to.deep.equal(clean);
      await manager.message(/^STOPPING=1/);
      expect(manager.messages.map((line) => line.split(/[ =]/)[0])).to.deep.equal(["READY", "RELOADING", "STOPPING"]);
    });
  });

  it("replaces a child that has answered maxRequests by one of the same name, and serves meanwhile", async () => {
    await using app = served({ processes: 2, maxRequests: 20, title: "shop" });
    const url = await app.url("/who");
    expect(commandOf(app.program.pid)).to.equal("waterspout: shop (primary)");
    const reason = /has answered \d+ requests \(maxRequests is 20\): it will be replaced$/;
    while (app.count(reason) === 0) {
      expect((await fetch(url, { headers: { connection: "close" } })).status).to.equal(200);
    }
    const line = await app.program.line(/child \d \(pid \d+\) has taken over from pid \d+$/);
    const [, id, pid] = /child (\d) \(pid (\d+)\)/.exec(line) ?? [];
    expect(commandOf(Number(pid))).to.equal(`waterspout: shop (child ${id})`);
    expect((await fetch(url)).status).to.equal(200);
    expect(await app.stop()).to.deep.equal(clean);
    expect(app.count(/restarting|could not be replaced/)).to.equal(0);
  });

  it("is called by its command if its title is empty", async () => {
    await using app = served({ processes: 2, title: "" });
    const { pid } = await app.json<Who>("/who");
    for (const each of [pid, app.program.pid]) expect(commandOf(each)).to.include("served.js here");
    expect(await app.stop()).to.deep.equal(clean);
  });

  it("drains when its terminal ends, if it is a lone process", async () => {
    await using app = served({ processes: 1 });
    await app.url("/");
    expect(await app.stop("SIGHUP")).to.deep.equal(clean);
    expect(app.count(/^disposed server/)).to.equal(1);
  });
});
