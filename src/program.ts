import { applicationLog } from "./log.js";
import { enterChild, leavePrimary, onPrimaryLost, reportBootFailure, reportReady } from "./process/child.js";
import type { ReadyInfo } from "./process/messages.js";
import { isChild } from "./process/role.js";
import { SignalQueue } from "./process/signals.js";

/** What a process of its own does about its end; see {@link Program}. */
export interface ProgramParts {
  /** Starts to serve; what it returns is told to the primary. */
  open(): Promise<ReadyInfo>;
  /** Serves what is due and closes. Safe to call twice. */
  close(): Promise<void>;
}

/** How long user code that is left over may keep a process alive that has closed. Milliseconds. */
const exitDelay = 1_000;

/**
 * A process that serves, alone or as a child: it opens, tells the primary that it is ready, and closes on a signal, on the
 * loss of the primary, or after an error that nobody caught.
 */
export class Program {
  readonly #parts: ProgramParts;
  readonly #signals: SignalQueue;
  #closing: Promise<void> | undefined;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.#signals = new SignalQueue({
      SIGTERM: () => this.#onSignal(15),
      // A terminal's Ctrl-C reaches the whole group; a child leaves it to the primary.
      ...(!isChild() && { SIGINT: () => this.#onSignal(2) }),
    });
  }

  /** Resolves when it serves. @throws what `open` throws, in a lone process; a child reports it to the primary and exits 1. */
  async start(): Promise<void> {
    if (isChild()) enterChild();
    onPrimaryLost(() => this.close());
    this.#signals.open();
    try {
      const info = await this.#parts.open();
      this.#watchErrors();
      await reportReady(info);
    } catch (error) {
      this.#signals.close();
      if (!isChild()) throw error;
      await reportBootFailure(error);
      process.exit(1);
    }
  }

  /** Closes, and lets the process end. Later calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#parts.close();
    leavePrimary();
    // A timer or a socket of the application's own must not keep the process: it has said that it ends.
    setTimeout(() => process.exit(), exitDelay).unref();
  }

  #onSignal(number: number): void {
    if (this.#closing !== undefined) process.exit(128 + number);
    void this.close();
  }

  /**
   * A rejection that nobody awaited harms no other request: it is logged. After an exception that nobody caught the state
   * is unknown: what is due is served, and the process ends with 1, for the primary to start a new one.
   */
  #watchErrors(): void {
    process.on("unhandledRejection", (error) => applicationLog.error("Unhandled rejection", { error }));
    process.on("uncaughtException", (error) => {
      applicationLog.error("Uncaught exception outside of a request: the process drains and ends", { error });
      process.exitCode = 1;
      void this.close();
    });
  }
}
