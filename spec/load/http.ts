/**
 * Memory under large bodies and many connections, apart from the specs: `npm run load:http [-- <mebibytes> <connections>]`,
 * 1,024 and 10,000 unless it says otherwise. The server runs in a process of its own, whose memory is measured there; the
 * clients are here. It prints figures and fails when a promise is broken: one gigabyte uploaded to disk costs 32 MiB at most,
 * one gigabyte sent to a client that has stopped reading 16 MiB, and an idle connection 16 KiB. Then floods and compressed
 * bombs, against the application of the specs of faults.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RequestHandler, Route, setLogLevel } from "waterspout";
import { startApplication } from "waterspout/testing";
import { type Flood, pipelined, slowHeaders, storm } from "../faults/floods.js";
import { bodies } from "../faults/rows/bodies.js";
import type { Made } from "../faults/rows/fault.js";
import { WatchedServer } from "../faults/watched-server.js";
import { positiveInteger } from "../support/argument.js";
import { temporaryFolder } from "../support/folder.js";
import { exchange } from "../support/raw-client.js";

const mebibyte = 1024 * 1024;
const total = positiveInteger("mebibytes", process.argv[2], 1024) * mebibyte;
const idle = positiveInteger("connections", process.argv[3], 10_000);
const block = Buffer.alloc(mebibyte, "x");

@Route("/upload", { bodyLimit: 2 ** 40, bodyTimeout: 0 })
class UploadHandler extends RequestHandler {
  post(): unknown {
    const file = this.getFile("file");
    return { bytes: file.size, disk: file.path !== undefined };
  }
}

@Route("/stream")
class StreamHandler extends RequestHandler {
  *get(): Generator<Buffer> {
    for (let sent = 0; sent < total; sent += block.length) yield block;
  }
}

@Route("/ping")
class PingHandler extends RequestHandler {
  get(): string {
    return "pong";
  }
}

/** Bytes of memory at the question, and the most since the last one. */
interface Memory {
  readonly now: number;
  readonly most: number;
}

if (process.send === undefined) await run();
else await serve();

async function serve(): Promise<void> {
  setLogLevel("error");
  const handlers = [UploadHandler, StreamHandler, PingHandler];
  const app = await startApplication({ handlers, accessLog: false, keepAliveTimeout: 600_000, backlog: 4_096 });
  let most = 0;
  setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  process.on("message", () => {
    const now = process.memoryUsage.rss();
    process.send?.({ now, most: Math.max(most, now) } satisfies Memory);
    most = 0;
  });
  process.send?.(Number(new URL(app.url).port));
}

async function run(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), process.argv.slice(2));
  try {
    const [port] = (await once(server, "message")) as [number];
    await warmUp(port);
    await upload(server, port);
    await stalledReader(server, port);
    await idleConnections(server, port);
  } finally {
    server.kill("SIGKILL");
  }
  await floods();
}

/** Against the application of the specs of faults, which gives its clients a fraction of a second. */
async function floods(): Promise<void> {
  using folder = temporaryFolder();
  await using watched = await WatchedServer.start(folder.path, folder.path, "impatient");
  // What is compiled is no part of it.
  await storm(watched, 200, 1);
  const first = await pipelined(watched, 1_000);
  check(first.report.connections === 0, "a connection was left");
  show("100,000 pipelined requests, no answer read", await pipelined(watched, 100_000));
  show("1,000 silent connections a second, for 10 s", await storm(watched, 1_000, 10));
  show("1,000 header sections that never end", await slowHeaders(watched, 1_000));
  for (const { what, send } of bodies)
    if (typeof send === "object" && "make" in send) await unfold(watched, what, send);
}

async function unfold(watched: WatchedServer, what: string, { make }: Made): Promise<void> {
  const bytes = make();
  const report = await watched.during(async () => void (await exchange(watched.port, bytes)));
  console.log(
    `${what}: RSS ${signed(report.growth / mebibyte)} MiB at most, loop held for ${report.held.toFixed(0)} ms`,
  );
  check(report.growth <= 32 * mebibyte, `${what} took more than 32 MiB`);
}

