import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A program that serves, alone or in several processes, seen from outside. Linux only: what it measures stands in /proc. */
export class Served {
  /** Without a slash at the end. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /**
   * Starts it, and waits until it says `listening on http://…` on one of its outputs.
   *
   * @throws Error with what it printed when it ends before.
   */
  static async start(command: readonly string[]): Promise<Served> {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: environment() });
    const url = await new Promise<string>((resolve, reject) => {
      let output = "";
      child.once("error", reject);
      child.once("close", () => reject(new Error(`${command.join(" ")} ended:\n${output}`)));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          const found = /listening on (http:\/\/[^\s,"]+)/.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        });
      }
    });
    return new Served(child, url);
  }

  /** The process that was started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The processes that serve when there are several. */
  get children(): number[] {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && parentOf(pid) === this.pid);
  }

  /** Microseconds of processor time, user and system, that all threads of all processes have used. */
  cpu(): number {
    return [this.pid, ...this.children].reduce((sum, pid) => sum + cpuOf(pid), 0);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
  }
}

/** The command for a program of this folder. */
export function program(node: string, file: string, ...args: readonly string[]): string[] {
  return [node, fileURLToPath(new URL(file, import.meta.url)), ...args];
}

/** As in production, and nothing that would change how the program serves. */
export function environment(): NodeJS.ProcessEnv {
  const { PORT: _, HOST: __, WEB_CONCURRENCY: ___, NODE_OPTIONS: ____, ...rest } = process.env;
  return { ...rest, NODE_ENV: "production" };
}

function parentOf(pid: number): number {
  const [, parent] = (read(`/proc/${pid}/stat`) ?? "").replace(/^.*\) /s, "").split(" ");
  return Number(parent);
}

/** From the scheduler, in nanoseconds: /proc/PID/stat counts in ticks of 10 ms. Of threads that have ended it knows nothing. */
function cpuOf(pid: number): number {
  const threads = tasksOf(pid).map((id) => read(`/proc/${pid}/task/${id}/schedstat`) ?? "0");
  return threads.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1000;
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Undefined when the process has ended. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}
