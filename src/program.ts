import { IOLoop } from "./loop.js";
import { applicationLog, generalLog } from "./log.js";
import { lostThreads } from "./lost-threads.js";
import { enterChild, leavePrimary, onPrimaryLost, reportBootFailure, reportReady } from "./process/child.js";
import { addFigures, type ServerFigures } from "./process/heartbeat.js";
import type { ReadyInfo } from "./process/messages.js";
import { outliveOutput } from "./process/outlive-output.js";
import { Presence } from "./process/presence.js";
import { isChild } from "./process/role.js";
import { SignalQueue } from "./process/signals.js";
import { nameProcess } from "./process/title.js";

/** What a process of its own does about its end; see {@link Program}. */
export interface ProgramParts {
  /** Starts to serve; what it returns is told to the primary. Rejects when `close` was called meanwhile. */
  open(): Promise<ReadyInfo>;
  /** Called when it serves, and pid file and service manager say so. */
  opened?(info: ReadyInfo): void;
  /** What it tells of itself while it serves. */
  figures(): ServerFigures;
  /** Serves what is due and closes. Safe to call twice, and while it opens. */
  close(): Promise<void>;
  /** How long `close` may take; what is left of the process then is killed. Milliseconds. */
  readonly closeWithin: number;
  /** What a child is called in `ps`; default: the program's file. */
  readonly title?: string | undefined;
  /** A file for the pid of a process that is no child; default: none. */
  readonly pidFile?: string | undefined;
}

/** How long user code that is left over may keep a process alive that has closed. Milliseconds. */
const exitDelay = 1_000;

/** How long the code that follows `bootstrap` has in a process that has to kill itself. Milliseconds. */
const lastWordsWithin = 100;

/** Those of this process that have not closed; more than one when it serves several ports. */
const programs = new Set<Program>();

/**
 * A process that serves, alone or as a child: it opens, tells the primary that it is ready, and closes on a signal, on the
 * loss of the primary, or after an error that nobody caught. When it has closed, `IOLoop.start()` returns and the process
 * ends.
 */
export class Program {
  readonly #parts: ProgramParts;
  readonly #signals: SignalQueue;
  /** Of a lone process; that of a tree is its primary's. */
  #presence: Presence | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.#signals = new SignalQueue({
      SIGTERM: () => this.#onSignal(15),
      // A terminal's Ctrl-C and its end reach the whole group; a child leaves them to the primary.
      ...(!isChild() && { SIGINT: () => this.#onSignal(2), SIGHUP: () => this.#onSignal(1) }),
    });
  }

  /**
   * Resolves when it serves, or when it was told to close before and has done so.
   *
   * @throws what `open` throws, in a lone process; a child reports it to the primary and exits 1.
   */
  async start(): Promise<void> {
    outliveOutput();
    if (isChild()) this.#enter();
    else this.#presence = new Presence(this.#parts.pidFile);
    onPrimaryLost(() => this.close(), { deadline: this.#parts.closeWithin });
    this.#signals.open();
    programs.add(this);
    try {
      const info = await this.#parts.open();
      addFigures(() => this.#parts.figures());
      watchErrors();
      await reportReady(info);
      this.#presence?.serving("serving", () => true);
      this.#parts.opened?.(info);
    } catch (error) {
      if (this.#closing === undefined) await this.#abandon(error);
      await this.#closing;
    }
  }

  /** Closes, and lets the process end. Later calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #enter(): void {
    enterChild();
    nameProcess(this.#parts.title);
  }

  async #close(): Promise<void> {
    this.#presence?.stopping();
    setTimeout(killItself, this.#parts.closeWithin).unref();
    await this.#parts.close();
    this.#presence?.ended();
    programs.delete(this);
    if (programs.size === 0) endProcess();
  }

  async #abandon(error: unknown): Promise<never> {
    this.#signals.close();
    programs.delete(this);
    if (!isChild()) throw error;
    await reportBootFailure(error);
    return process.exit(1);
  }

  #onSignal(number: number): void {
    // A second one forces; but a child may get one from a service manager, too, which signals all processes of a service, and
    // it is the primary that forces its children.
    if (this.#closing !== undefined && !isChild()) process.exit(128 + number);
    void this.close();
  }
}

function endProcess(): void {
  IOLoop.current().stop();
  leavePrimary();
  // Node waits for threads at its end, and one in native code may never end. What follows in the program comes first.
  if (lostThreads() > 0) return void setTimeout(killItself, lastWordsWithin);
  // A timer or a socket of the application's own must not keep the process: it has said that it ends.
  setTimeout(() => process.exit(), exitDelay).unref();
}

/** The last resort: it asks nothing of what hangs. What listens to the process's exit is not called. */
function killItself(): void {
  const stuck = lostThreads();
  const why = stuck === 0 ? "it has not ended in time" : "threads of it are stuck in native code";
  generalLog.error(`the process kills itself: ${why}`);
  process.kill(process.pid, "SIGKILL");
  // The first process of a container cannot be killed from inside.
  process.abort();
}

let watching = false;

/**
 * A rejection that nobody awaited harms no other request: it is logged. After an exception that nobody caught the state is
 * unknown: what is due is served, and the process ends with 1, for the primary to start a new one.
 */
function watchErrors(): void {
  if (watching) return;
  watching = true;
  process.on("unhandledRejection", (error) => applicationLog.error("Unhandled rejection", { error }));
  process.on("uncaughtException", (error) => {
    applicationLog.error("Uncaught exception outside of a request: the process drains and ends", { error });
    process.exitCode = 1;
    for (const program of programs) void program.close();
  });
}
