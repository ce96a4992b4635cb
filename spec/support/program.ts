import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What a started program may be given besides its arguments. */
export interface ProgramOptions {
  /** Added to this process's own environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Given to node before the file. */
  readonly execArgv?: readonly string[];
  /** A command and its arguments that start node in their turn, by exec. */
  readonly command?: readonly string[];
}

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts a compiled module as a program of its own, in a process group of its own.
 *
 * @example
 * const program = startProgram(new URL("./fixtures/server.js", import.meta.url), ["5"]);
 * await program.line(/listening on (\d+)/);
 * program.kill("SIGTERM");
 * expect(await program.exited).to.deep.equal({ code: 0, signal: null });
 * expect(await program.survivors()).to.deep.equal([]);
 * await program.dispose();   // in afterEach
 */
export function startProgram(file: string | URL, args: readonly string[] = [], options: ProgramOptions = {}): Program {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const [command = "", ...rest] = [
    ...(options.command ?? []),
    process.execPath,
    ...(options.execArgv ?? []),
    path,
    ...args,
  ];
  const child = spawn(command, rest, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  return new Program(child);
}

/** A machine that others load, too, may take many times as long as one that is idle. */
const defaultDeadline = 30_000;

/** They end with the specs' process. One listener serves all, for there may be many. */
const running = new Set<Program>();
process.once("exit", () => {
  for (const program of running) program.killGroup("SIGKILL");
});

/** A program that {@link startProgram} started, with all processes that descend from it. */
export class Program {
  readonly pid: number;
  /** Settles when the program itself has ended; its children may still be there. */
  readonly exited: Promise<ProgramExit>;
  /** Settles when all output has been read, which is when every process that could write it has ended. */
  readonly closed: Promise<void>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #output = "";
  #isClosed = false;

  constructor(child: ChildProcess) {
    if (child.pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
    this.pid = child.pid;
    this.#child = child;
    this.exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    this.closed = new Promise((resolve) => child.once("close", () => resolve(this.#closed())));
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", this.#read);
    running.add(this);
  }

  /** The first line that matches, also one that was printed already. Rejects at the deadline and at the program's end. */
  async line(pattern: RegExp, deadline = defaultDeadline): Promise<string> {
    const [line] = await this.lines(pattern, 1, deadline);
    return line ?? "";
  }

  /** The lines that match, as soon as there are `count` of them. Rejects at the deadline and at the program's end. */
  lines(pattern: RegExp, count: number, deadline = defaultDeadline): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#watchers.delete(look);
        clearTimeout(timer);
      };
      const fail = (why: string): void => {
        done();
        reject(
          new Error(`${count} lines like ${String(pattern)} were expected ${why}, the output is:\n${this.#output}`),
        );
      };
      const look = (): void => {
        const found = this.#completeLines().filter((line) => pattern.test(line));
        if (found.length >= count) resolve(found);
        if (found.length >= count) done();
        else if (this.#isClosed) fail("before the program's end");
      };
      const timer = setTimeout(() => fail(`within ${deadline} ms`), deadline);
      this.#watchers.add(look);
      look();
    });
  }

  /** All that the program and its children have written so far, both streams in the order of arrival. */
  output(): string {
    return this.#output;
  }

  /** Closes the pipes that its output comes through: what it and its children write from here on fails with EPIPE. */
  deafen(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Sends a signal to the program alone. */
  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Sends a signal to the program and all its descendants, as Ctrl-C in a terminal does. */
  killGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** The living children of the program, or of another process; in ascending order. */
  childPids(parent = this.pid): number[] {
    return pidsWhere((entry) => entry.parent === parent);
  }

  /** The children of the program as soon as there are `count` of them. Rejects at the deadline. */
  async children(count: number, deadline = defaultDeadline): Promise<number[]> {
    const pids = await poll(
      () => this.childPids(),
      (found) => found.length >= count,
      deadline,
    );
    if (pids.length >= count) return pids;
    throw new Error(`${count} children were expected within ${deadline} ms, the output is:\n${this.#output}`);
  }

  /** The living processes that are still in the program's group, itself included; waits for them to end up to `deadline`. */
  survivors(deadline = 2_000): Promise<number[]> {
    return poll(
      () => this.#group(),
      (found) => found.length === 0,
      deadline,
    );
  }

  /** Kills whatever is left and waits until it is gone. */
  async dispose(): Promise<void> {
    this.killGroup("SIGKILL");
    await this.closed;
    running.delete(this);
  }

  #group(): number[] {
    return hasGroup(this.pid) ? pidsWhere(({ group }) => group === this.pid) : [];
  }

  readonly #read = (text: string): void => {
    this.#output += text;
    this.#wake();
  };

  #closed(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #wake(): void {
    for (const look of this.#watchers) look();
  }

  #completeLines(): string[] {
    return this.#output.split("\n").slice(0, this.#isClosed ? undefined : -1);
  }
}

/** True while a process with this id exists and has not ended. */
export function isAlive(pid: number): boolean {
  return entryOf(pid).length > 0;
}

/** Asks the system alone, which is much cheaper than to look at all processes. */
function hasGroup(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

function pidsWhere(isWanted: (entry: ProcessEntry) => boolean): number[] {
  return processes()
    .filter(isWanted)
    .map(({ pid }) => pid);
}

/** Reads again and again, because /proc tells nobody when it changes; the last reading at the deadline. */
async function poll(read: () => number[], isEnough: (found: number[]) => boolean, deadline: number): Promise<number[]> {
  const end = performance.now() + deadline;
  for (;;) {
    const found = read();
    if (isEnough(found) || performance.now() >= end) return found;
    await delay(20);
  }
}

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** All processes but those that have ended and only wait for their parent to notice. */
function processes(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap(entryOf);
}

function entryOf(pid: number): ProcessEntry[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): "pid (name) state ppid pgrp …", where the name may contain anything.
    const [state = "", parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return "ZX".includes(state) ? [] : [{ pid, parent: Number(parent), group: Number(group) }];
  } catch {
    return [];
  }
}
