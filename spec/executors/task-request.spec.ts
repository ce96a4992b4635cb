import { expect } from "chai";
import type { CallOptions } from "#src/concurrent.js";
import { machineTime } from "#src/executors/machine-time.js";
import { encodeTask, isPlain } from "#src/executors/task-request.js";
import { Task } from "#src/executors/task.js";
import { move } from "waterspout";
import { noOwner } from "../support/no-owner.js";

function taskOf(args: readonly unknown[], options: CallOptions = {}, stream = false): Task {
  const task = new Task(
    7,
    { token: "Hasher", method: "hash", stream, context: undefined, options },
    args,
    noOwner,
    100,
  );
  // Its clocks are not what is looked at.
  task.future.catch(() => {});
  return task;
}

describe("encodeTask", () => {
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

  it("has the call's own limit as it is, and the caller's as a time, which goes on while the task waits", () => {
    const task = taskOf([], { deadline: 700, timeLeft: 500 });
    const { deadline, until = 0 } = encodeTask(task, 400).message;
    expect([deadline, until - machineTime(100)]).to.deep.equal([700, 500]);
  });
});

describe("isPlain", () => {
  const plain: Record<string, readonly unknown[]> = { "no argument": [], "a value": [1], "an object": [{ rows: [1] }] };
  const others: Record<string, readonly unknown[]> = {
    "a view": [1, new Uint8Array(4)],
    "a Buffer": [Buffer.from("a")],
    "bare memory": [new ArrayBuffer(4)],
    "shared memory": [new SharedArrayBuffer(4)],
    "a signal": [new AbortController().signal],
  };

  for (const [what, args] of Object.entries(plain)) {
    it(`says yes to ${what}`, () => expect(isPlain(taskOf(args))).to.equal(true));
  }

  for (const [what, args] of Object.entries(others)) {
    it(`says no to ${what}`, () => expect(isPlain(taskOf(args))).to.equal(false));
  }

  it("says no to what is moved wherever it stands, and to a stream", () => {
    expect([isPlain(taskOf([{}], { transfer: true })), isPlain(taskOf([], {}, true))]).to.deep.equal([false, false]);
  });
});
