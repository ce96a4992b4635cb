import { getEventListeners } from "node:events";
import { expect } from "chai";
import type { CallOptions } from "#src/concurrent.js";
import { Task, type TaskOwner } from "#src/executors/task.js";
import { CancelledError, DeadlineExceededError } from "waterspout";
import { PlayedRequest } from "../support/played-request.js";
import { failure } from "../support/pools.js";

describe("Task", () => {
  let abandoned: string[];
  let told: string[];
  /** Whether no worker has begun with it. */
  let waits: boolean;

  beforeEach(() => {
    abandoned = [];
    told = [];
    waits = true;
  });

  function taskWith(options: CallOptions = {}, now = 0): Task {
    const owner: TaskOwner = {
      abandoned: (task, error) => abandoned.push(`${task.state}: ${error.message}`),
      dequeue: () => waits,
      begun: (task) => told.push(`${task.id} begun`),
      replied: (task, { ok }) => told.push(`${task.id} replied ${ok}`),
      crashed: (task, error) => told.push(`${task.id} crashed: ${(error as Error).message}`),
    };
    const call = { token: "Hasher", method: "hash", stream: false, context: undefined, options };
    return new Task(1, call, [1], owner, now);
  }

  it("hands to its owner what its worker tells", () => {
    const task = taskWith();
    task.begun();
    task.replied({ ok: "refused" });
    task.failed(new Error("gone"));
    expect(told).to.deep.equal(["1 begun", "1 replied refused", "1 crashed: gone"]);
  });

  it("is queued, then running, then done", async () => {
    const task = taskWith();
    const { future } = task;
    const states = [[future.running(), future.done(), future.cancelled()]];
    task.begin(5);
    states.push([future.running(), future.done(), future.cancelled()]);
    task.resolve(42);
    states.push([future.running(), future.done(), future.cancelled()]);
    expect(states).to.deep.equal([
      [false, false, false],
      [true, false, false],
      [false, true, false],
    ]);
    expect([await future, task.startedAt, task.place]).to.deep.equal([42, 5, "Hasher.hash"]);
  });

  it("settles once: what comes later is ignored, and its owner is not told", async () => {
    const task = taskWith();
    task.resolve(1);
    task.reject(new Error("late"));
    expect(task.cancel()).to.equal(false);
    expect(await task.future).to.equal(1);
    expect(abandoned).to.deep.equal([]);
  });

  it("that is cancelled rejects with the reason as its cause, and tells its owner", async () => {
    const task = taskWith();
    const reason = new Error("no longer wanted");
    const error = failure(task.future);
    expect(task.future.cancel(reason)).to.equal(true);
    expect(await error)
      .to.be.instanceOf(CancelledError)
      .and.to.include({ cause: reason });
    expect(abandoned).to.deep.equal(["cancelled: Hasher.hash was cancelled: no longer wanted"]);
    expect([task.future.cancelled(), task.future.done(), task.settled]).to.deep.equal([true, true, true]);
  });

  it("is cancelled by its signal, to which it listens no longer than it must", async () => {
    const controller = new AbortController();
    const task = taskWith({ signal: controller.signal });
    task.accept();
    const other = taskWith({ signal: controller.signal });
    other.accept();
    other.resolve(1);
    const error = failure(task.future);
    controller.abort("gone");
    expect((await error).message).to.equal("Hasher.hash was cancelled: gone");
    expect(abandoned).to.have.lengthOf(1);
    expect(await other.future).to.equal(1);
    expect(getEventListeners(controller.signal, "abort")).to.deep.equal([]);
  });

  it("is cancelled by the early end of its request, which it watches no longer than it must", async () => {
    const request = new PlayedRequest({ requestId: "r-1" });
    const [task, other] = [1, 2].map(() => taskWith({ request })) as [Task, Task];
    for (const each of [task, other]) each.accept();
    other.resolve(1);
    const error = failure(task.future);
    const reason = new Error("the client left");
    request.end(reason);
    expect(await error)
      .to.be.instanceOf(CancelledError)
      .and.to.include({ cause: reason });
    expect(await other.future).to.equal(1);
    expect([request.watchers.size, request.hasSignal, task.requestId]).to.deep.equal([0, false, "r-1"]);
  });

  it("leaves a signal that lives on without a listener when it has ended", () => {
    const { signal } = new AbortController();
    const task = taskWith({ signal });
    task.accept();
    expect(getEventListeners(signal, "abort")).to.have.lengthOf(1);
    task.resolve(1);
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });

  it("that has begun before that was known has no queueTimeout any more", async () => {
    waits = false;
    const task = taskWith();
    task.wait(1, performance.now());
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([task.settled, abandoned]).to.deep.equal([false, []]);
    task.resolve(1);
  });

  it("waits no longer than its queueTimeout, of which the wait before counts", async () => {
    const task = taskWith({}, 0);
    const error = failure(task.future);
    // An hour, of which all but a moment is over.
    task.wait(3_600_000, 3_599_999);
    expect(await error)
      .to.be.instanceOf(DeadlineExceededError)
      .and.to.include({ phase: "queued", retryable: true });
    expect(abandoned).to.deep.equal(["done: Hasher.hash waited for longer than its queueTimeout of 3600000 ms"]);
  });

  it("has another clock while it runs", async () => {
    const task = taskWith({ deadline: 1 });
    task.wait(60_000, 0);
    const error = failure(task.future);
    task.begin(0);
    expect(await error)
      .to.be.instanceOf(DeadlineExceededError)
      .and.to.include({ phase: "running", retryable: false });
  });

  it("goes back to the queue with the arguments that it is given, and counts how often", () => {
    const task = taskWith({ deadline: 60_000 });
    task.begin(0);
    expect(task.requeue()).to.equal(1);
    expect([task.state, task.args]).to.deep.equal(["queued", [1]]);
    task.begin(0);
    expect(task.requeue([2])).to.equal(2);
    expect(task.args).to.deep.equal([2]);
  });
});
