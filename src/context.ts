import { AsyncLocalStorage } from "node:async_hooks";

/** What a task on an executor can know about itself. Times are milliseconds. */
export interface ExecutorContextValue {
  /**
   * Aborts when the caller no longer wants the result. It fires when the task yields to its event loop; a loop that never
   * yields reads `cancelled` instead.
   */
  readonly signal: AbortSignal;
  /** The same fact without yielding: read from shared memory, so a synchronous loop may poll it. */
  readonly cancelled: boolean;
  /** How many milliseconds are left before the deadline; undefined when there is none. */
  readonly deadline: number | undefined;
  readonly requestId: string | undefined;
  /** W3C trace context of the request, as it came: the task is part of that trace. */
  readonly traceparent: string | undefined;
  /** `Class.method` as registered. */
  readonly token: string;
}

const tasks = new AsyncLocalStorage<ExecutorContextValue>();
/** The task of a worker that runs one at a time. */
let only: ExecutorContextValue | undefined;

/** The task that runs now. */
export const ExecutorContext = {
  /** Undefined outside a task: on the server side, and in timers of a worker that no task started. */
  current(): ExecutorContextValue | undefined {
    return only ?? tasks.getStore();
  },
} as const;

/** Makes `ExecutorContext.current()` the task while its body runs. Only executors and workers use one. */
export interface TaskRunner {
  run(task: ExecutorContextValue, body: () => unknown): unknown;
  /** To be called when the task has ended. */
  end(): void;
}

/** For a thread with several tasks at once: each is told apart, wherever its callbacks run. */
export const amongOthers: TaskRunner = {
  run: (task, body) => tasks.run(task, body),
  end: () => undefined,
};

/**
 * For a worker that runs one task at a time, where no telling apart is needed. An `AsyncLocalStorage` would cost such a task
 * 30 µs on Node 20, as much as all the rest of its way (measured: 82 against 115 µs for a call that does nothing).
 */
export const alone: TaskRunner = {
  run(task, body) {
    only = task;
    return body();
  },
  end() {
    only = undefined;
  },
};

/** Who is told when a request ends early. */
export interface RequestWatcher {
  requestEnded(reason: Error): void;
}

/** The request for which calls are made: it ends early when the client leaves or the request's time is up. */
export interface RequestContext {
  /** Aborts at the early end. */
  readonly signal: AbortSignal;
  /** Why it has ended early; undefined when it has not. */
  readonly ended: Error | undefined;
  /** Tells of the early end as the signal does, without one, whose making is dear (`AbortController`: 10 to 35 µs). */
  watch(watcher: RequestWatcher): void;
  unwatch(watcher: RequestWatcher): void;
  readonly requestId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Milliseconds that are left until the request's time is up; undefined when it has no end. */
  readonly timeLeft?: number | undefined;
  /** Called when a task of the request starts, with the milliseconds that it waited. */
  taskStarted?(waited: number): void;
}

const requests = new AsyncLocalStorage<RequestContext>();

/** The request in whose course the caller runs. Known only in requests whose handler has a service with executor methods. */
export function currentRequest(): RequestContext | undefined {
  return requests.getStore();
}

/** Runs `body` as part of `request`. */
export function runInRequest<R>(request: RequestContext, body: () => R): R {
  return requests.run(request, body);
}

const carried = new Map<string, AsyncLocalStorage<unknown>>();

/**
 * Lets the value of an `AsyncLocalStorage` travel with every task: where the task runs, `storage.getStore()` gives a copy of
 * what it gave where the task was submitted. Values must survive a structured clone. Call it in a module that both sides
 * import, where the storage is made.
 *
 * @param name the same on both sides; a second storage under one name replaces the first.
 * @example
 * export const tenant = new AsyncLocalStorage<string>();
 * carryContext("tenant", tenant);
 */
export function carryContext<T>(name: string, storage: AsyncLocalStorage<T>): void {
  carried.set(name, storage);
}

/** The values of all carried storages, for the message of a task; undefined when there is none. */
export function captureContext(): Readonly<Record<string, unknown>> | undefined {
  if (carried.size === 0) return undefined;
  const values = [...carried].map(([name, storage]) => [name, storage.getStore()] as const);
  const present = values.filter(([, value]) => value !== undefined);
  return present.length === 0 ? undefined : Object.fromEntries(present);
}

/** Runs `body` with carried values in place again. */
export function restoreContext<R>(values: Readonly<Record<string, unknown>> | undefined, body: () => R): R {
  if (values === undefined) return body();
  return Object.entries(values).reduce<() => R>((inner, [name, value]) => {
    const storage = carried.get(name);
    return storage === undefined ? inner : () => storage.run(value, inner);
  }, body)();
}
