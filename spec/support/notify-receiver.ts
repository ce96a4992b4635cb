import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { skip } from "./skip.js";

/** A service manager's end of sd_notify(3): prints each datagram, and closes the descriptors that a barrier waits for. */
const receiver = `
import array, os, socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, extra, _, _ = manager.recvmsg(4096, 4096)
    for level, kind, payload in extra:
        if kind == socket.SCM_RIGHTS:
            files = array.array("i")
            files.frombytes(payload[: len(payload) - len(payload) % files.itemsize])
            for file in files: os.close(file)
    print(data.decode().replace(chr(10), " | "), flush=True)
`;

/** Skips specs where the receiver, or the program that sends to it, cannot be had. Call it in `before`. */
export function requireReceiver(context: Context): void {
  const missing = ["python3", "systemd-notify"].filter((name) => spawnSync(name, ["--version"]).status !== 0);
  if (missing.length > 0) skip(context, `${missing.join(" and ")} must be installed`);
}

/** What a program tells the service manager in whose place the spec is. Needs python3, for Node has no such sockets. */
export class NotifyReceiver {
  readonly path: string;
  readonly #directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #text = "";

  constructor() {
    this.path = join(this.#directory, "notify.sock");
    this.#process = spawn("python3", ["-c", receiver, this.path], { stdio: ["ignore", "pipe", "inherit"] });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
      for (const look of this.#watchers) look();
    });
  }

  /** What was told so far, without barriers; the lines of one message with ` | ` between them. */
  get messages(): string[] {
    const lines = this.#text.split("\n").slice(0, -1);
    return lines.filter((line) => line !== "bound" && line !== "BARRIER=1");
  }

  /** Settles when it receives. */
  bound(): Promise<void> {
    return this.#until(() => this.#text.startsWith("bound\n"), "the receiver to start");
  }

  /** Settles with the messages as soon as one of them matches, or `count` of them. Rejects at the deadline. */
  async message(pattern: RegExp, count = 1): Promise<string[]> {
    await this.#until(() => this.messages.filter((line) => pattern.test(line)).length >= count, String(pattern));
    return this.messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Behind each message systemd-notify sends a barrier, which would be refused; old ones send none.
    const areAllBehind = (): boolean => this.#text.split("BARRIER=1\n").length > this.messages.length;
    await this.#until(areAllBehind, "the last barrier", 1_000).catch(() => {});
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#directory, { recursive: true });
  }

  #until(isSo: () => boolean, what: string, deadline = 30_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        then();
      };
      const look = (): void => (isSo() ? settle(resolve) : undefined);
      const late = (): void => settle(() => reject(new Error(`waited for ${what}, got ${JSON.stringify(this.#text)}`)));
      const timer = setTimeout(late, deadline);
      this.#watchers.add(look);
      look();
    });
  }
}
