/**
 * Memory and pace of WebSockets, apart from the specs: `npm run load:sockets [-- <sockets> <seconds>]`, 10,000 and 5 unless it
 * says otherwise. The same is asked of a server that is the library `ws` alone, in the same run. Servers run in processes of
 * their own, whose memory is measured there; the clients are here. It prints figures and fails when a promise is broken: an
 * idle socket costs 16 KiB at most, none is lost while others talk, and at the end all are told to go.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Route, WebSocketHandler, setLogLevel } from "waterspout";
import { type RunningApplication, startApplication } from "waterspout/testing";
import { WebSocketServer } from "ws";
import { positiveInteger } from "../support/argument.js";
import { closing, frame, handshake, opcodes } from "../support/websocket-client.js";

const count = positiveInteger("sockets", process.argv[2], 10_000);
const seconds = positiveInteger("seconds", process.argv[3], 5);
const talkers = 50;
const message = frame(opcodes.text, "x".repeat(64));
/** A frame of the server has no mask. */
const answerSize = message.length - 4;

@Route("/ws")
class EchoHandler extends WebSocketHandler {
  // The clients here answer no pings.
  static readonly websocket = { pingInterval: 3_600_000 };

  onMessage(text: string | Uint8Array): Promise<void> {
    return this.writeMessage(text);
  }
}

/** What a server says of itself. */
interface Figures {
  readonly rss: number;
  readonly open: number;
  /** Processor time so far, in microseconds. */
  readonly cpu: number;
}

if (process.send === undefined) await run();
else await (process.argv[4] === "bare" ? serveBare() : serve());

async function serve(): Promise<void> {
  setLogLevel("error");
  const app = await startApplication({ handlers: [EchoHandler], accessLog: false, backlog: 4_096 });
  process.on("message", (what) => {
    if (what === "stop") void stopped(app);
    else answer(count);
  });
  process.send?.(Number(new URL(app.url).port));
}

async function stopped(app: RunningApplication): Promise<void> {
  answer((await app.stop()).cutSockets);
}

async function serveBare(): Promise<void> {
  const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) =>
    socket.on("message", (data: Buffer, binary) => socket.send(binary ? data : data.toString())),
  );
  await once(server, "listening");
  process.on("message", () => answer(sockets.clients.size));
  process.send?.((server.address() as AddressInfo).port);
}

function answer(sockets: number): void {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss: process.memoryUsage.rss(), open: sockets, cpu: user + system } satisfies Figures);
}

async function run(): Promise<void> {
  const ours = await measure("waterspout");
  const bare = await measure("bare");
  const print = (what: string, of: (one: Measured) => number, unit: string): void =>
    console.log(
      `${what}: ${of(ours).toFixed(1)} ${unit}, ws alone ${of(bare).toFixed(1)}, ${(of(ours) / of(bare)).toFixed(2)} times`,
    );
  console.log(`Node ${process.versions.node}, ${count} sockets`);
  print("an idle socket", ({ idle }) => idle, "KiB");
  print("after a message of each", ({ used }) => used, "KiB");
  print(`processor time of an echo of 64 bytes, ${talkers} clients`, ({ work }) => work, "µs");
  check(ours.idle <= 16 && ours.used <= 16, "an idle socket took more than 16 KiB");
}

interface Measured {
  /** KiB of a socket on which nothing was said, and of one with a message behind it. */
  readonly idle: number;
  readonly used: number;
  /** Microseconds of the server's processor time for one echo. */
  readonly work: number;
}

async function measure(kind: "waterspout" | "bare"): Promise<Measured> {
  const server = fork(fileURLToPath(import.meta.url), [String(count), String(seconds), kind], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const all: Socket[] = [];
  try {
    const [port] = (await once(server, "message")) as [number];
    for (const socket of await openAll(port, 500)) socket.destroy();
    await sleep(500);
    const before = await figuresOf(server);
    all.push(...(await openAll(port, count)));
    const opened = await figuresOf(server);
    for (let i = 0; i < count; i += 200) await Promise.all(all.slice(i, i + 200).map(echo));
    await sleep(500);
    const used = await figuresOf(server);
    await talk(all.slice(0, talkers), seconds / 2);
    const start = await figuresOf(server);
    const echoes = await talk(all.slice(0, talkers), seconds);
    const end = await figuresOf(server);
    if (kind === "waterspout") await stop(server, all);
    return { idle: perSocket(before, opened), used: perSocket(before, used), work: (end.cpu - start.cpu) / echoes };
  } finally {
    for (const socket of all) socket.destroy();
    server.kill("SIGKILL");
  }
}

function perSocket(before: Figures, after: Figures): number {
  return (after.rss - before.rss) / 1024 / count;
}

async function figuresOf(server: ChildProcess, what = "figures"): Promise<Figures> {
  server.send(what);
  const [figures] = (await once(server, "message")) as [Figures];
  return figures;
}

async function openAll(port: number, number: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < number; i += 100) {
    const batch = Array.from({ length: Math.min(100, number - i) }, () => connect(port, "127.0.0.1"));
    await Promise.all(batch.map(open));
    sockets.push(...batch);
  }
  return sockets;
}

async function open(socket: Socket): Promise<void> {
  socket.setNoDelay(true).write(handshake("/ws"));
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(head.toString("latin1"));
}

async function echo(socket: Socket): Promise<void> {
  socket.write(message);
  for (let received = 0; received < answerSize;) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received += chunk.length;
  }
}

/** Each sends the next when it has the answer. @returns how many there were. */
async function talk(sockets: readonly Socket[], duration: number): Promise<number> {
  const end = performance.now() + duration * 1000;
  const echoes = await Promise.all(
    sockets.map(async (socket) => {
      let number = 0;
      for (; performance.now() < end; number++) await echo(socket);
      return number;
    }),
  );
  return echoes.reduce((sum, number) => sum + number, 0);
}

/** All are told to go, and answer. */
async function stop(server: ChildProcess, sockets: readonly Socket[]): Promise<void> {
  let told = 0;
  for (const socket of sockets) {
    socket.once("data", (chunk: Buffer) => {
      if (chunk[0] === 0x88) told += 1;
      socket.write(frame(opcodes.close, closing(1001)));
    });
  }
  const started = performance.now();
  const { open: cut } = await figuresOf(server, "stop");
  console.log(`a stop with ${sockets.length} sockets open: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  check(told === sockets.length, `${sockets.length - told} sockets were not told to go`);
  check(cut === 0, `${cut} sockets were cut off`);
}

function check(holds: boolean, what: string): void {
  if (holds) return;
  console.error(`FAILED: ${what}`);
  process.exitCode = 1;
}
