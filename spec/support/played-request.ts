import type { RequestContext, RequestWatcher } from "#src/context.js";

/** A request that the test plays. */
export class PlayedRequest implements RequestContext {
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
  readonly timeLeft: number | undefined;
  readonly watchers = new Set<RequestWatcher>();
  /** How long its tasks have waited, in milliseconds. */
  readonly waits: number[] = [];
  /** Whether somebody has asked for its signal. */
  hasSignal = false;
  ended: Error | undefined;
  readonly #controller = new AbortController();

  constructor(told: { readonly requestId?: string; readonly traceparent?: string; readonly timeLeft?: number } = {}) {
    this.requestId = told.requestId;
    this.traceparent = told.traceparent;
    this.timeLeft = told.timeLeft;
  }

  get signal(): AbortSignal {
    this.hasSignal = true;
    return this.#controller.signal;
  }

  watch(watcher: RequestWatcher): void {
    this.watchers.add(watcher);
  }

  unwatch(watcher: RequestWatcher): void {
    this.watchers.delete(watcher);
  }

  taskStarted(waited: number): void {
    this.waits.push(waited);
  }

  end(reason: Error): void {
    this.ended = reason;
    for (const watcher of this.watchers) watcher.requestEnded(reason);
  }
}
