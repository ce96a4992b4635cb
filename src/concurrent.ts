import type { RequestContext } from "./context.js";

/** The words of Python's `concurrent.futures` that every layer shares: what a task is, what runs it, what comes back. */

/** Any class, abstract ones included. Its parameters are injected, so their types are of no interest here. */
// oxlint-disable-next-line typescript/no-explicit-any -- a class is accepted whatever its constructor takes
export type Class<T = object> = abstract new (...args: any[]) => T;

/** The names of `T`'s methods that return a promise: what `submit` runs. */
export type ExecutorMethod<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => PromiseLike<unknown> ? K : never;
}[keyof T] &
  string;

/** The names of `T`'s methods that return an async generator: what `stream` runs. */
export type StreamMethod<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => AsyncGenerator<unknown> ? K : never;
}[keyof T] &
  string;

/** What a stream of method `K` gives: its items, and its end, which is undefined for who leaves before it. */
export type MethodStream<T, K extends keyof T> = T[K] extends (
  ...args: never[]
) => AsyncGenerator<infer Item, infer End>
  ? AsyncGenerator<Item, End | undefined>
  : never;

/** The arguments of method `K`. */
export type MethodArguments<T, K extends keyof T> = T[K] extends (...args: infer A) => unknown ? A : never;

/** What a call of method `K` gives: the settled value of its promise. */
export type MethodResult<T, K extends keyof T> = T[K] extends (...args: never[]) => infer R ? Awaited<R> : never;

/** What one task may ask for. Every field is optional; times are milliseconds. */
export interface TaskOptions {
  /** Longest run, counted from the moment the task starts. Default: none. Past it: `DeadlineExceededError`, phase `running`. */
  readonly deadline?: number;
  /** Longest wait in the queue. Default: the executor's. Past it: `DeadlineExceededError`, phase `queued`. */
  readonly queueTimeout?: number;
  /** Higher runs first; waiting raises it (ageing), so nothing starves. Default: 0. */
  readonly priority?: number;
  /** Aborting it cancels the task: a waiting one never starts, a running one sees its own signal abort. */
  readonly signal?: AbortSignal;
  /** Names the request for which the task runs; travels to the worker. Default: none. */
  readonly requestId?: string;
  /** W3C trace context; travels to the worker. Default: none. */
  readonly traceparent?: string;
  /**
   * What is left of the caller's own time, in milliseconds. It is told to the task as part of its `deadline`; whoever has that
   * time ends the task by `signal`. Default: no end.
   */
  readonly timeLeft?: number;
  /** Called when the task starts, with the milliseconds that it waited in the queue; must not throw. Default: nothing. */
  readonly onStart?: (waited: number) => void;
  /**
   * Moves the memory of all buffers and typed arrays in the arguments and the result to the other side instead of copying it;
   * what the sender holds is empty afterwards. See `move` for single values. Default: false.
   */
  readonly transfer?: boolean;
}

/** What a decorated method's call may ask for. */
export interface CallOptions extends TaskOptions {
  /**
   * The request that waits for the task, in the place of `signal`, `requestId`, `traceparent`, `timeLeft` and `onStart`: the executor
   * asks it when it needs them. Only for executors that know it. Default: none.
   */
  readonly request?: RequestContext;
}

/** A task's handle: a promise that can be cancelled and asked for its state. Source: `concurrent.futures.Future`. */
export interface CancellablePromise<R> extends Promise<R> {
  /**
   * Asks the task to end. A waiting task never starts; a running one sees its signal abort and, after the executor's
   * `cancelGrace`, loses its worker. The promise rejects with `CancelledError` at once.
   * @returns false when the task was already settled.
   */
  cancel(reason?: unknown): boolean;
  /** True from the start of the task to its end. */
  running(): boolean;
  /** True when it has a result, an error, or was cancelled. */
  done(): boolean;
  cancelled(): boolean;
}

/** What an executor must know of the application whose methods it runs; given to `start`. */
export interface ExecutorEnvironment {
  /** `file:` URL of the module that workers import. */
  readonly module: string;
  /** Hash over the registered classes and methods: both sides must have the same. */
  readonly registryHash: string;
  /** How many processes share this machine's cores; 1 when there is only this one. */
  readonly processes: number;
  readonly taskId: number | null;
  /** Token under which both sides know a class. Throws `ConfigurationError` for an unknown class. */
  tokenOf(target: Class): string;
  /** Makes an instance as a worker would: for executors that run in this thread. */
  acquire(token: string): Acquired;
}

/** An instance for one task. */
export interface Acquired {
  readonly instance: object;
  /** Ends what was made for this task alone; undefined when there is nothing. */
  readonly release: (() => Promise<void>) | undefined;
}

/** What the decorator, the loop and the container need of an executor; `Executor` is the class that users see. */
export interface TaskExecutor {
  /** How full its queue is: 0 to 1, where the next task would be refused. Default: 0. */
  readonly queueFill?: number;
  submit<T extends object, K extends ExecutorMethod<T>>(
    target: Class<T>,
    method: K,
    args: MethodArguments<T, K>,
    options?: TaskOptions,
  ): CancellablePromise<MethodResult<T, K>>;
  stream<T extends object, K extends StreamMethod<T>>(
    target: Class<T>,
    method: K,
    args: MethodArguments<T, K>,
    options?: TaskOptions,
  ): MethodStream<T, K>;
  start(environment: ExecutorEnvironment): Promise<void>;
  shutdown(options?: {
    readonly wait?: boolean;
    readonly cancelFutures?: boolean;
    readonly deadline?: number;
    readonly cancelGrace?: number;
  }): Promise<void>;
}
