import { expect } from "chai";
import type { ReplacementOutcome } from "#src/process/replacement.js";
import { type ReloadResult, type RollHost, Rolls } from "#src/process/roll.js";
import { Slot } from "#src/process/slot.js";
import type { WorkerHandle } from "#src/process/worker-handle.js";
import { expectLog, logged } from "../support/log.js";

/** A process tree without processes: a replacement succeeds at once unless the test says otherwise. */
class Host implements RollHost {
  readonly slots: Slot[] = [];
  readonly replaced: number[] = [];
  readonly results: ReloadResult[] = [];
  stopping = false;
  generation = 0;
  outcome: (slot: Slot) => ReplacementOutcome | Promise<ReplacementOutcome> = () => this.replacedBy();

  /** Task ids from 0 up, each with the second in which its child was started. */
  constructor(...starts: readonly number[]) {
    for (const [taskId, second] of starts.entries()) this.#occupy(new Slot(taskId), second);
  }

  beginGeneration(): number {
    return ++this.generation;
  }

  endGeneration(result: ReloadResult): void {
    this.results.push(result);
  }

  async replace(slot: Slot): Promise<ReplacementOutcome> {
    this.replaced.push(slot.taskId);
    const outcome = await this.outcome(slot);
    if (outcome.kind === "replaced") slot.current = outcome.by;
    return outcome;
  }

  replacedBy(generation = this.generation): ReplacementOutcome {
    return { kind: "replaced", by: { generation, started: new Date(100_000) } as WorkerHandle };
  }

  #occupy(slot: Slot, second: number): void {
    slot.current = { generation: 0, started: new Date(second * 1_000) } as WorkerHandle;
    this.slots.push(slot);
  }
}

describe("Rolls", () => {
  it("replaces all, the oldest first", async () => {
    const host = new Host(3, 1, 2);
    expect(await new Rolls(host).request()).to.deep.equal({ ok: true, replaced: 3 });
    expect(host.replaced).to.deep.equal([1, 2, 0]);
    expect(host.results).to.deep.equal([{ ok: true, replaced: 3 }]);
    expect(logged("general")).to.deep.equal(["reload complete: 3 processes replaced"]);
  });

  it("waits for one before it replaces the next", async () => {
    const host = new Host(1, 2);
    const { promise, resolve } = held<ReplacementOutcome>();
    host.outcome = () => promise;
    const result = new Rolls(host).request();
    await turn();
    expect(host.replaced).to.deep.equal([0]);
    resolve(host.replacedBy());
    expect((await result).replaced).to.equal(2);
  });

  it("ends at the first that fails, and says who serves on", async () => {
    expectLog(/reload failed: child 1 could not start: no; kept 2 processes of before$/);
    const host = new Host(1, 2, 3);
    host.outcome = ({ taskId }) =>
      taskId === 1 ? { kind: "failed", reason: "child 1 could not start: no" } : host.replacedBy();
    const result = await new Rolls(host).request();
    expect(result).to.deep.equal({ ok: false, replaced: 1, reason: "child 1 could not start: no" });
    expect(host.replaced).to.deep.equal([0, 1]);
  });

  it("leaves out a child that was started anew meanwhile, and a place without a child", async () => {
    const host = new Host(1, 2, 3);
    host.outcome = () => {
      for (const slot of host.slots.slice(1)) slot.current = undefined;
      host.slots[1]!.current = { generation: 1, started: new Date() } as WorkerHandle;
      return host.replacedBy();
    };
    expect(await new Rolls(host).request()).to.deep.equal({ ok: true, replaced: 1 });
  });

  it("starts at once what waits for its restart", async () => {
    const host = new Host(1);
    let started = 0;
    const waiting = new Slot(1);
    waiting.restartAfter(60_000, () => started++);
    host.slots.push(waiting);
    await new Rolls(host).request();
    expect(started).to.equal(1);
  });

  it("makes one more of all that is asked for while one goes on", async () => {
    const host = new Host(1);
    const rolls = new Rolls(host);
    const [first, second, third] = [rolls.request(), rolls.request(), rolls.request()];
    expect(second).to.equal(third);
    expect(first).not.to.equal(second);
    expect([await first, await second]).to.deep.equal([
      { ok: true, replaced: 1 },
      { ok: true, replaced: 1 },
    ]);
    expect([host.replaced, host.generation]).to.deep.equal([[0, 0], 2]);
    await rolls.request();
    expect(host.generation).to.equal(3);
  });

  it("goes on with the next one after one that failed", async () => {
    expectLog(/reload failed/);
    const host = new Host(1);
    host.outcome = () => (host.generation === 1 ? { kind: "failed", reason: "no" } : host.replacedBy());
    const rolls = new Rolls(host);
    const results = await Promise.all([rolls.request(), rolls.request()]);
    expect(results.map(({ ok }) => ok)).to.deep.equal([false, true]);
  });

  it("ends when the processes are stopped", async () => {
    const host = new Host(1, 2);
    host.outcome = () => {
      host.stopping = true;
      return { kind: "abandoned" };
    };
    const result = await new Rolls(host).request();
    expect(result).to.deep.equal({ ok: false, replaced: 0, reason: "the processes were stopped meanwhile" });
    expect(host.replaced).to.deep.equal([0]);
  });
});

interface Held<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function held<T>(): Held<T> {
  let resolve: Held<T>["resolve"] = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
