import cluster, { type Worker } from "node:cluster";
import { Socket } from "node:net";
import { toError } from "../errors.js";
import { type ChildEnding, endingOf } from "./ending.js";
import {
  type ChildFigures,
  type ChildMessage,
  isChildMessage,
  type PrimaryMessage,
  type ReadyInfo,
} from "./messages.js";
import { taskIdVariable } from "./role.js";
import { readStalls, stallDescriptor, type StallReport } from "./stall.js";

/**
 * `starting`: forked, not yet ready. `ready`: it said so. `stopping`: it was asked to end, or is being killed.
 * `gone`: it has ended, or never came to be.
 */
export type WorkerStage = "starting" | "ready" | "stopping" | "gone";

/** What a handle tells its supervisor; never called from within the constructor. */
export interface WorkerListener {
  /** The child serves. Called once at most. */
  childReady(child: WorkerHandle): void;
  /**
   * `bootFailure` is set: the child reported it, or ran out of time. Called once at most, before `childGone`, and not
   * for a child that was asked to stop.
   */
  childFailedToBoot(child: WorkerHandle): void;
  /** Its event loop stands still; it may go on again. */
  childStalled(child: WorkerHandle, report: StallReport): void;
  /** Nothing of the child is left. Called exactly once. */
  childGone(child: WorkerHandle, ending: ChildEnding): void;
}

/** How long the last messages of a child that has exited may take to be read. */
const lastMessagesWithin = 1_000;

/** Which child is to be forked. */
export interface ChildPlace {
  readonly taskId: number;
  /** How many reloads were asked for before. */
  readonly generation: number;
}

