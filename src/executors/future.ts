import type { CancellablePromise } from "../concurrent.js";

/** Where a task stands. */
export type FutureState = "queued" | "running" | "done" | "cancelled";

/** What a future asks of the task behind it. */
export interface FutureControl {
  readonly state: FutureState;
  cancel(reason?: unknown): boolean;
}

/**
 * The result to come of a task, and a handle on it. It is a promise: `await` it. What `then` gives is a plain promise,
 * which cannot be cancelled.
 *
 * @example
 * const future = executor.submit(Thumbnails, "resize", [image, 200]);
 * request.signal.addEventListener("abort", () => future.cancel());
 * const small = await future;
 *
 * Source: `concurrent.futures.Future`.
 */
export class Future<R> extends Promise<R> implements CancellablePromise<R> {
  #control: FutureControl | undefined;

  /** `then` and `async` functions make plain promises: there is no task behind what they return. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Ties a future to its task. Only executors call it. @internal */
  static of<R>(
    control: FutureControl,
    settle: (resolve: (value: R) => void, reject: (reason: unknown) => void) => void,
  ): Future<R> {
    const future = new Future<R>(settle);
    future.#control = control;
    return future;
  }

  /**
   * Asks the task to end: a waiting one never starts; a running one sees its signal abort and, after the executor's
   * `cancelGrace`, loses its worker. The future rejects with `CancelledError` at once.
   *
   * @returns false when the task was already settled.
   */
  cancel(reason?: unknown): boolean {
    return this.#control?.cancel(reason) ?? false;
  }

  running(): boolean {
    return this.#control?.state === "running";
  }

  /** True when the task has a result, an error, or was cancelled. */
  done(): boolean {
    return this.#control?.state === "done" || this.cancelled();
  }

  cancelled(): boolean {
    return this.#control?.state === "cancelled";
  }
}
