import assert from "node:assert/strict";
import { CancelledError, DeadlineExceededError } from "../../errors.js";
import { Probe } from "./application.js";
import { observed, rejection, type Rules } from "./stage.js";

export const cancellation: Rules = {
  async "aborts the signal of a running task that is cancelled"({ executor, file, line }) {
    const future = executor.submit(Probe, "wait", [file]);
    await line("started");
    assert.ok(future.running());
    future.cancel("no longer wanted");
    assert.match((await rejection(future)).message, /no longer wanted/);
    await line("aborted: CancelledError");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "ends a run at its deadline"({ executor, file, line }) {
    // Long enough for a busy machine to begin with it, or nothing would be aborted.
    const error = await rejection(executor.submit(Probe, "wait", [file], { deadline: 500 }));
    assert.ok(error instanceof DeadlineExceededError);
    assert.deepEqual([error.phase, error.status], ["running", 504]);
    await line("aborted: CancelledError");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "counts a deadline from the start of the run, not from the submission"({ executor, file, line }) {
    const first = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const second = executor.submit(Probe, "add", [1, 1], { deadline: 5_000 });
    first.cancel();
    assert.equal(await second, 2);
    await rejection(first);
  },

  async "lets a loop that never yields see that it is cancelled"({ executor, file, line }) {
    const future = executor.submit(Probe, "poll", [file]);
    await line("started");
    future.cancel();
    await rejection(future);
    await line("saw it");
  },

  async "ends and replaces a worker that does not stop"({ executor, file, line }) {
    const future = observed(executor.submit(Probe, "spin", [file]));
    await line("started");
    future.cancel();
    assert.ok((await rejection(future)) instanceof CancelledError);
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },
};
