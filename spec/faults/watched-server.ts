import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RawClient } from "../support/raw-client.js";
import type { Question, Report } from "./application.js";

/** The application of faults in a process of its own, which says what a fault has done to it. */
export class WatchedServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    this.#exited = once(child, "exit");
  }

  /**
   * @param files the folder that it serves below `/static/`.
   * @param temporary the folder where it keeps what is uploaded.
   * @param patience whether it gives clients a fraction of a second, or the usual time.
   */
  static async start(files: string, temporary: string, patience: "patient" | "impatient"): Promise<WatchedServer> {
    const child = fork(fileURLToPath(new URL("./application.js", import.meta.url)), [files, patience], {
      execArgv: ["--enable-source-maps", "--expose-gc"],
      env: { ...process.env, TMPDIR: temporary },
    });
    const [port] = (await once(child, "message")) as [number];
    return new WatchedServer(child, port);
  }

  /** What happens to the server in the course of `body`, to the end of its connections. */
  async during(body: () => Promise<void>): Promise<Report> {
    await this.#ask("begin");
    await body();
    return (await this.#ask("end")) as Report;
  }

  /** Has its garbage collected. */
  async collect(): Promise<void> {
    await this.#ask("collect");
  }

  /** One more request, on a connection of its own. @returns the whole answer. */
  async next(): Promise<string> {
    const client = new RawClient(this.port);
    client.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return client.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #ask(question: Question): Promise<unknown> {
    this.#child.send(question);
    const [answer] = (await once(this.#child, "message")) as [unknown];
    return answer;
  }
}
