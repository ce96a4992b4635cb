import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import os from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "mocha";
import { skip } from "./skip.js";

/** Where a proxy listens, what is behind it, and the folder that is its own. */
export interface Place {
  readonly directory: string;
  readonly upstream: number;
  readonly port: number;
  /** With TLS, by `certificate`; undefined: it listens without it alone. */
  readonly securePort: number | undefined;
  /** A file with certificate and key. */
  readonly certificate: string;
}

/** A program that may stand in front of a server. */
export interface ProxyProgram {
  readonly name: string;
  /** Exits with 0 where the program is installed. */
  readonly version: readonly [command: string, argument: string];
  /** It keeps connections to the server alive and tries nothing again: what is lost behind it is a 502. */
  configuration(place: Place): string;
  /** What starts it in the foreground; what it writes goes to `error.log`. */
  command(configuration: string, place: Place): readonly [command: string, ...args: string[]];
  /** The lines of its log that say what went wrong between it and the server. */
  readonly error: RegExp;
}

/** For a `before` hook: where the program is not installed, the suite is skipped, and the console says what was not tested. */
export function requireProxy(suite: Context, program: ProxyProgram): void {
  const missing = missingProxy(program);
  if (missing !== undefined) skip(suite, missing);
}

/** Why a proxy cannot be had here, and what to do about it; undefined when it can. */
export function missingProxy({ name, version: [command, argument] }: ProxyProgram): string | undefined {
  const works = spawnSync(command, [argument]).status === 0 && spawnSync("openssl", ["version"]).status === 0;
  return works ? undefined : `there is no ${name} or no openssl here (apt-get install ${name} openssl)`;
}

/** A proxy of its own in front of a server, until it is disposed. */
export class ReverseProxy implements AsyncDisposable {
  readonly url: string;
  /** The same with TLS, by a certificate that nobody knows. Only with `secure`. */
  readonly secureUrl: string;
  readonly #program: ProxyProgram;
  readonly #process: ChildProcess;
  readonly #place: Place;

  private constructor(program: ProxyProgram, place: Place) {
    this.url = `http://127.0.0.1:${place.port}/`;
    this.secureUrl = `https://127.0.0.1:${place.securePort}/`;
    this.#program = program;
    this.#place = place;
    const file = join(place.directory, "configuration");
    writeFileSync(file, program.configuration(place));
    const [command, ...args] = program.command(file, place);
    const log = openSync(this.#log, "a");
    this.#process = spawn(command, args, { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** Starts one, and waits until it serves. */
  static async start(program: ProxyProgram, upstream: number, { secure = false } = {}): Promise<ReverseProxy> {
    const directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
    // A proxy that root starts gives its rights away before it keeps a body there.
    chmodSync(directory, 0o711);
    const certificate = join(directory, "certificate.pem");
    if (secure) makeCertificate(certificate);
    const port = await freePort();
    const securePort = secure ? await freePort() : undefined;
    const proxy = new ReverseProxy(program, { directory, upstream, port, securePort, certificate });
    await proxy.#accepting();
    return proxy;
  }

  /** What it has logged as an error: all that went wrong between it and the server. */
  errors(): string {
    const lines = readFileSync(this.#log, "utf8").split("\n");
    return lines.filter((line) => this.#program.error.test(line)).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#place.directory, { recursive: true });
  }

  get #log(): string {
    return join(this.#place.directory, "error.log");
  }

  async #accepting(): Promise<void> {
    for (const end = performance.now() + 30_000; performance.now() < end; await delay(20)) {
      if (this.#process.exitCode !== null) break;
      if (await accepts(this.#place.port)) return;
    }
    const log = readFileSync(this.#log, "utf8");
    await this[Symbol.asyncDispose]();
    throw new Error(`${this.#program.name} does not listen:\n${log}`);
  }
}

function makeCertificate(file: string): void {
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  const made = execFileSync("openssl", ["req", "-x509", ...key, ...subject, "-keyout", "-"], { stdio: "pipe" });
  writeFileSync(file, made, { mode: 0o600 });
}

/** Nobody else takes it within the moment until the proxy does, for the kernel gives ports in turn. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => settle(true)).on("error", () => settle(false));
    const settle = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
  });
}
