import assert from "node:assert/strict";
import { Probe, tenant } from "./application.js";
import { collect, rejection, until, type Rules } from "./stage.js";

export const calls: Rules = {
  async "runs a method and gives its result"({ executor }) {
    assert.equal(await executor.submit(Probe, "add", [20, 22]), 42);
  },

  async "injects a service into the worker's own instance, the same for all tasks of a worker"({ executor }) {
    assert.deepEqual([await executor.submit(Probe, "count", []), await executor.submit(Probe, "count", [])], [1, 2]);
  },

  async "runs a nested call inline"({ executor }) {
    assert.equal(await executor.submit(Probe, "nested", [20]), 42);
  },

  async "passes an AbortSignal that stays alive"({ executor }) {
    const controller = new AbortController();
    const future = executor.submit(Probe, "waitFor", [controller.signal]);
    await until(() => future.running(), "the task runs");
    controller.abort();
    assert.equal(await future, "the signal aborted");
  },

  async "tells a task its name, its request and the rest of its deadline"({ executor }) {
    const context = await executor.submit(Probe, "context", [], {
      deadline: 60_000,
      requestId: "r-1",
      traceparent: "00-trace",
    });
    assert.equal(context.token, "Probe.context");
    assert.deepEqual([context.requestId, context.traceparent], ["r-1", "00-trace"]);
    assert.ok((context.deadline ?? 0) > 0 && (context.deadline ?? 0) <= 60_000);
  },

  async "counts what it did"({ executor }) {
    await Promise.allSettled([executor.submit(Probe, "add", [1, 1]), executor.submit(Probe, "fail", ["no"])]);
    const { completed, failed, queued, running, capacity } = executor.stats();
    assert.deepEqual(
      { completed, failed, queued, running, capacity },
      { completed: 1, failed: 1, queued: 0, running: 0, capacity: 1 },
    );
  },

  async "tells the memory of its workers"({ executor }) {
    await executor.submit(Probe, "add", [1, 1]);
    const [worker] = executor.stats().workers;
    // No heap with an application in it is smaller, and none of a spec larger.
    assert.ok(worker !== undefined && worker.usedHeap > 1e6 && worker.usedHeap < 1e9, String(worker?.usedHeap));
  },

  async "runs as many tasks at once as it has two places"({ executor, file, lines }) {
    const futures = [1, 2, 3].map(() => executor.submit(Probe, "wait", [file]));
    await until(async () => (await lines()).length === 2, "two tasks run");
    assert.deepEqual([executor.stats().running, executor.stats().queued], [2, 1]);
    for (const future of futures) future.cancel();
    await Promise.allSettled(futures);
  },

  async "tells a task what is left of its caller's time"({ executor }) {
    const { deadline } = await executor.submit(Probe, "context", [], { deadline: 60_000, timeLeft: 1_000 });
    assert.ok((deadline ?? 0) > 0 && (deadline ?? 0) <= 1_000);
  },

  async "carries the value of a named storage along"({ executor }) {
    assert.equal(await tenant.run("blue", () => executor.submit(Probe, "tenant", [])), "blue");
    assert.equal(await executor.submit(Probe, "tenant", []), undefined);
  },

  async "maps inputs to results in their order"({ executor }) {
    assert.deepEqual(await collect(executor.map(Probe, "square", [3, 1, 2], { concurrency: 2 })), [9, 1, 4]);
  },

  async "ends a map at its first error, after the results before it"({ executor }) {
    const results: number[] = [];
    const error = await rejection(collect(executor.map(Probe, "square", [1, 2, -3, 4], { concurrency: 4 }), results));
    assert.deepEqual([error.message, results], ["negative: -3", [1, 4]]);
  },
};
