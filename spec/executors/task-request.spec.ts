import { expect } from "chai";
import type { CallOptions } from "#src/concurrent.js";
import { encodeTask } from "#src/executors/task-request.js";
import { Task, type TaskOwner } from "#src/executors/task.js";
import { move } from "waterspout";

const owner: TaskOwner = { abandoned: () => {}, replied: () => {}, crashed: () => {} };

describe("encodeTask", () => {
  function taskOf(args: readonly unknown[], options: CallOptions = {}, stream = false): Task {
    const task = new Task(
      7,
      { token: "Hasher", method: "hash", stream, context: undefined, options },
      args,
      owner,
      100,
    );
    // Its clocks are not what is looked at.
    task.future.catch(() => {});
    return task;
  }

  it("says nothing of what a plain call has not: each field costs a clone", () => {
    const { message, transferList, signals } = encodeTask(taskOf([1, "a"]), 100);
    expect(message).to.deep.equal({ id: 7, token: "Hasher", method: "hash", args: [1, "a"] });
    expect([...transferList, ...signals]).to.deep.equal([]);
  });

  it("says that it is a stream, and what may be taken from it", () => {
    const { message } = encodeTask(taskOf([], { transfer: true, traceparent: "00-t" }, true), 100);
    expect(message).to.include({ stream: true, transfer: true, traceparent: "00-t" });
  });

  it("moves the memory of what is moved, and says so", () => {
    const bytes = new Uint8Array(4);
    const { message, transferList } = encodeTask(taskOf([move(bytes)]), 100);
    expect(transferList).to.deep.equal([bytes.buffer]);
    expect(message.moved).to.equal(true);
  });

  it("keeps the signals among the arguments on this side, by their place", () => {
    const { signal } = new AbortController();
    const { message, signals } = encodeTask(taskOf(["a", signal]), 100);
    expect(signals).to.deep.equal([{ index: 1, signal }]);
    expect(message.args).to.not.include(signal);
  });

  describe("the deadline of the worker", () => {
    for (const [what, options, now, deadline] of [
      ["is the call's own", { deadline: 700 }, 100, 700],
      ["does not shrink while the task waits: it is of the run", { deadline: 700 }, 400, 700],
      ["is what is left of the caller's time, less what the task waited", { timeLeft: 700 }, 400, 400],
      ["is the lesser of both: the caller's time", { deadline: 700, timeLeft: 500 }, 400, 200],
      ["is the lesser of both: the call's own", { deadline: 100, timeLeft: 500 }, 400, 100],
      ["is never below 0", { timeLeft: 200 }, 400, 0],
    ] as const) {
      it(what, () => {
        const task = taskOf([], options);
        expect(encodeTask(task, now).message.deadline).to.equal(deadline);
        task.future.cancel();
      });
    }
  });
});
