import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { RetryOptions } from "../decorators/run-on-executor.js";
import { WaterspoutError, WorkerCrashedError } from "../errors.js";

/** What ends the attempts before their number does. */
export interface RetryBounds {
  /** Milliseconds for all attempts and the waits between them, from the first call on. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a call again when it failed in a way that says nothing about the call: a worker that crashed or could not start, a
 * full queue. Between attempts it waits a random time that doubles its bound (full jitter), so that many callers do not
 * come back together. When the bounds leave no time for another attempt, the last error is thrown.
 *
 * @param attempt makes the call; it is given what is left of the deadline.
 */
export async function withRetry<R>(
  attempt: (deadline: number | undefined) => Promise<R>,
  { attempts = 3, minDelay = 50, maxDelay = 2_000 }: RetryOptions,
  { deadline, signal }: RetryBounds = {},
): Promise<R> {
  const started = performance.now();
  const left = (): number => (deadline === undefined ? Infinity : deadline - (performance.now() - started));
  for (let made = 1; ; made++) {
    try {
      return await attempt(deadline && Math.max(1, left()));
    } catch (error) {
      if (made >= attempts || !isRetryable(error)) throw error;
      const delay = Math.random() * Math.min(maxDelay, minDelay * 2 ** (made - 1));
      if (delay >= left() || !(await waited(delay, signal))) throw error;
    }
  }
}

/** @returns false when the signal ended the waiting. */
async function waited(delay: number, signal: AbortSignal | undefined): Promise<boolean> {
  return wait(delay, true, signal && { signal }).catch(() => false);
}

/** The method is idempotent, so a crash in the middle of it is no reason not to run it again. */
function isRetryable(error: unknown): boolean {
  return error instanceof WorkerCrashedError || (error instanceof WaterspoutError && error.retryable);
}
