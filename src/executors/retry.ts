import { setTimeout as wait } from "node:timers/promises";
import type { RetryOptions } from "../decorators/run-on-executor.js";
import { WaterspoutError, WorkerCrashedError } from "../errors.js";

/**
 * Makes a call again when it failed in a way that says nothing about the call: a worker that crashed or could not start, a
 * full queue. Between attempts it waits a random time that doubles its bound (full jitter), so that many callers do not
 * come back together.
 *
 * @param signal ends the waiting; the last error is thrown then.
 */
export async function withRetry<R>(
  attempt: () => Promise<R>,
  { attempts = 3, minDelay = 50, maxDelay = 2_000 }: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<R> {
  for (let made = 1; ; made++) {
    try {
      return await attempt();
    } catch (error) {
      if (made >= attempts || !isRetryable(error) || !(await waited(made, minDelay, maxDelay, signal))) throw error;
    }
  }
}

/** @returns false when the signal ended the waiting. */
async function waited(
  made: number,
  minDelay: number,
  maxDelay: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const bound = Math.min(maxDelay, minDelay * 2 ** (made - 1));
  return wait(Math.random() * bound, true, signal && { signal }).catch(() => false);
}

/** The method is idempotent, so a crash in the middle of it is no reason not to run it again. */
function isRetryable(error: unknown): boolean {
  return error instanceof WorkerCrashedError || (error instanceof WaterspoutError && error.retryable);
}
