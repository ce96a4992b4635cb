import { callRules, checkNumbers } from "../check.js";
import type { CallOptions } from "../concurrent.js";
import type { RequestWatcher } from "../context.js";
import { CancelledError, DeadlineExceededError, WorkerCrashedError, toError } from "../errors.js";
import { Future, type FutureControl, type FutureState } from "./future.js";
import type { Reply } from "./protocol.js";
import type { QueueEntry } from "./queue.js";
import type { RunReceiver } from "./workers.js";

/** What a task tells the executor that owns it. */
export interface TaskOwner {
  /** The caller no longer waits: take the task from the queue, or see that its worker ends it. */
  abandoned(task: Task, error: Error): void;
  /** Its `queueTimeout` is over: it waits no more. @returns false when a worker has begun with it. */
  dequeue(task: Task): boolean;
  /** It was sent ahead, and its worker has begun with it. */
  begun(task: Task): void;
  /** Its worker has answered, and has begun with `next` if there is one. */
  replied(task: Task, reply: Reply, next?: RunReceiver): void;
  /** Its worker never will, or it was not sent. */
  crashed(task: Task, error: unknown): void;
}

/** What a call is made of. */
export interface TaskCall {
  readonly token: string;
  readonly method: string;
  readonly stream: boolean;
  /** Values of storages that travel along. */
  readonly context: Readonly<Record<string, unknown>> | undefined;
  readonly options: CallOptions;
}

/**
 * One submitted call, from the queue to its result: the promise, the two clocks and the caller's signal. It settles once;
 * what comes later is ignored.
 */
export class Task implements QueueEntry, FutureControl, RunReceiver, RequestWatcher {
  readonly id: number;
  readonly call: TaskCall;
  readonly priority: number;
  readonly queuedAt: number;
  readonly future: Future<unknown>;
  node: unknown = undefined;
  /** As the caller gave them, or as a worker gave them back. */
  args: readonly unknown[];
  /** When its run began, on the clock of `queuedAt`; 0 before. */
  startedAt = 0;
  /** Receives the items of a stream. */
  onItem: ((value: unknown) => void) | undefined;
  /** Ends what goes on only while it runs. */
  release: (() => void) | undefined;

  readonly #owner: TaskOwner;
  #state: FutureState = "queued";
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;
  #refusals = 0;

  constructor(id: number, call: TaskCall, args: readonly unknown[], owner: TaskOwner, now: number) {
    this.id = id;
    this.call = call;
    this.args = args;
    this.priority = call.options.priority ?? 0;
    this.queuedAt = now;
    this.#owner = owner;
    this.future = Future.of(this, (resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get state(): FutureState {
    return this.#state;
  }

  get settled(): boolean {
    return this.#state === "done" || this.#state === "cancelled";
  }

  /** `Class.method`, for messages. */
  get place(): string {
    return `${this.call.token}.${this.call.method}`;
  }

  /** Of the request that waits for it. */
  get requestId(): string | undefined {
    const { request, requestId } = this.call.options;
    return requestId ?? request?.requestId;
  }

  /** Follows its request and the caller's signal from here on. A task that is refused does not. */
  accept(): void {
    const { request, signal } = this.call.options;
    request?.watch(this);
    if (signal === undefined) return;
    this.#onAbort = () => void this.cancel(signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Starts the clock of the queue; what it waited before `now` counts. */
  wait(queueTimeout: number | undefined, now: number): void {
    this.#arm(queueTimeout, "queued", now - this.queuedAt);
  }

  /** Stops the clock of the queue and starts that of the run; one that was given up meanwhile stays settled. */
  begin(now: number): void {
    this.startedAt = now;
    if (this.settled) return;
    this.#state = "running";
    this.#arm(this.call.options.deadline, "running");
  }

  /**
   * Takes a task that was never run back to the queue.
   *
   * @param args what its worker gave back of arguments that were moved to it.
   * @returns how often that has happened.
   */
  requeue(args: readonly unknown[] = this.args): number {
    this.#state = "queued";
    this.args = args;
    clearTimeout(this.#timer);
    return ++this.#refusals;
  }

  resolve(value: unknown): void {
    if (this.#settle("done")) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle("done")) this.#reject(error);
  }

  begun(): void {
    this.#owner.begun(this);
  }

  replied(reply: Reply, next?: RunReceiver): void {
    this.#owner.replied(this, reply, next);
  }

  failed(error: unknown): void {
    this.#owner.crashed(this, error);
  }

  requestEnded(reason: Error): void {
    this.cancel(reason);
  }

  cancel(reason?: unknown): boolean {
    const because = reason === undefined ? "" : `: ${toError(reason).message}`;
    return this.#abandon("cancelled", new CancelledError(`${this.place} was cancelled${because}`, { cause: reason }));
  }

  #arm(limit: number | undefined, phase: "queued" | "running", spent = 0): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer =
      limit === undefined ? undefined : setTimeout(() => this.#expire(phase, limit), Math.max(0, limit - spent));
  }

  #expire(phase: "queued" | "running", limit: number): void {
    if (phase === "queued" && !this.#owner.dequeue(this)) return;
    const what = phase === "queued" ? `waited for longer than its queueTimeout` : `ran for longer than its deadline`;
    this.#abandon("done", new DeadlineExceededError(`${this.place} ${what} of ${limit} ms`, phase));
  }

  #abandon(state: FutureState, error: Error): boolean {
    if (!this.#settle(state)) return false;
    this.#reject(error);
    this.#owner.abandoned(this, error);
    return true;
  }

  #settle(state: FutureState): boolean {
    if (this.settled) return false;
    this.#state = state;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.call.options.request?.unwatch(this);
    if (this.#onAbort !== undefined) this.call.options.signal?.removeEventListener("abort", this.#onAbort);
    return true;
  }
}

/** What is wrong with the numbers of a call, if no clock or no queue can use them. */
export function optionError({ place, call }: Task): Error | undefined {
  const { deadline, queueTimeout, priority } = call.options;
  if (deadline === undefined && queueTimeout === undefined && priority === undefined) return undefined;
  try {
    checkNumbers(place, { deadline, queueTimeout, priority }, callRules);
    return undefined;
  } catch (error) {
    return toError(error);
  }
}

/** Why a call is not submitted for a caller who has gone. */
export function cancelledBefore({ request, signal }: CallOptions): CancelledError | undefined {
  if (request?.ended === undefined && signal?.aborted !== true) return undefined;
  const cause: unknown = request?.ended ?? signal?.reason;
  return new CancelledError("the task was cancelled before it was submitted", { cause });
}

/** Why a task is given up that so many workers had but did not begin. */
export function neverBegun({ place }: Task, workers: number): WorkerCrashedError {
  return new WorkerCrashedError(`${workers} workers ended before they began with ${place}`, { retryable: true });
}
