import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";

/** The error with which a promise rejects; it fails the test when it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("it did not reject"),
    (error: unknown) => error as Error,
  );
}

/** Settles when the executors of this process have reported so many of these from here on. */
export function workerEvents(what: "spawn" | "exit", count: number): Promise<void> {
  return new Promise((resolve) => {
    const name = `waterspout.executor.worker-${what}`;
    let left = count;
    const look = (): void => {
      if (--left > 0) return;
      unsubscribe(name, look);
      resolve();
    };
    subscribe(name, look);
  });
}

/** Blocks this thread: what others send meanwhile is read later, all at once. */
export function blockHere(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Resolves when the condition holds; the test's own limit is the deadline. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** A folder of the test's own, with a file that tasks write lines to. */
export class Notes {
  readonly folder: string;
  readonly file: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.file = join(folder, "notes");
  }

  static async make(): Promise<Notes> {
    return new Notes(await mkdtemp(join(tmpdir(), "waterspout-")));
  }

  async lines(): Promise<string[]> {
    return (await readFile(this.file, "utf8").catch(() => "")).split("\n").slice(0, -1);
  }

  /** The lines, as soon as there are so many; the test's own limit is the deadline. */
  async atLeast(count: number): Promise<string[]> {
    for (;;) {
      const lines = await this.lines();
      if (lines.length >= count) return lines;
      await delay(5);
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
