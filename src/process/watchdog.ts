import { Worker } from "node:worker_threads";
import { ownFile } from "../on-demand.js";
import { type WatchdogData, word } from "./watchdog-protocol.js";

const thread = ownFile("process/watchdog-thread.js");

/** What is set of a {@link Watchdog}; see `WatchdogData`. */
export type WatchdogOptions = Omit<WatchdogData, "memory" | "sourceMaps">;

/**
 * A thread that tells where the event loop of this process is when it stands still, by an inspector's session that it opens
 * only then. It takes 10 to 19 MB of memory, by the version of Node, and no time worth mentioning.
 */
export class Watchdog {
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * Object.keys(word).length));

  constructor(options: WatchdogOptions) {
    const memory = this.#words.buffer;
    const workerData: WatchdogData = { ...options, memory, sourceMaps: process.sourceMapsEnabled };
    const worker = new Worker(thread, {
      workerData,
      // What the program preloads is not for this thread.
      execArgv: [],
      env: {},
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    // A process without a watchdog serves as well; that it stands still is then told without saying where.
    worker.on("error", () => {});
    worker.once("online", () => worker.unref());
  }

  /** To be called from the event loop at every `interval`. */
  beat(inspected: boolean): void {
    Atomics.store(this.#words, word.inspected, inspected ? 1 : 0);
    Atomics.add(this.#words, word.beats, 1);
  }

  /** Ends the thread. */
  stop(): void {
    Atomics.store(this.#words, word.stop, 1);
    Atomics.notify(this.#words, word.stop);
  }
}
