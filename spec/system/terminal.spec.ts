import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "../support/program.js";
import { ServedProgram } from "../support/served-program.js";
import { skip } from "../support/skip.js";

/** Runs a program in a terminal of its own, passes its output on, closes the terminal at SIGUSR2, and waits for its end. */
const terminal = `
import os, pty, signal, sys
pid, screen = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
def close(*_):
    os.close(screen)
    os.waitpid(pid, 0)
    os._exit(0)
signal.signal(signal.SIGUSR2, close)
while True: os.write(1, os.read(screen, 4096).replace(b"\\r", b""))
`;

describe("a program in a terminal", function () {
  this.timeout(60_000);

  before(function () {
    if (spawnSync("python3", ["--version"]).status !== 0) skip(this, "python3 is not installed");
  });

  for (const [NODE_ENV, processes] of [
    ["development", 1],
    ["development", 2],
    ["production", 2],
  ] as const) {
    it(`ends with it and leaves nothing behind, with processes: ${processes} in ${NODE_ENV}`, async () => {
      const args = ["here", JSON.stringify({ port: 0, processes })];
      const fixture = new URL("./fixtures/served.js", import.meta.url);
      await using app = new ServedProgram(fixture, args, {
        env: { NODE_ENV, NO_COLOR: "1" },
        command: ["python3", "-c", terminal],
      });
      await app.program.line(/listening on http/);
      const [primary = 0] = app.program.childPids();
      const pids = [primary, ...app.program.childPids(primary)];
      expect(pids).to.have.length(processes === 1 ? 1 : 1 + processes);
      app.program.kill("SIGUSR2");
      expect((await app.ended()).code).to.equal(0);
      while (pids.some(isAlive)) await delay(20);
    });
  }
});

describe("a program whose output nobody reads any more", function () {
  this.timeout(60_000);

  for (const [NODE_ENV, processes] of [
    ["development", 1],
    ["development", 2],
    ["production", 1],
  ] as const) {
    it(`serves on and ends in order, with processes: ${processes} in ${NODE_ENV}`, async () => {
      const args = ["here", JSON.stringify({ port: 0, processes, accessLog: true })];
      const fixture = new URL("./fixtures/served.js", import.meta.url);
      await using app = new ServedProgram(fixture, args, { env: { NODE_ENV } });
      const [, port = ""] = /listening on http:.*:(\d+)/.exec(await app.program.line(/listening on http/)) ?? [];
      const url = `http://127.0.0.1:${port}/none`;
      app.program.deafen();
      for (let request = 0; request < 5; request++) {
        expect((await fetch(url, { headers: { connection: "close" } })).status).to.equal(404);
      }
      expect(await app.stop()).to.deep.equal({ code: 0, signal: null });
    });
  }
});
