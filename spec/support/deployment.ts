import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import type { ServeOptions } from "waterspout";
import { ServedProgram } from "./served-program.js";

/** A program whose code can be replaced while it serves: `fixtures/deployed.ts`. */
export class Deployment implements AsyncDisposable {
  readonly served: ServedProgram;
  readonly #directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));

  constructor(options: ServeOptions) {
    this.deploy(`export const version = "0";`);
    const fixture = new URL("../system/fixtures/deployed.js", import.meta.url);
    this.served = new ServedProgram(fixture, [this.#file, JSON.stringify(options)]);
  }

  /** Puts code in the place of what the next process will run. */
  deploy(code: string): void {
    const draft = join(this.#directory, "draft.mjs");
    writeFileSync(draft, code);
    renameSync(draft, this.#file);
  }

  /** Reloads, and waits for its end: resolves with the line that says how it went. */
  async reload(): Promise<string> {
    const ended = /general\] reload (complete|failed)/;
    const before = this.served.count(ended);
    this.served.program.kill("SIGHUP");
    const lines = await this.served.program.lines(ended, before + 1, 300_000);
    return lines.at(-1) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.served[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true });
  }

  get #file(): string {
    return join(this.#directory, "version.mjs");
  }
}
