import assert from "node:assert/strict";
import { CancelledError, ConfigurationError, DeadlineExceededError, QueueFullError } from "../../errors.js";
import { Probe } from "./application.js";
import { observed, rejection, type Rules } from "./stage.js";

export const queue: Rules = {
  async "starts tasks in the order of their submission, whatever clocks and signals they have"({
    executor,
    file,
    lines,
  }) {
    const { signal } = new AbortController();
    const variants = [{}, { deadline: 60_000 }, { signal }, { queueTimeout: 60_000 }];
    const futures = Array.from({ length: 12 }, (_, index) =>
      executor.submit(Probe, "record", [file, String(index)], variants[index % variants.length]),
    );
    await Promise.all(futures);
    assert.deepEqual(
      await lines(),
      Array.from({ length: 12 }, (_, index) => String(index)),
    );
  },

  async "starts a higher priority first"({ executor, file, lines }) {
    const busy = executor.submit(Probe, "wait", [`${file}.busy`]);
    const futures = [0, 1, 2].map((priority) =>
      executor.submit(Probe, "record", [file, String(priority)], { priority }),
    );
    busy.cancel();
    await Promise.allSettled([busy, ...futures]);
    assert.deepEqual(await lines(), ["2", "1", "0"]);
  },

  async "refuses what exceeds maxQueue at once, and says when to come back"({ executor, file }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    const queued = [1, 2].map((value) => executor.submit(Probe, "add", [value, 0]));
    const error = await rejection(executor.submit(Probe, "add", [3, 0], { signal: new AbortController().signal }));
    assert.ok(error instanceof QueueFullError);
    assert.ok(error.retryAfter >= 1 && error.retryable);
    running.cancel();
    assert.deepEqual(await Promise.all(queued), [1, 2]);
    await rejection(running);
  },

  async "never starts a task whose queueTimeout ran out"({ executor, file, lines, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const late = executor.submit(Probe, "record", [file, "late"], { queueTimeout: 20 });
    const error = await rejection(late);
    assert.ok(error instanceof DeadlineExceededError);
    assert.equal(error.phase, "queued");
    running.cancel();
    await rejection(running);
    await executor.submit(Probe, "record", [file, "next"]);
    assert.ok(!(await lines()).includes("late"));
  },

  async "never starts a task that is cancelled while it waits"({ executor, file, lines, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const controller = new AbortController();
    const byCall = observed(executor.submit(Probe, "record", [file, "by call"]));
    const bySignal = observed(executor.submit(Probe, "record", [file, "by signal"], { signal: controller.signal }));
    assert.ok(byCall.cancel());
    controller.abort();
    for (const future of [byCall, bySignal]) assert.ok((await rejection(future)) instanceof CancelledError);
    assert.deepEqual([byCall.cancelled(), byCall.done(), byCall.cancel()], [true, true, false]);
    running.cancel();
    await rejection(running);
    await executor.submit(Probe, "record", [file, "next"]);
    assert.deepEqual(
      (await lines()).filter((text) => text.startsWith("by")),
      [],
    );
  },

  async "rejects a priority and clocks that are no numbers, and lives on"({ executor }) {
    for (const options of [{ priority: Number.NaN }, { deadline: Infinity }, { queueTimeout: -1 }]) {
      assert.ok((await rejection(executor.submit(Probe, "add", [1, 1], options))) instanceof ConfigurationError);
    }
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },
};
