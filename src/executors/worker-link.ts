import { performance } from "node:perf_hooks";
import { WorkerBootError, WorkerCrashedError } from "../errors.js";
import { generalLog } from "../log.js";
import { decodeError } from "./error-codec.js";
import { placeOf } from "./faults.js";
import type { ControlMessage, Reply, TaskControl, TaskMessage, WorkerMessage } from "./protocol.js";
import { decodeValues } from "./values.js";
import { logForwarded } from "./worker-log.js";
import type { RunRequest } from "./workers.js";

/** What a link tells the pool that it belongs to. */
export interface WorkerLinkHost {
  /** The worker takes tasks from here on. */
  ready(link: WorkerLink): void;
  /** The worker cannot take tasks, now or ever. */
  bootFailed(link: WorkerLink, error: Error): void;
  /** The worker takes no more tasks and ends when those it has are done. */
  retiring(link: WorkerLink): void;
  reply(id: number, reply: Reply): void;
  item(id: number, value: unknown): void;
  /** It was told to end at once, and is still there. */
  stuck(link: WorkerLink): void;
  /** It has ended and all its messages are read: tasks that it has not answered never will be. */
  ended(link: WorkerLink): void;
  /** Its place is free: it has ended, and a back-off after a failed start is over. */
  vacated(link: WorkerLink): void;
}

/**
 * How far a worker is. One that is `lost` was ended but has not gone: it is in native code that cannot be interrupted, and
 * keeps its place until it comes back.
 */
export type LinkStage = "booting" | "ready" | "failed" | "retiring" | "lost";

/** After it was ended a worker is gone within moments; one that takes longer is stuck. Milliseconds. */
const endLimit = 1_000;

/** The executor's view of one worker: how far it is, and what it says. The other side is a `WorkerSession`. */
export abstract class WorkerLink {
  /** Thread id or process id. */
  readonly id: number;
  stage: LinkStage = "booting";
  /** Why the worker ended, if it said so; the cause of its tasks' errors. */
  uncaught: Error | undefined;
  /** It was ended on purpose, for a task that did not stop. */
  killed = false;
  /** It ended by itself, and not because it was asked to. */
  crashed = false;
  /** Bytes of its heap in use, as it last told. */
  usedHeap = 0;
  /** When its last task ended, on the clock of `performance.now()`. */
  idleSince = performance.now();
  readonly #host: WorkerLinkHost;
  readonly #bootTimer: NodeJS.Timeout;
  /** Tasks that were sent before their turn, in the order in which it begins with them. */
  readonly #ahead: number[] = [];
  /** How many were recalled since it last answered: until then their messages stay with it. */
  #recalled = 0;
  #completed = 0;
  #running = 0;
  #stopped: (() => void) | undefined;
  #disposed = false;
  #discarded = false;
  #over = false;

