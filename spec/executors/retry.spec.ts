import { expect } from "chai";
import { QueueFullError, SerializationError, WorkerCrashedError } from "#src/errors.js";
import { withRetry } from "#src/executors/retry.js";
import { failure } from "../support/pools.js";

describe("withRetry", () => {
  /** Fails with these errors in turn, then gives the number of its attempts. */
  function failing(...errors: Error[]): { attempt: (deadline?: number) => Promise<number>; deadlines: unknown[] } {
    const deadlines: unknown[] = [];
    const attempt = async (deadline?: number): Promise<number> => {
      const error = errors[deadlines.push(deadline) - 1];
      if (error !== undefined) throw error;
      return deadlines.length;
    };
    return { attempt, deadlines };
  }

  const quick = { minDelay: 0, maxDelay: 0 };
  const crash = new WorkerCrashedError("it crashed");

  it("makes the call again after a crash and after what says of itself that it may be repeated", async () => {
    expect(await withRetry(failing(crash, new QueueFullError("full", 1)).attempt, quick)).to.equal(3);
  });

  it("throws the last error after so many attempts", async () => {
    const last = new WorkerCrashedError("again");
    const { attempt, deadlines } = failing(crash, last, crash);
    expect(await failure(withRetry(attempt, { ...quick, attempts: 2 }))).to.equal(last);
    expect(deadlines).to.have.lengthOf(2);
  });

  it("throws at once what another attempt would not change", async () => {
    for (const error of [new Error("the body's"), new SerializationError("no", "result")]) {
      const { attempt, deadlines } = failing(error);
      expect(await failure(withRetry(attempt, quick))).to.equal(error);
      expect(deadlines).to.have.lengthOf(1);
    }
  });

  it("gives each attempt what is left of the deadline", async () => {
    const { attempt, deadlines } = failing(crash);
    await withRetry(attempt, { minDelay: 20, maxDelay: 20 }, { deadline: 60_000 });
    const [first, second] = deadlines as [number, number];
    expect(first).to.be.within(59_000, 60_000);
    expect(second).to.be.below(first);
  });

  it("makes no attempt for which the deadline leaves no time", async () => {
    const { attempt, deadlines } = failing(crash, crash);
    const slow = async (deadline?: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return attempt(deadline);
    };
    expect(await failure(withRetry(slow, quick, { deadline: 10 }))).to.equal(crash);
    expect(deadlines).to.have.lengthOf(1);
  });

  it("stops waiting when the signal aborts, and throws the last error", async () => {
    const controller = new AbortController();
    const { attempt, deadlines } = failing(crash);
    const retried = failure(
      withRetry(attempt, { minDelay: 1e9, maxDelay: 2 ** 31 - 1 }, { signal: controller.signal }),
    );
    setImmediate(() => controller.abort());
    expect(await retried).to.equal(crash);
    expect(deadlines).to.have.lengthOf(1);
  });
});