function show(what: string, { report, others, refused }: Flood): void {
  const p99 = others[Math.floor(others.length * 0.99)] ?? 0;
  console.log(
    `${what}: RSS ${signed(report.growth / mebibyte)} MiB at most, loop held for ${report.held.toFixed(0)} ms, others' ` +
      `requests ${p99.toFixed(1)} ms at the 99th percentile of ${others.length}`,
  );
  check(report.growth <= 64 * mebibyte, `${what}: more than 64 MiB`);
  check(report.connections === 0 && refused === 0, `${what}: ${report.connections} are left, ${refused} were refused`);
}

async function memoryOf(server: ChildProcess): Promise<Memory> {
  server.send("memory");
  const [memory] = (await once(server, "message")) as [Memory];
  return memory;
}

/** Code that is compiled and buffers that are kept are no part of what one more request costs. */
async function warmUp(port: number): Promise<void> {
  for (let i = 0; i < 3; i++) await sendFile(port, 64 * mebibyte);
  for (let i = 0; i < 200; i++) await (await fetch(`http://127.0.0.1:${port}/ping`)).text();
}

async function upload(server: ChildProcess, port: number): Promise<void> {
  const before = await memoryOf(server);
  const started = performance.now();
  const answer = await sendFile(port, total);
  const seconds = (performance.now() - started) / 1000;
  const { most } = await memoryOf(server);
  const cost = (most - before.now) / mebibyte;
  console.log(
    `upload of ${total / mebibyte} MiB to disk: ${seconds.toFixed(1)} s, RSS ${signed(cost)} MiB at most (${answer})`,
  );
  check(answer.includes(`"bytes":${total},"disk":true`), "the file did not arrive");
  check(cost <= 32, "the upload took more than 32 MiB");
}

/** A form with one file of this size. @returns the body of the answer. */
async function sendFile(port: number, size: number): Promise<string> {
  const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`;
  const end = "\r\n--b--\r\n";
  const socket = connect(port, "127.0.0.1");
  const length = head.length + size + end.length;
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
      `Content-Length: ${length}\r\n\r\n${head}`,
  );
  for (let sent = 0; sent < size; sent += block.length) {
    if (!socket.write(block)) await once(socket, "drain");
  }
  socket.write(end);
  return textOf(socket);
}

async function textOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

async function stalledReader(server: ChildProcess, port: number): Promise<void> {
  const before = await memoryOf(server);
  const socket = connect(port, "127.0.0.1").pause();
  socket.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  await sleep(5_000);
  const { most } = await memoryOf(server);
  socket.destroy();
  const cost = (most - before.now) / mebibyte;
  console.log(`answer of ${total / mebibyte} MiB to a client that reads nothing: RSS ${signed(cost)} MiB at most`);
  check(cost <= 16, "the stalled reader took more than 16 MiB");
}

async function idleConnections(server: ChildProcess, port: number): Promise<void> {
  const before = await memoryOf(server);
  const sockets: Socket[] = [];
  for (let i = 0; i < idle; i += 100) {
    const batch = Array.from({ length: Math.min(100, idle - i) }, () => connect(port, "127.0.0.1"));
    await Promise.all(batch.map(ask));
    sockets.push(...batch);
  }
  const { now } = await memoryOf(server);
  const each = (now - before.now) / 1024 / idle;
  console.log(`${idle} idle connections, each with one answer behind it: RSS ${each.toFixed(1)} KiB each`);
  check(each <= 16, "an idle connection took more than 16 KiB");
  for (const socket of sockets) socket.destroy();
}

async function ask(socket: Socket): Promise<void> {
  socket.write("GET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(socket, "data");
}

function signed(mebibytes: number): string {
  return `${mebibytes < 0 ? "" : "+"}${mebibytes.toFixed(1)}`;
}

function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}
