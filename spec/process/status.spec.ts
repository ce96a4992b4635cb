import { expect } from "chai";
import type { ChildFigures } from "#src/process/messages.js";
import type { Slot } from "#src/process/slot.js";
import { childrenOf } from "#src/process/status.js";
import type { WorkerHandle } from "#src/process/worker-handle.js";

const figures = { requests: 7, rss: 1_000, eventLoopDelay: 2, draining: false } as ChildFigures;

function child(given: Partial<WorkerHandle>): WorkerHandle {
  return { taskId: 0, generation: 0, started: new Date(1), stage: "ready", pid: 2 ** 30, ...given } as WorkerHandle;
}

function slot(given: Partial<Slot>): Slot {
  return { taskId: 0, restarts: 0, waiting: false, current: undefined, ...given } as Slot;
}

describe("childrenOf", () => {
  it("tells what is known of a child, and null for what is not", async () => {
    const known = child({ taskId: 1, generation: 3, figures });
    const [status] = await childrenOf({ slots: [slot({ taskId: 1, restarts: 2, current: known })], children: [known] });
    expect(status).to.deep.equal({
      taskId: 1,
      pid: 2 ** 30,
      generation: 3,
      state: "ready",
      started: new Date(1),
      restarts: 2,
      requests: 7,
      // The system has no such process, so that it is what the child said.
      rss: 1_000,
      pss: null,
      eventLoopDelay: 2,
      blockedLoops: null,
      droppedConnections: null,
      lostThreads: null,
    });
  });

  it("asks the system for the memory of those that live", async function () {
    const [status] = await childrenOf({ slots: [], children: [child({ pid: process.pid, figures })] });
    if (process.platform === "linux") expect(status?.rss).to.be.above(20 * 2 ** 20);
    else expect(status?.rss).to.equal(1_000);
  });

  it("says how far each child is", async () => {
    const drains = { ...figures, draining: true };
    const states = [
      child({ stage: "starting" }),
      child({ stage: "ready" }),
      child({ stage: "ready", figures }),
      child({ stage: "ready", figures: drains }),
      child({ stage: "stopping", figures }),
    ];
    const told = await childrenOf({ slots: [], children: states });
    expect(told.map(({ state }) => state)).to.deep.equal(["starting", "ready", "ready", "draining", "draining"]);
  });

  it("has a line for those that are not there, in the order of the task ids", async () => {
    const living = child({ taskId: 1 });
    const slots = [
      slot({ taskId: 2, restarts: 4, waiting: true }),
      slot({ taskId: 1, current: living }),
      slot({ taskId: 0 }),
    ];
    const told = await childrenOf({ slots, children: [living] });
    expect(told.map(({ taskId, state, pid, restarts }) => [taskId, state, pid, restarts])).to.deep.equal([
      [0, "down", null, 0],
      [1, "ready", 2 ** 30, 0],
      [2, "waiting", null, 4],
    ]);
  });

  it("has two lines for a child that is being replaced", async () => {
    const [old, next] = [child({ taskId: 0 }), child({ taskId: 0, generation: 1, stage: "starting" })];
    const told = await childrenOf({ slots: [slot({ current: old, successor: next })], children: [old, next] });
    expect(told.map(({ generation, state }) => [generation, state])).to.deep.equal([
      [0, "ready"],
      [1, "starting"],
    ]);
  });
});
