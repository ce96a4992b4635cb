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
  /** `Class.method` as registered. */
  readonly token: string;
}

const tasks = new AsyncLocalStorage<ExecutorContextValue>();

/** The task that runs now. */
export const ExecutorContext = {
  /** Undefined outside a task: on the server side, and in timers of a worker that no task started. */
  current(): ExecutorContextValue | undefined {
    return tasks.getStore();
  },
} as const;

/** Runs `body` as the task `value`. Only executors and their workers call it. */
export function runAsTask<R>(value: ExecutorContextValue, body: () => R): R {
  return tasks.run(value, body);
}

/** The request for which calls are made: its signal aborts when the client leaves or the request's time is up. */
export interface RequestContext {
  readonly signal: AbortSignal;
  readonly requestId?: string | undefined;
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
