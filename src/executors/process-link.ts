import type { ChildProcess } from "node:child_process";
import { WorkerBootError, WorkerOutOfMemoryError } from "../errors.js";
import { BusyTime } from "./busy-time.js";
import { refuseDetached } from "./detached.js";
import { placeOf } from "./faults.js";
import { giveOwnMemory } from "./own-memory.js";
import type { ControlMessage, TaskControl, TaskMessage, WorkerMessage, WorkerSettings } from "./protocol.js";
import { WorkerLink, type WorkerLinkHost } from "./worker-link.js";
import type { RunRequest } from "./workers.js";

/** What a link is made of. */
export interface ProcessParts {
  /** The reason instead of a process, when the system refused to make one; then `id` is any number. */
  readonly launched: ChildProcess | Error;
  readonly id: number;
  readonly bootTimeout: number;
  readonly maxOldSpaceMb: number | undefined;
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
  override readonly noun = "process";
  readonly #child: ChildProcess | undefined;
  readonly #maxOldSpaceMb: number | undefined;
  readonly #busy = new BusyTime();
  #ending: Ending | undefined;

  constructor({ launched, id, bootTimeout, maxOldSpaceMb }: ProcessParts, host: WorkerLinkHost) {
    super(id, host, bootTimeout);
    this.#maxOldSpaceMb = maxOldSpaceMb;
    if (launched instanceof Error) {
      process.nextTick(() => this.#neverStarted(launched));
      return;
    }
    this.#child = launched;
    this.#watch(launched);
  }

  override get ending(): string {
    const { code, signal } = this.#ending ?? { code: null, signal: null };
    if (signal === null) return code === null ? "for an unknown reason" : `exit code ${code}`;
    return signal === "SIGKILL" ? `${signal}, perhaps by a system that was out of memory` : signal;
  }

  /** Tells it what it is. */
  begin(settings: WorkerSettings): void {
    this.#send(settings);
  }

  override assign({ message }: RunRequest): void {
    refuseDetached(message.args);
    this.#send(message);
  }

  override control(message: TaskControl): void {
    this.#send(message);
  }

  /** There is no way to know what it has read. */
  override began(): boolean {
    return true;
  }

  override recall(): boolean {
    return false;
  }

  override take(id: number): void {
    this.#busy.begin();
    super.take(id);
  }

  override release(id: number, done: boolean): void {
    super.release(id, done);
    if (this.running === 0) this.#busy.end();
  }

  /** For a process there is no cheap way to ask: the share of time in which it had a task. */
  override utilization(): number {
    return this.#busy.read();
  }

  override crashOf(task: TaskMessage): Error {
    if (this.#ending?.signal !== "SIGABRT" || this.#maxOldSpaceMb === undefined) return super.crashOf(task);
    return new WorkerOutOfMemoryError(
      `the process that ran ${placeOf(task)} was aborted: ` +
        `it probably needed more memory than maxOldSpaceMb (${this.#maxOldSpaceMb}) allows`,
    );
  }

  protected override get exitCode(): number | undefined {
    return this.#ending?.code ?? undefined;
  }

  protected override get alive(): boolean {
    return this.#child !== undefined && this.#ending === undefined;
  }

  protected override get reachable(): boolean {
    return this.#child?.connected === true;
  }

  protected override post(message: ControlMessage): void {
    this.#send(message);
  }

  protected override kill(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Its line ends, and so does it. */
  protected override part(): void {
    if (this.#child?.connected === true) this.#child.disconnect();
  }

  protected override hold(held: boolean): void {
    for (const each of [this.#child, this.#child?.channel]) {
      if (held) each?.ref();
      else each?.unref();
    }
  }

  /** Sends what cannot be cloned back as an exception; a line that is closed shows by the end of the process. */
  #send(message: WorkerSettings | TaskMessage | ControlMessage): void {
    if (this.#child?.connected !== true) return;
    this.#child.send(message, (error) => {
      if (error !== null) this.#killLater();
    });
  }

  #watch(child: ChildProcess): void {
    child.on("message", (message) => this.#receive(message));
    // Without a listener it would end this process. What follows from it shows in other ways, but for a failed start.
    child.on("error", (error) => {
      if (child.pid === undefined) this.#neverStarted(error);
    });
    child.once("exit", (code, signal) => {
      this.#ending = { code, signal };
      if (!child.connected) return this.finish();
      // What it sent before is still to be read. Something that it started may hold the line open.
      setTimeout(() => this.part(), partingTime).unref();
    });
    child.once("disconnect", () => (this.#ending === undefined ? this.#killLater() : this.finish()));
  }

  #receive(message: unknown): void {
    // Node itself writes to the line, too, under `--watch`.
    if (typeof message !== "object" || message === null || !("type" in message)) return;
    giveOwnMemory(message);
    this.handle(message as WorkerMessage);
  }

  /** Without its line it cannot answer: it ends by itself, or it is ended. */
  #killLater(): void {
    setTimeout(() => {
      if (this.alive) this.kill();
    }, partingTime).unref();
  }

  #neverStarted(cause: Error): void {
    this.uncaught = new WorkerBootError(`a worker process could not be started: ${cause.message}`, { cause });
    this.finish();
  }
}
