import { openSync, readSync } from "node:fs";

/** How often it looks. Milliseconds. */
const interval = 5;

/**
 * How long the event loop of this process was held at a time, and the most memory that it had.
 *
 * A machine that is busy makes every loop late. Linux tells how long the main thread was ready and had no CPU; that is taken
 * off, and what is left is the process's own doing: computing, or waiting in a call that blocks. Elsewhere nothing is taken
 * off. A hypervisor's share remains; who asserts on it takes the least of several tries.
 */
export class LoopWatch {
  /** The longest since `begin`. Milliseconds. */
  held = 0;
  /** The highest resident set size since `begin`. Bytes. */
  memory = 0;
  readonly #file = scheduling();
  readonly #text = Buffer.alloc(128);
  #last = performance.now();
  #waited = this.#waiting();

  constructor() {
    setInterval(() => this.#look(), interval);
  }

  begin(): void {
    this.#look();
    this.held = 0;
    this.memory = process.memoryUsage.rss();
  }

  #look(): void {
    const now = performance.now();
    const waited = this.#waiting();
    this.held = Math.max(this.held, now - this.#last - interval - (waited - this.#waited));
    this.memory = Math.max(this.memory, process.memoryUsage.rss());
    this.#last = now;
    this.#waited = waited;
  }

  /** How long the main thread has waited for a CPU, of all its life. Milliseconds. */
  #waiting(): number {
    if (this.#file === undefined) return 0;
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0);
    return Number(this.#text.toString("latin1", 0, length).split(" ")[1]) / 1e6;
  }
}

function scheduling(): number | undefined {
  try {
    return openSync("/proc/self/schedstat", "r");
  } catch {
    return undefined;
  }
}
