import assert from "node:assert/strict";
import { CancelledError, ExecutorClosedError } from "../../errors.js";
import { Probe } from "./application.js";
import { observed, rejection, type Rules } from "./stage.js";

export const shutdownRules: Rules = {
  async "finishes what was submitted before a shutdown, and refuses what comes after"({ executor }) {
    const futures = [1, 2, 3].map((value) => executor.submit(Probe, "add", [value, 0]));
    const shutdown = executor.shutdown();
    assert.ok((await rejection(executor.submit(Probe, "add", [4, 0]))) instanceof ExecutorClosedError);
    assert.deepEqual(await Promise.all(futures), [1, 2, 3]);
    await shutdown;
    await executor.shutdown();
  },

  async "cancels what waits in a shutdown with cancelFutures"({ executor, file, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const queued = executor.submit(Probe, "add", [1, 1]);
    const shutdown = executor.shutdown({ cancelFutures: true, deadline: 50 });
    assert.ok((await rejection(queued)) instanceof CancelledError);
    assert.ok((await rejection(running)) instanceof CancelledError);
    await shutdown;
  },

  async "is hurried by a second shutdown"({ executor, file, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const shutdown = executor.shutdown();
    await executor.shutdown({ wait: false });
    assert.ok((await rejection(running)) instanceof CancelledError);
    await shutdown;
  },
};
