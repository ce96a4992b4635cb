import type {
  CancellablePromise,
  Class,
  ExecutorMethod,
  MethodArguments,
  MethodResult,
  TaskExecutor,
} from "./concurrent.js";
import { ConfigurationError } from "./errors.js";
import { applicationLog } from "./log.js";

/** What `callLater` returns, for `removeTimeout`. */
export type TimeoutHandle = NodeJS.Timeout;

type Callback<A extends unknown[]> = (...args: A) => unknown;

/** Longer than any process lives; setInterval takes no more. */
const forever = 2 ** 31 - 1;

let current: IOLoop | undefined;

/**
 * The event loop of this process as Tornado's programs see it. Node's loop runs by itself; `start()` is the place where a
 * program waits while it serves, and `stop()` is how it goes on from there.
 *
 * Source: `tornado.ioloop.IOLoop`.
 */
export class IOLoop {
  #stopped: (() => void) | undefined;
  #stopRequested = false;
  #started = false;
  #defaultExecutor: (() => TaskExecutor) | undefined;

  private constructor() {
    // One for each process: see current().
  }

  /** The loop of this process; made at the first call. */
  static current(): IOLoop {
    current ??= new IOLoop();
    return current;
  }

  /** Whether the loop of this process runs or has run: what was made before a fork does not survive it. */
  static initialized(): boolean {
    return current !== undefined && current.#started;
  }

  /**
   * Keeps the process alive until `stop()` is called, also before: then it returns at once.
   *
   * @throws ConfigurationError when it is running already.
   */
  async start(): Promise<void> {
    if (this.#stopped !== undefined)
      throw new ConfigurationError("IOLoop.start(): the loop is running already; start it once");
    this.#started = true;
    if (!this.#stopRequested) await this.#run();
    this.#stopRequested = false;
  }

  /** Lets `start()` return. Nothing else is stopped by it: servers and executors have their own ends. */
  stop(): void {
    this.#stopRequested = true;
    this.#stopped?.();
  }

  /** Calls `callback` in the next turn of the loop. An error in it is logged and the loop goes on. */
  addCallback<A extends unknown[]>(callback: Callback<A>, ...args: A): void {
    setImmediate(() => void guard(callback, args));
  }

  /** Calls `callback` after `delay` milliseconds. The waiting call keeps the process alive. */
  callLater<A extends unknown[]>(delay: number, callback: Callback<A>, ...args: A): TimeoutHandle {
    return setTimeout(() => void guard(callback, args), delay);
  }

  /** Takes a call back that `callLater` announced. */
  removeTimeout(handle: TimeoutHandle): void {
    clearTimeout(handle);
  }

  /** What `runInExecutor(null, …)` uses, or a function that gives it. An application sets its own when it starts. */
  setDefaultExecutor(executor: TaskExecutor | (() => TaskExecutor)): void {
    this.#defaultExecutor = typeof executor === "function" ? executor : () => executor;
  }

  /**
   * Runs `method` of a worker's own instance of `target`: the form of `@RunOnExecutor` for a single call.
   *
   * @param executor null for the application's default one.
   * @throws ConfigurationError when there is no default executor; everything else rejects what is returned.
   * @example await IOLoop.current().runInExecutor(null, Thumbnails, "resize", image, 200);
   */
  runInExecutor<T extends object, K extends ExecutorMethod<T>>(
    executor: TaskExecutor | null,
    target: Class<T>,
    method: K,
    ...args: MethodArguments<T, K>
  ): CancellablePromise<MethodResult<T, K>> {
    const chosen = executor ?? this.#defaultExecutor?.();
    if (chosen === undefined) {
      throw new ConfigurationError(
        "IOLoop.runInExecutor(null, …): there is no default executor; start an application that has one, or pass an executor",
      );
    }
    return chosen.submit(target, method, args);
  }

  async #run(): Promise<void> {
    const alive = setInterval(() => undefined, forever);
    await new Promise<void>((resolve) => (this.#stopped = resolve));
    clearInterval(alive);
    this.#stopped = undefined;
  }
}

async function guard<A extends unknown[]>(callback: Callback<A>, args: A): Promise<void> {
  try {
    await callback(...args);
  } catch (error) {
    applicationLog.error("Exception in callback", { error });
  }
}
