import { type Program, type ProgramExit, type ProgramOptions, startProgram } from "./program.js";

/** A program that serves HTTP, started as `startProgram` does. */
export class ServedProgram {
  readonly program: Program;
  #hasEnded = false;

  constructor(file: URL, args: readonly string[] = [], options: ProgramOptions = {}) {
    this.program = startProgram(file, args, options);
  }

  /** The URL of a path, as soon as the program has said where it listens; `index` tells several servers apart. */
  async url(path: string, index = 0): Promise<string> {
    const lines = await this.program.lines(/general\] listening on http/, index + 1);
    const [, base] = /listening on (http:\/\/[^\s,]+)/.exec(lines[index] ?? "") ?? [];
    return `${base}${path}`;
  }

  /** Asks on a connection of its own, so that every process of the program may be the one that answers. */
  async get(path: string, index = 0): Promise<string> {
    return (await fetch(await this.url(path, index), { headers: { connection: "close" } })).text();
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(await this.get(path)) as T;
  }

  /** Asks it to end, and waits until all its output is read. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ProgramExit> {
    this.program.kill(signal);
    return this.ended();
  }

  async ended(): Promise<ProgramExit> {
    const exit = await this.program.exited;
    this.#hasEnded = true;
    await this.program.closed;
    return exit;
  }

  /** How many of the lines so far match. */
  count(pattern: RegExp): number {
    return this.lines(pattern).length;
  }

  /** The lines so far that match. */
  lines(pattern: RegExp): string[] {
    return this.program
      .output()
      .split("\n")
      .filter((line) => pattern.test(line));
  }

  /**
   * Ends it the hard way if the test did not.
   * @throws Error when the program has ended and left processes behind.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const survivors = this.#hasEnded ? await this.program.survivors() : [];
    await this.program.dispose();
    if (survivors.length > 0) {
      throw new Error(`processes were left: ${survivors.join(", ")}; the output is:\n${this.program.output()}`);
    }
  }
}
