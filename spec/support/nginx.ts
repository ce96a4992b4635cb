import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import os from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Why nginx cannot be had here; undefined when it can. */
export function nginxMissing(): string | undefined {
  return spawnSync("nginx", ["-v"]).status === 0 ? undefined : "nginx is not installed";
}

/**
 * An nginx of its own in front of a server, with the configuration that its documentation gives for keep-alive to the upstream.
 * It tries nothing again: what is lost behind it is a 502.
 */
export class Nginx implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(port: number, upstream: number) {
    this.url = `http://127.0.0.1:${port}/`;
    this.#directory = mkdtempSync(join(os.tmpdir(), "waterspout-"));
    const file = join(this.#directory, "nginx.conf");
    writeFileSync(file, configuration(port, upstream, this.#directory));
    // Where it writes before it has read its configuration is told on the command line.
    const args = ["-p", this.#directory, "-e", join(this.#directory, "error.log"), "-c", file];
    this.#process = spawn("nginx", args, { stdio: "inherit" });
  }

  /** Starts one, and waits until it serves. */
  static async before(upstream: number): Promise<Nginx> {
    const nginx = new Nginx(await freePort(), upstream);
    await nginx.#accepting();
    return nginx;
  }

  /** What it has logged as an error: all that went wrong between it and the server. */
  errors(): string {
    const file = join(this.#directory, "error.log");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    return lines.filter((line) => / \[(error|crit|alert|emerg)\] /.test(line)).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
    rmSync(this.#directory, { recursive: true });
  }

  async #accepting(): Promise<void> {
    const { port } = new URL(this.url);
    for (const end = performance.now() + 30_000; performance.now() < end; await delay(20)) {
      if (await accepts(Number(port))) return;
    }
    throw new Error(`nginx does not listen: ${this.errors()}`);
  }
}

function configuration(port: number, upstream: number, directory: string): string {
  return `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  upstream application { server 127.0.0.1:${upstream}; keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_next_upstream off;
    }
  }
}
`;
}

/** Nobody else takes it within the moment until nginx does, for the kernel gives ports in turn. */
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
