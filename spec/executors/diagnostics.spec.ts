import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect } from "chai";
import { type TaskEvent, publishTask, publishWorker } from "#src/executors/diagnostics.js";
import { Task } from "#src/executors/task.js";
import { noOwner } from "../support/no-owner.js";

describe("the channels of executors", () => {
  const executor = {};
  const heard: [string, unknown][] = [];
  const listeners = ["submit", "start", "end", "error", "queue-full", "worker-spawn", "worker-exit"].map((name) => {
    const channel = `waterspout.executor.${name}`;
    return { channel, listen: (event: unknown): void => void heard.push([name, event]) };
  });

  beforeEach(() => {
    heard.length = 0;
    for (const { channel, listen } of listeners) subscribe(channel, listen);
  });

  afterEach(() => {
    for (const { channel, listen } of listeners) unsubscribe(channel, listen);
  });

  function taskAt(now: number): Task {
    const call = { token: "Hasher", method: "hash", stream: false, context: undefined, options: { requestId: "r-1" } };
    return new Task(7, call, [], noOwner, now);
  }

  it("tell of a task under the name of what happened to it", () => {
    const task = taskAt(performance.now());
    for (const what of ["submitted", "started", "ended", "failed", "refused"] as const)
      publishTask(what, executor, task);
    expect(heard.map(([name]) => name)).to.deep.equal(["submit", "start", "end", "error", "queue-full"]);
    expect(heard[0]?.[1]).to.deep.equal({
      executor,
      id: 7,
      token: "Hasher.hash",
      requestId: "r-1",
      queueWait: 0,
      runTime: 0,
    });
  });

  it("tell how long it waited and runs once it has begun, and its error", () => {
    const now = performance.now();
    const task = taskAt(now - 50);
    task.begin(now - 20);
    const error = new Error("no");
    publishTask("failed", executor, task, error);
    const event = heard[0]?.[1] as TaskEvent;
    expect(event).to.include({ executor, error, queueWait: task.startedAt - task.queuedAt });
    expect(event.runTime).to.be.at.least(20);
    task.resolve(1);
  });

  it("tell of a worker", () => {
    publishWorker("spawned", executor, 3);
    publishWorker("exited", executor, 3);
    expect(heard).to.deep.equal([
      ["worker-spawn", { executor, worker: 3 }],
      ["worker-exit", { executor, worker: 3 }],
    ]);
  });
});
