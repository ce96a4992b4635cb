import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StartError } from "../errors.js";
import { generalLog } from "../log.js";

/**
 * A file with the pid of this process, for scripts that signal it. It is there from the moment at which the program serves,
 * and as a whole: a second start that fails, because the port is taken, does not touch the file of the first. It goes with
 * the process; after a SIGKILL it stays, and the next start replaces it.
 */
export class PidFile {
  readonly #path: string;

  /** @throws StartError when the folder is missing or may not be written to. */
  constructor(path: string) {
    this.#path = resolve(path);
    try {
      accessSync(dirname(this.#path), constants.W_OK);
    } catch (cause) {
      throw new StartError(`pidFile: ${this.#path} cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  /** Writes it, and removes it when the process exits. What goes wrong is logged. */
  publish(): void {
    const draft = `${this.#path}.${process.pid}`;
    try {
      writeFileSync(draft, `${process.pid}\n`);
      renameSync(draft, this.#path);
      process.once("exit", () => this.#remove());
    } catch (error) {
      generalLog.error(`pidFile: ${this.#path} could not be written`, { error });
      rmSync(draft, { force: true });
    }
  }

  /** Another program may have taken the place meanwhile. */
  #remove(): void {
    try {
      if (readFileSync(this.#path, "utf8") === `${process.pid}\n`) rmSync(this.#path);
    } catch {
      // It is gone already.
    }
  }
}
