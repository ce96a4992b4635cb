import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import type { StallReport } from "#src/process/stall.js";
import { Watchdog } from "#src/process/watchdog.js";

/** Holds the event loop in JavaScript until `isEnough`. */
function spinUntil(isEnough: () => boolean): void {
  while (!isEnough()) JSON.stringify({ any: "thing" });
}

describe("Watchdog", () => {
  let folder: string;
  let file: string;
  let descriptor: number;
  let watchdog: Watchdog;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "waterspout-"));
    file = join(folder, "reports");
    descriptor = openSync(file, "a");
  });

  afterEach(() => {
    watchdog.stop();
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  function reports(): StallReport[] {
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as StallReport);
  }

  /** A watchdog that is awake: it has reported that this loop does not beat. */
  async function start(within = 5_000): Promise<void> {
    watchdog = new Watchdog({ interval: 20, patience: 3, within, descriptor });
    while (reports().length === 0) await delay(10);
    watchdog.beat(false);
  }

  it("tells where the loop is, with file and line, while it is there", async () => {
    await start();
    spinUntil(() => reports().length === 2);
    const stack = reports()[1]?.stack ?? [];
    const [, name, line] =
      /^(\S+) \(spec\/process\/watchdog\.spec\.ts:(\d+):\d+\)$/.exec(
        stack.find((frame) => frame.startsWith("spinUntil")) ?? "",
      ) ?? [];
    expect(name).to.equal("spinUntil");
    const source = readFileSync(new URL("../../../spec/process/watchdog.spec.ts", import.meta.url), "utf8");
    expect(source.split("\n")[Number(line) - 1]).to.include("while (!isEnough())");
    expect(reports()[1]?.duration).to.be.at.least(60);
  });

  it("says within its time that the loop is not in JavaScript, and lets it go on afterwards", async () => {
    await start(200);
    execFileSync("sleep", ["1"]);
    expect(reports()[1]).to.deep.equal({ duration: 60, stack: null });
    watchdog.beat(false);
    await delay(1);
  });

  it("tells it once for each time, and again after the loop has turned", async () => {
    await start();
    spinUntil(() => reports().length === 2);
    await delay(200);
    expect(reports()).to.have.length(2);
    watchdog.beat(false);
    spinUntil(() => reports().length === 3);
  });

  it("says nothing while a debugger may hold the loop", async () => {
    await start();
    watchdog.beat(true);
    await delay(300);
    expect(reports()).to.have.length(1);
  });

  it("ends its thread when it is stopped", async () => {
    const started = once(process, "worker") as Promise<[Worker]>;
    await start();
    const [thread] = await started;
    const ended = once(thread, "exit");
    watchdog.stop();
    expect(await ended).to.deep.equal([0]);
  });
});
