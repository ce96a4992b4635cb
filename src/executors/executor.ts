import type {
  Class,
  ExecutorEnvironment,
  ExecutorMethod,
  MethodArguments,
  MethodResult,
  MethodStream,
  StreamMethod,
  TaskExecutor,
  TaskOptions,
} from "../concurrent.js";
import type { Future } from "./future.js";
import { mapOrdered } from "./map.js";
import type { Percentiles } from "./window.js";

/** What one worker is doing. */
export interface WorkerStats {
  /** Thread id or process id. */
  readonly id: number;
  /** `lost`: it was ended and is stuck in native code; it keeps its place until it comes back. */
  readonly stage: "booting" | "ready" | "failed" | "retiring" | "lost";
  readonly running: number;
  readonly completed: number;
  /** Share of time its event loop was busy since the last call of `stats()`: 0 to 1. */
  readonly utilization: number;
  /** Bytes of its heap in use, as it last told: when it was ready, and then at most once a second, at the end of a task. 0 before. */
  readonly usedHeap: number;
}

/** A snapshot of an executor. Times are milliseconds over the latest tasks, not over its whole life. */
export interface ExecutorStats {
  readonly capacity: number;
  readonly queued: number;
  readonly running: number;
  /** How many workers were ended but are stuck in native code. Each takes its places from `capacity` until it comes back. */
  readonly lost: number;
  /** Since the start: tasks that gave a result, tasks that gave an error, tasks that were cancelled. */
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly queueWait: Percentiles;
  readonly runTime: Percentiles;
  readonly workers: readonly WorkerStats[];
}

/** How an executor ends; see {@link Executor.shutdown}. */
export interface ShutdownOptions {
  /** Waits for what is queued and running. Default: true. */
  readonly wait?: boolean;
  /** Cancels what is queued; what runs is still waited for. Default: false. */
  readonly cancelFutures?: boolean;
  /** Longest wait, in milliseconds; then running tasks are cancelled and their workers ended. Default: none. */
  readonly deadline?: number;
  /** How long tasks that were cancelled may go on before their workers are ended, in milliseconds. Default: the executor's. */
  readonly cancelGrace?: number;
}

/** What {@link Executor.map} can be told beside the options of each task. */
export interface MapOptions extends TaskOptions {
  readonly concurrency?: number;
}

/**
 * Runs methods of classes somewhere else: on threads, in processes, or here. The base of every executor, and the token
 * under which a container holds the application's default one.
 *
 * Constructing one starts nothing: the application calls `start` after the fork and `shutdown` at its end.
 *
 * Source: `concurrent.futures.Executor`.
 */
export abstract class Executor implements TaskExecutor, AsyncDisposable {
  /**
   * Runs `method` of a worker's own instance of `target` with a copy of `args`. Never throws: refusals reject the future.
   *
   * @example const digest = await executor.submit(Hasher, "scrypt", [password, salt], { deadline: 2_000 });
   */
  abstract submit<T extends object, K extends ExecutorMethod<T>>(
    target: Class<T>,
    method: K,
    args: MethodArguments<T, K>,
    options?: TaskOptions,
  ): Future<MethodResult<T, K>>;

  /**
   * Runs an async generator method and hands out its items as they come. The worker runs at most a window of items ahead;
   * leaving the loop, an error or a cancellation ends the generator there, and its `finally` runs. Nothing is submitted
   * before the first `next()`.
   *
   * @example for await (const row of executor.stream(Report, "rows", [2026])) response.write(row);
   */
  abstract stream<T extends object, K extends StreamMethod<T>>(
    target: Class<T>,
    method: K,
    args: MethodArguments<T, K>,
    options?: TaskOptions,
  ): MethodStream<T, K>;

  /**
   * Calls a method of one argument for each input and gives the results in the order of the inputs, with at most
   * `concurrency` calls submitted at a time. The first error ends it; leaving the loop cancels what is submitted.
   *
   * @param options.concurrency Default: as many tasks as the executor runs at once.
   * @example for await (const digest of executor.map(Hasher, "sha256", files, { concurrency: 8 })) digests.push(digest);
   *
   * Source: `concurrent.futures.Executor.map`, without its submitting everything at once.
   */
  map<T extends object, K extends ExecutorMethod<T>>(
    target: Class<T>,
    method: K,
    inputs: Iterable<MethodArguments<T, K>[0]> | AsyncIterable<MethodArguments<T, K>[0]>,
    { concurrency, ...options }: MapOptions = {},
  ): AsyncGenerator<MethodResult<T, K>> {
    const limit = concurrency ?? Math.max(1, this.stats().capacity);
    return mapOrdered(inputs, limit, (input) => this.submit(target, method, [input] as MethodArguments<T, K>, options));
  }

  abstract stats(): ExecutorStats;

  /** How full the queue is: 0 when nothing waits, 1 when the next task would be refused. Cheaper than `stats()`. Default: 0. */
  get queueFill(): number {
    return 0;
  }

  /**
   * Starts the workers and resolves when the first ones are ready. Called by the application, once.
   *
   * @throws WorkerBootError when a worker cannot start.
   */
  abstract start(environment: ExecutorEnvironment): Promise<void>;

  /**
   * Refuses new tasks, ends as `options` say, then ends the workers. It cannot be started again. A second call waits for the
   * same end and may hurry it: with `cancelFutures`, `wait: false` or an earlier `deadline`.
   */
  abstract shutdown(options?: ShutdownOptions): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
