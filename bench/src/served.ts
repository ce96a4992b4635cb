import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A program that serves in several processes, seen from outside. Linux only: what it measures stands in /proc. */
export class Served {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(...args: readonly string[]): Promise<Served> {
    const file = fileURLToPath(new URL("./processes-server.js", import.meta.url));
    const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    child.stderr.setEncoding("utf8");
    for await (const text of child.stderr.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      output += text;
      const url = /listening on (http:\/\/[^\s,]+)/.exec(output)?.[1];
      if (url === undefined) continue;
      child.stderr.resume();
      return new Served(child, `${url}/`);
    }
    throw new Error(output);
  }

  /** The processes that serve. */
  get children(): number[] {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && statOf(pid)[1] === String(this.#child.pid));
  }

  /** Milliseconds of processor time that all processes have used, the primary included. */
  cpu(): number {
    return [this.#child.pid ?? 0, ...this.children]
      .map(statOf)
      .reduce((sum, stat) => sum + (Number(stat[11]) + Number(stat[12])) * 10, 0);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
  }
}

/** The fields of /proc/PID/stat behind the name: state, parent, …; empty when there is no such process. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return [];
  }
}
