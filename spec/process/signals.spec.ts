import { expect } from "chai";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SignalQueue } from "#src/process/signals.js";

describe("SignalQueue", () => {
  let seen: string[];
  let queue: SignalQueue;

  beforeEach(() => {
    seen = [];
    queue = new SignalQueue({ SIGUSR2: () => seen.push("USR2"), SIGWINCH: () => seen.push("WINCH") });
  });

  afterEach(() => queue.close());

  async function raise(signal: NodeJS.Signals): Promise<void> {
    const raised = once(process, signal);
    process.kill(process.pid, signal);
    await raised;
  }

  it("runs the action that belongs to a signal, after the handler has returned", async () => {
    queue.open();
    await raise("SIGUSR2");
    expect(seen).to.deep.equal([]);
    await nextTurn();
    expect(seen).to.deep.equal(["USR2"]);
  });

  it("runs actions in the order in which the signals came", async () => {
    queue.open();
    for (const signal of ["SIGWINCH", "SIGUSR2", "SIGWINCH"] as const) process.emit(signal, signal);
    await nextTurn();
    expect(seen).to.deep.equal(["WINCH", "USR2", "WINCH"]);
  });

  it("leaves the listeners of others in place", async () => {
    const other = (): number => seen.push("other");
    process.on("SIGUSR2", other);
    queue.open();
    await raise("SIGUSR2");
    await nextTurn();
    queue.close();
    expect(process.listeners("SIGUSR2")).to.deep.equal([other]);
    process.off("SIGUSR2", other);
    expect(seen).to.deep.equal(["other", "USR2"]);
  });

  describe("#close", () => {
    it("forgets what waits", async () => {
      queue.open();
      process.emit("SIGUSR2", "SIGUSR2");
      queue.close();
      await nextTurn();
      expect(seen).to.deep.equal([]);
      expect(process.listenerCount("SIGUSR2")).to.equal(0);
    });
  });
});