/** The primary's view of one child: a process, or the attempt to fork one. Its next incarnation is another handle. */
export class WorkerHandle {
  readonly taskId: number;
  readonly generation: number;
  readonly started = new Date();
  /** Settles when the child serves, with true; with false when it could not start or ended before. */
  readonly ready: Promise<boolean>;
  /** Settles when nothing of the child is left, after the listener was told. */
  readonly gone: Promise<ChildEnding>;
  #settleReady!: (isReady: boolean) => void;
  #settleGone!: (ending: ChildEnding) => void;
  readonly #listener: WorkerListener;
  readonly #killMargin: number;
  readonly #worker: Worker | undefined;
  #stage: WorkerStage = "starting";
  #info: ReadyInfo | undefined;
  #figures: ChildFigures | undefined;
  #lastHeard = performance.now();
  #bootFailure: string | undefined;
  #asked = false;
  #expired = false;
  #bootTimer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  /** Forks. Whatever goes wrong with that is told to `childGone`, too. Times are milliseconds. */
  constructor(place: ChildPlace, listener: WorkerListener, times: { bootTimeout: number; killMargin: number }) {
    this.taskId = place.taskId;
    this.generation = place.generation;
    this.ready = new Promise((resolve) => (this.#settleReady = resolve));
    this.gone = new Promise((resolve) => (this.#settleGone = resolve));
    this.#listener = listener;
    this.#killMargin = times.killMargin;
    this.#worker = this.#fork();
    this.#bootTimer = setTimeout(() => this.#bootTimedOut(times.bootTimeout), times.bootTimeout);
  }

  get stage(): WorkerStage {
    return this.#stage;
  }

  /** Undefined when the fork failed. */
  get pid(): number | undefined {
    return this.#worker?.process.pid;
  }

  /** What the child said about itself when it became ready; empty before. */
  get info(): ReadyInfo {
    return this.#info ?? {};
  }

  /** True from the moment it became ready, also when it is no longer. */
  get wasReady(): boolean {
    return this.#info !== undefined;
  }

  /** What it last told of itself; undefined before it has told anything. */
  get figures(): ChildFigures | undefined {
    return this.#figures;
  }

  /** When something was last heard of the child: its start, or its last message. By `performance.now()`. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /** Why the child could not start, if it is known. */
  get bootFailure(): string | undefined {
    return this.#bootFailure;
  }

  /** True when the child was asked to end. */
  get asked(): boolean {
    return this.#asked;
  }

  /** True when the child did not end in time after `term`, and was killed for it. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Tells the child something; a child whose line is closed does not hear it. */
  tell(message: PrimaryMessage): void {
    // Without a callback a lost channel would be an 'error'; the end of the child is told by its 'exit'.
    if (this.#worker?.isConnected() === true) this.#worker.process.send(message, undefined, undefined, () => {});
  }

  /** Asks the child to drain and end, and kills it after `deadline` milliseconds. A second call changes nothing. */
  term(deadline: number): void {
    if (this.#stage === "stopping" || this.#stage === "gone") return;
    this.#asked = true;
    this.#leaveStart("stopping");
    this.#worker?.process.kill("SIGTERM");
    this.#killAfter(deadline);
  }

  /** Ends the child without asking it. */
  kill(): void {
    if (this.#stage === "gone") return;
    this.#leaveStart("stopping");
    this.#worker?.process.kill("SIGKILL");
  }

  /** `child 2 (pid 123)`, as in every line of the log. */
  get name(): string {
    return this.pid === undefined ? `child ${this.taskId}` : `child ${this.taskId} (pid ${this.pid})`;
  }

  #fork(): Worker | undefined {
    try {
      const worker = cluster.fork({ [taskIdVariable]: String(this.taskId) });
      worker.on("message", (message: unknown) => this.#received(message));
      worker.on("error", (error) => this.#failed(error));
      worker.on("exit", (status, signal) => this.#exited(worker, status, signal));
      this.#listenForStalls(worker.process.stdio);
      return worker;
    } catch (error) {
      // Some reasons are thrown (ENOMEM), others arrive as 'error' (EAGAIN): here they become one.
      setImmediate(() => this.#end({ kind: "not forked", error: toError(error) }));
      return undefined;
    }
  }

  #listenForStalls(stdio: readonly unknown[]): void {
    const stream = stdio[stallDescriptor];
    if (stream instanceof Socket) readStalls(stream, (report) => this.#listener.childStalled(this, report));
  }

  #received(message: unknown): void {
    if (!isChildMessage(message)) return;
    this.#lastHeard = performance.now();
    if (message.waterspout === "status") this.#figures = message.figures;
    else if (this.#stage === "starting" && this.#bootFailure === undefined) this.#booted(message);
  }

  #booted(message: Exclude<ChildMessage, { waterspout: "status" }>): void {
    if (message.waterspout === "boot-failure") return this.#bootFailed(message.reason);
    this.#info = message.info;
    this.#leaveStart("ready");
    this.#listener.childReady(this);
    this.#settleReady(true);
  }

  #bootTimedOut(bootTimeout: number): void {
    this.kill();
    this.#bootFailed(`not ready within ${bootTimeout / 1000} s`);
  }

  /** The child is to exit by itself now; that it does is not left to it. */
  #bootFailed(reason: string): void {
    if (this.#bootFailure !== undefined) return;
    this.#bootFailure = reason;
    this.#killAfter(this.#killMargin);
    this.#listener.childFailedToBoot(this);
    this.#settleReady(false);
  }

  /** An 'error' of a child that runs is a signal or a message that did not arrive: its end will be told by 'exit'. */
  #failed(error: Error): void {
    if (this.pid === undefined) this.#end({ kind: "not forked", error });
  }

  /** The exit may overtake what the child said last, "ready" for example: the end of its channel cannot. */
  #exited(worker: Worker, status: number | null, signal: string | null): void {
    const end = (): void => this.#end(endingOf(status, signal));
    if (!worker.isConnected()) return end();
    const timer = setTimeout(end, lastMessagesWithin);
    worker.once("disconnect", () => {
      clearTimeout(timer);
      end();
    });
  }

  #end(ending: ChildEnding): void {
    if (this.#stage === "gone") return;
    this.#leaveStart("gone");
    clearTimeout(this.#killTimer);
    this.#listener.childGone(this, ending);
    this.#settleReady(false);
    this.#settleGone(ending);
  }

  #leaveStart(stage: WorkerStage): void {
    this.#stage = stage;
    clearTimeout(this.#bootTimer);
  }

  #killAfter(delay: number): void {
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => {
      this.#expired = true;
      this.kill();
    }, delay);
  }
}
