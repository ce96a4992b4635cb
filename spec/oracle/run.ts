import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startApplication } from "waterspout/testing";
import { RawClient, type RawAnswer, parseAnswer } from "../support/raw-client.js";
import { python } from "../support/tornado.js";
import { handlers } from "./application.js";
import type { OracleRequest } from "./requests.js";

/** What is compared: chunks are put together, what differs at each call is left out. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server that answers until it is disposed. */
export interface Oracle extends AsyncDisposable {
  ask(request: OracleRequest): Promise<Answer>;
}

/** The handlers in Tornado, in a process of its own. */
export async function startTornado(): Promise<Oracle> {
  const script = fileURLToPath(new URL("../../../spec/oracle/tornado_application.py", import.meta.url));
  const child = spawn(python, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return {
    ask: (request) => answerOf(port, request),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The handlers in Waterspout, in this process. */
export async function startOurs(): Promise<Oracle> {
  const app = await startApplication({ handlers, accessLog: false, closeLinger: 50, securityHeaders: false });
  return {
    ask: (request) => answerOf(Number(new URL(app.url).port), request),
    [Symbol.asyncDispose]: async () => void (await app.stop()),
  };
}

/** How long a server may take before the answer is what has come so far: Tornado leaves some connections open. */
const limit = 3_000;

async function answerOf(port: number, { bytes }: OracleRequest): Promise<Answer> {
  const client = new RawClient(port);
  const timer = setTimeout(() => client.close(), limit);
  try {
    return normalized(parseAnswer(await client.send(bytes).end()));
  } finally {
    clearTimeout(timer);
    client.close();
  }
}

function normalized({ status, statusLine, headers, body }: RawAnswer): Answer {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "date"));
  const whole = headers["transfer-encoding"] === "chunked" ? unchunked(body) : body;
  return { status, reason: statusLine.split(" ").slice(2).join(" "), headers: kept, body: comparable(whole, headers) };
}

/** JSON says the same however it is spaced. */
function comparable(body: string, headers: Readonly<Record<string, string>>): string {
  if (body === "" || !(headers["content-type"] ?? "").startsWith("application/json")) return body;
  return JSON.stringify(JSON.parse(Buffer.from(body, "latin1").toString()));
}

function unchunked(body: string): string {
  let whole = "";
  let rest = body;
  for (let size = sizeOf(rest); size > 0; size = sizeOf(rest)) {
    const start = rest.indexOf("\r\n") + 2;
    whole += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
  return whole;
}

function sizeOf(rest: string): number {
  return Number.parseInt(rest, 16) || 0;
}
