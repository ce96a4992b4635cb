import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { machineTime } from "#src/executors/machine-time.js";
import { type TaskMessage, streamWindow } from "#src/executors/protocol.js";
import { RunningTask } from "#src/executors/running-task.js";
import { CancelledError } from "waterspout";

describe("RunningTask", () => {
  /** What an executor could have written before the task began. */
  let shared: { cancelled: boolean; aborted: number[] };

  const taskOf = (given: Partial<TaskMessage> = {}): RunningTask =>
    new RunningTask(
      { id: 1, token: "Rows", method: "read", args: [], ...given },
      { isCancelled: () => shared.cancelled, isArgumentAborted: (index) => shared.aborted.includes(index) },
    );

  beforeEach(() => {
    shared = { cancelled: false, aborted: [] };
  });

  it("says what the message said", () => {
    expect(taskOf({ requestId: "r-1", traceparent: "00-trace" })).to.include({
      token: "Rows.read",
      requestId: "r-1",
      traceparent: "00-trace",
      deadline: undefined,
      cancelled: false,
    });
  });

  it("counts its deadline down, not below 0", async () => {
    const task = taskOf({ deadline: 1_000 });
    expect(task.deadline).to.be.within(900, 1_000);
    const late = taskOf({ deadline: 1 });
    expect(taskOf({ deadline: 1_000, until: machineTime() + 500 }).deadline).to.be.within(400, 500);
    expect(taskOf({ deadline: 1_000, until: machineTime() + 2_000 }).deadline).to.be.within(900, 1_000);
    expect(taskOf({ until: machineTime() - 1 }).deadline).to.equal(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(late.deadline).to.equal(0);
  });

  it("is cancelled by a message, of which its signal tells the reason", () => {
    const task = taskOf();
    const { signal } = task;
    task.handle({ type: "cancel", id: 1, reason: "no longer wanted" });
    expect([task.cancelled, signal.aborted, task.signal === signal]).to.deep.equal([true, true, true]);
    expect(signal.reason).to.be.instanceOf(CancelledError).and.to.include({ message: "no longer wanted" });
  });

  it("has a signal that has aborted already when it is asked for late", () => {
    const told = taskOf();
    told.handle({ type: "cancel", id: 1, reason: "gone" });
    expect(told.signal.reason).to.include({ message: "gone" });
    shared.cancelled = true;
    expect(taskOf().signal.aborted).to.equal(true);
  });

  it("has a live signal for an argument, whichever comes first", () => {
    const task = taskOf();
    const signal = task.signalAt(0, false);
    task.handle({ type: "abortArgument", id: 1, index: 0 });
    expect(signal.aborted).to.equal(true);
    task.handle({ type: "abortArgument", id: 1, index: 1 });
    shared.aborted = [3];
    const aborted = [1, 2, 3].map((index) => task.signalAt(index, index === 2).aborted);
    expect(aborted).to.deep.equal([true, true, true]);
    expect(task.signalAt(4, false).aborted).to.equal(false);
  });

  it("lets a stream run a window ahead, then as far as it has credit, and no further", async () => {
    const task = taskOf();
    let sent = 0;
    const sending = (async () => {
      while (!task.cancelled) {
        sent++;
        await task.credit();
      }
    })();
    await turn();
    expect(sent).to.equal(streamWindow);
    task.handle({ type: "credit", id: 1, count: 3 });
    await turn();
    expect(sent).to.equal(streamWindow + 3);
    task.handle({ type: "cancel", id: 1, reason: "left" });
    await sending;
    expect(sent).to.equal(streamWindow + 3);
  });
});
