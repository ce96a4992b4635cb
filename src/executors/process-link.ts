import type { ChildProcess } from "node:child_process";
import { performance } from "node:perf_hooks";
import { WorkerBootError, WorkerCrashedError, WorkerOutOfMemoryError } from "../errors.js";
import { BusyTime } from "./busy-time.js";
import { placeOf } from "./faults.js";
import { giveOwnMemory } from "./own-memory.js";
import type { ControlMessage, TaskMessage, WorkerMessage, WorkerSettings } from "./protocol.js";
import { WorkerLink, type WorkerLinkHost } from "./worker-link.js";

/** What the keeper of processes is told of one, beside what every worker says. */
export interface ProcessLinkHost extends WorkerLinkHost {
  /** It has ended and all its messages are read: tasks that it has not answered never will be. */
  lost(link: ProcessLink): void;
  /** Its place is free: it has ended, and a back-off after a failed start is over. */
  vacated(link: ProcessLink): void;
}

/** What the system said at the end of a process. */
interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a process may exist without its line, and its line without it. Milliseconds. */
const partingTime = 1_000;

/** A process, seen from its executor. */
export class ProcessLink extends WorkerLink {
  readonly #host: ProcessLinkHost;
  readonly #child: ChildProcess | undefined;
  readonly #busy = new BusyTime();
  #running = 0;
  #ending: Ending | undefined;
  #disposed = false;
  #over = false;
  #discarded = false;
  /** It ended by itself after it was ready. */
  crashed = false;
  /** When its last task ended, on the clock of `performance.now()`. */
  idleSince = performance.now();

  /** @param launched the reason instead of a process, when the system refused to make one; then `id` is any number. */
  constructor(launched: ChildProcess | Error, id: number, host: ProcessLinkHost, bootTimeout: number) {
    super(id, host, bootTimeout);
    this.#host = host;
    if (launched instanceof Error) {
      process.nextTick(() => this.#neverStarted(launched));
      return;
    }
    this.#child = launched;
    this.#watch(launched);
  }

  get running(): number {
    return this.#running;
  }

  /** It takes tasks, and its line is there. */
  get usable(): boolean {
    return this.stage === "ready" && this.#child?.connected === true;
  }

  /** Sends what cannot be cloned back as an exception; a line that is closed shows by the end of the process. */
  send(message: WorkerSettings | TaskMessage | ControlMessage): void {
    if (this.#child?.connected !== true) return;
    this.#child.send(message, (error) => {
      if (error !== null) this.#partWithin(partingTime);
    });
  }

  override post(message: ControlMessage): void {
    this.send(message);
  }

  /** It has one task more, and keeps this process alive until it has none. */
  take(): void {
    if (this.#running++ > 0) return;
    this.#busy.begin();
    this.#ref();
  }

  release(): void {
    if (--this.#running > 0) return;
    this.#busy.end();
    this.idleSince = performance.now();
    this.unref();
    this.#partWhenDone();
  }

  /** A quiet pool must not keep this process alive. */
  unref(): void {
    this.#child?.unref();
    this.#child?.channel?.unref();
  }

  /** For a process there is no cheap way to ask: the share of time in which it had a task. */
  override utilization(): number {
    return this.#busy.read();
  }

  /** Lets it dispose its services and end. */
  override async stop(): Promise<void> {
    this.stage = "retiring";
    await super.stop();
    this.#part();
  }

  /** Ends it at once if it has not ended by itself in `limit` milliseconds. */
  endWithin(limit: number): void {
    setTimeout(() => this.terminate(), limit).unref();
  }

  /** Also gives up the place of one whose start failed and that has ended since. */
  override terminate(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    if (this.#over) this.#host.vacated(this);
    else this.#child?.kill("SIGKILL");
  }

  /** Why a task that it ran has no result. */
  crashOf(task: TaskMessage, maxOldSpaceMb: number | undefined): Error {
    const place = placeOf(task);
    const { code, signal } = this.#ending ?? { code: null, signal: null };
    if (signal === "SIGABRT" && maxOldSpaceMb !== undefined) {
      return new WorkerOutOfMemoryError(
        `the process that ran ${place} was aborted: it probably needed more memory than maxOldSpaceMb (${maxOldSpaceMb}) allows`,
      );
    }
    // An error that nobody caught may be another task's: it is in the log, and not in this one's cause.
    const uncaught = this.uncaught !== undefined;
    const why = uncaught ? "an error outside of any call was not caught there" : this.#endingText();
    return new WorkerCrashedError(`the process that ran ${place} ended: ${why}`, {
      retryable: this.killed || uncaught,
      ...(code !== null && { exitCode: code }),
    });
  }

  #ref(): void {
    this.#child?.ref();
    this.#child?.channel?.ref();
  }

  #watch(child: ChildProcess): void {
    child.on("message", (message) => this.#receive(message));
    // Without a listener it would end this process. What follows from it shows in other ways, but for a failed start.
    child.on("error", (error) => {
      if (child.pid === undefined) this.#neverStarted(error);
    });
    child.once("exit", (code, signal) => {
      this.#ending = { code, signal };
      if (!child.connected) return this.#finish();
      // What it sent before is still to be read. Something that it started may hold the line open.
      setTimeout(() => this.#part(), partingTime).unref();
    });
    child.once("disconnect", () => (this.#ending === undefined ? this.#partWithin(partingTime) : this.#finish()));
  }

  #receive(message: unknown): void {
    // Node itself writes to the line, too, under `--watch`.
    if (typeof message !== "object" || message === null || !("type" in message)) return;
    giveOwnMemory(message);
    this.handle(message as WorkerMessage);
    if (message.type !== "stopped") return;
    this.#disposed = true;
    this.#partWhenDone();
  }

  /** It waits for this, so that a task which was on its way when it retired is read and refused and not lost. */
  #partWhenDone(): void {
    if (this.#disposed && this.#running === 0) this.#part();
  }

  /** Its line ends, and so does it. */
  #part(): void {
    if (this.#child?.connected === true) this.#child.disconnect();
  }

  /** Without its line it cannot answer: it ends by itself, or it is ended. */
  #partWithin(limit: number): void {
    if (!this.#over) setTimeout(() => this.#child?.kill("SIGKILL"), limit).unref();
  }

  #neverStarted(cause: Error): void {
    this.uncaught = new WorkerBootError(`a worker process could not be started: ${cause.message}`, { cause });
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.lost(this);
    this.crashed = this.stage === "ready" && !this.#discarded;
    if (this.#discarded || this.stage === "ready" || this.stage === "retiring") {
      this.#discarded = true;
      return this.#host.vacated(this);
    }
    // It keeps its place until the back-off is over; then it is terminated.
    this.uncaught ??= new WorkerBootError(`a worker process ended while it started: ${this.#endingText()}`);
    this.ended();
  }

  #endingText(): string {
    const { code, signal } = this.#ending ?? { code: null, signal: null };
    if (signal === null) return code === null ? "for an unknown reason" : `exit code ${code}`;
    if (this.killed) return `${signal}, for a task that did not stop when it was asked to`;
    return signal === "SIGKILL" ? `${signal}, perhaps by a system that was out of memory` : signal;
  }
}