  /** @param bootTimeout milliseconds until a worker that does not get ready counts as failed. */
  constructor(id: number, host: WorkerLinkHost, bootTimeout: number) {
    this.id = id;
    this.#host = host;
    this.#bootTimer = setTimeout(() => {
      this.fail(
        new WorkerBootError(`a worker was not ready after ${bootTimeout} ms: is \`configure\` waiting for something?`),
      );
    }, bootTimeout).unref();
  }

  /** Sends a task. Throws when it cannot be sent, as `structuredClone` does. */
  abstract assign(request: RunRequest): void;

  /** Hands a message to the task that it concerns, if that runs. */
  abstract control(message: TaskControl): void;

  /** True unless it is certain that the worker has not begun with the task. */
  abstract began(id: number): boolean;

  /** Takes a task back that it has not begun, and that is to be released then. @returns false when it may have begun with it. */
  abstract recall(id: number): boolean;

  /** Share of time its event loop was busy since the last call: 0 to 1. */
  abstract utilization(): number;

  /** What it is, for messages. */
  abstract readonly noun: "thread" | "process";

  /** How it ended, for messages. */
  abstract get ending(): string;

  /** The status with which it ended, where there is one. */
  protected abstract get exitCode(): number | undefined;

  /** Whether it still exists. */
  protected abstract get alive(): boolean;

  /** Whether this side can still reach it. */
  protected abstract get reachable(): boolean;

  /** Hands a message to the worker. */
  protected abstract post(message: ControlMessage): void;

  /** Ends it, whatever it does. */
  protected abstract kill(): void;

  /** Ends one that has disposed all and has nothing left to say. */
  protected abstract part(): void;

  /** A quiet pool must not keep this process alive; one with tasks, or one that starts, must. */
  protected abstract hold(held: boolean): void;

  /** It takes tasks. */
  get usable(): boolean {
    return this.stage === "ready" && !this.#discarded && this.reachable;
  }

  /** How many tasks it has, without those ahead. */
  get running(): number {
    return this.#running;
  }

  /** The tasks that it was sent before their turn and has not been seen to begin. */
  get ahead(): readonly number[] {
    return this.#ahead;
  }

  /** How many messages of such tasks it has, also of those that were recalled: what it does not read must not grow. */
  get messagesAhead(): number {
    return this.#ahead.length + this.#recalled;
  }

  /** How many tasks it has ended. */
  get completed(): number {
    return this.#completed;
  }

  /** Why a task that it had has no result. */
  crashOf(task: TaskMessage): Error {
    const { exitCode } = this;
    return new WorkerCrashedError(`the ${this.noun} that ran ${placeOf(task)} ended: ${this.#why()}`, {
      // Then it was not the task's fault, or it was never run.
      retryable: this.killed || this.uncaught !== undefined || !this.began(task.id),
      ...(exitCode !== undefined && { exitCode }),
    });
  }

  /** How many of its places no task can have, although it counts as one of the pool's. */
  blocked(places: number): number {
    if (this.stage === "failed" || this.stage === "lost") return places;
    return this.#discarded && this.stage !== "retiring" ? places - this.#running : 0;
  }

  /** It has one task more. */
  take(_id: number): void {
    if (this.#running++ === 0) this.hold(true);
  }

  /** It is to have one task more, but before its turn: it begins with it by itself when it has ended what it has. */
  addAhead(id: number): void {
    this.#ahead.push(id);
  }

  /** It has ended a task, and begins with the next of those ahead. @returns which; undefined when there is none. */
  beginAhead(): number | undefined {
    this.#recalled = 0;
    const id = this.#ahead.shift();
    if (id !== undefined) this.take(id);
    return id;
  }

  /** @param done whether it ran the task. */
  release(id: number, done: boolean): void {
    const place = this.#ahead.indexOf(id);
    if (place !== -1) {
      this.#ahead.splice(place, 1);
      this.#recalled++;
      return;
    }
    if (done) this.#completed++;
    if (--this.#running > 0) return;
    this.idleSince = performance.now();
    this.hold(false);
    this.#partWhenDone();
  }

  /** Lets it finish its tasks and dispose its services. Resolves when it has, at its end at the latest. */
  stop(): Promise<void> {
    if (this.stage !== "lost") this.stage = "retiring";
    return new Promise((resolve) => {
      this.#stopped = resolve;
      if (this.#over || this.#disposed) resolve();
      else this.post({ type: "stop" });
    });
  }

  /** Ends it if it has not ended by itself in `limit` milliseconds. */
  endWithin(limit: number): void {
    setTimeout(() => this.terminate(), limit).unref();
  }

  /** Ends it at once; also gives up the place of one whose start failed and that has ended since. */
  terminate(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    if (this.#over) return this.#host.vacated(this);
    this.kill();
    setTimeout(() => this.#outlast(), endLimit).unref();
  }

  protected handle(message: WorkerMessage): void {
    switch (message.type) {
      case "output":
        process[message.stream].write(message.chunk);
        return;
      case "heap":
        this.usedHeap = message.used;
        return;
      case "log":
        return logForwarded(message.record);
      case "reply":
        return this.#host.reply(message.id, message.reply);
      case "item":
        return this.#host.item(message.id, decodeValues([message.value], message.marks)[0]);
      case "ready":
        return this.#ready();
      case "bootFailed":
        return this.fail(decodeError(message.error));
      case "uncaught":
        return this.#noteUncaught(decodeError(message.error));
      case "retiring":
        return this.#retiring();
      case "stopped":
        this.#disposed = true;
        this.#stopped?.();
        this.#partWhenDone();
    }
  }

  /** It cannot take tasks. */
  protected fail(error: Error): void {
    clearTimeout(this.#bootTimer);
    if (this.stage !== "booting") return;
    this.stage = "failed";
    this.hold(false);
    this.#host.bootFailed(this, error);
  }

  /** To be called once, when it has ended in whatever way and all that it said is read. */
  protected finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.crashed = this.uncaught !== undefined || (this.stage === "ready" && !this.#discarded);
    this.#host.ended(this);
    this.#stopped?.();
    if (this.stage !== "booting" && this.stage !== "failed") this.#discarded = true;
    if (this.#discarded) return this.#vacate();
    // It keeps its place until the back-off is over; then it is terminated.
    this.fail(this.uncaught ?? new WorkerBootError(`a worker ${this.noun} ended while it started: ${this.ending}`));
  }

  /** An error that nobody caught may be another task's: it is in the log, and not in this one's cause. */
  #why(): string {
    if (this.uncaught !== undefined) return "an error outside of any call was not caught there";
    return this.killed ? "for a task that did not stop when it was asked to" : this.ending;
  }

  #vacate(): void {
    clearTimeout(this.#bootTimer);
    this.#host.vacated(this);
  }

  #ready(): void {
    clearTimeout(this.#bootTimer);
    if (this.stage !== "booting") return;
    this.stage = "ready";
    this.idleSince = performance.now();
    this.hold(false);
    this.#host.ready(this);
  }

  #retiring(): void {
    if (this.stage !== "ready") return;
    this.stage = "retiring";
    this.#host.retiring(this);
  }

  #noteUncaught(error: Error): void {
    this.uncaught = error;
    generalLog.error("a worker failed outside of its tasks and is replaced", { error });
  }

  /** It waits for this, so that a task which was on its way when it retired is refused and not lost, and an answer is read. */
  #partWhenDone(): void {
    if (this.#disposed && this.#running === 0) this.part();
  }

  #outlast(): void {
    if (!this.alive) return;
    this.stage = "lost";
    this.#host.stuck(this);
  }
}
