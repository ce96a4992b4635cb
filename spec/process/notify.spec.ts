import { expect } from "chai";
import { ServiceNotifier } from "#src/process/notify.js";
import { expectLog, untilLogged } from "../support/log.js";
import { NotifyReceiver, requireReceiver } from "../support/notify-receiver.js";

describe("ServiceNotifier", () => {
  before(function () {
    requireReceiver(this);
  });

  it("tells in order, in the words of sd_notify", async () => {
    await using manager = new NotifyReceiver();
    await manager.bound();
    const notifier = new ServiceNotifier({ NOTIFY_SOCKET: manager.path });
    const before = process.hrtime.bigint() / 1_000n;
    notifier.ready("5 processes serve");
    notifier.reloading();
    notifier.ready("reload failed:\n  two lines");
    notifier.stopping();
    const messages = await manager.message(/STOPPING/);
    const started = /MONOTONIC_USEC=(\d+)/.exec(messages[1] ?? "")?.[1] ?? "0";
    expect(messages).to.deep.equal([
      "READY=1 | STATUS=5 processes serve",
      `RELOADING=1 | MONOTONIC_USEC=${started} | STATUS=reloading`,
      "READY=1 | STATUS=reload failed: two lines",
      "STOPPING=1 | STATUS=stopping",
    ]);
    const elapsed = BigInt(started) - before;
    expect(elapsed >= 0n && elapsed < 10_000_000n, `${elapsed} µs on the clock of the system`).to.equal(true);
  });

  it("shows the watchdog that it is well, as long as it is", async () => {
    await using manager = new NotifyReceiver();
    await manager.bound();
    const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "20000", WATCHDOG_PID: String(process.pid) };
    const notifier = new ServiceNotifier(env);
    let looks = 0;
    let told = 0;
    const unwell = new Promise<void>((resolve) => {
      notifier.watch(() => {
        looks++;
        if (looks > 3) resolve();
        return looks <= 3 && ++told > 0;
      });
    });
    await unwell;
    notifier.close();
    notifier.stopping();
    expect(await manager.message(/STOPPING/)).to.deep.equal([
      ...Array<string>(3).fill("WATCHDOG=1"),
      "STOPPING=1 | STATUS=stopping",
    ]);
    expect(told).to.equal(3);
  });

  for (const [what, env] of [
    ["without a watchdog", {}],
    ["for the watchdog of another process", { WATCHDOG_USEC: "2000", WATCHDOG_PID: "1" }],
    ["with a time that is none", { WATCHDOG_USEC: "soon" }],
  ] as const) {
    it(`starts no watch ${what}`, () => {
      const before = timeouts();
      new ServiceNotifier({ NOTIFY_SOCKET: "/nonexistent", ...env }).watch(() => true);
      expect(timeouts()).to.equal(before);
    });
  }

  it("says once that it cannot be heard, and is silent from then on", async () => {
    expectLog(
      /the service manager cannot be told how this program is, systemd-notify failed: .*No such file or directory/,
    );
    const notifier = new ServiceNotifier({ NOTIFY_SOCKET: "/nonexistent/notify.sock" });
    notifier.ready("serving");
    notifier.stopping();
    await untilLogged(/cannot be told/);
    notifier.stopping();
  });

  it("starts a watch that it ends", () => {
    const before = timeouts();
    const notifier = new ServiceNotifier({ NOTIFY_SOCKET: "/nonexistent", WATCHDOG_USEC: "60000000" });
    notifier.watch(() => true);
    expect(timeouts()).to.equal(before + 1);
    notifier.close();
    expect(timeouts()).to.equal(before);
  });

  it("does nothing outside of a service", async () => {
    const notifier = new ServiceNotifier({});
    notifier.ready("serving");
    notifier.watch(() => true);
    notifier.stopping();
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.getActiveResourcesInfo()).not.to.include("ProcessWrap");
  });

  it("starts a program for what it tells", async () => {
    expectLog(/cannot be told/);
    new ServiceNotifier({ NOTIFY_SOCKET: "/nonexistent/notify.sock" }).stopping();
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.getActiveResourcesInfo()).to.include("ProcessWrap");
    await untilLogged(/cannot be told/);
  });
});

function timeouts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}
