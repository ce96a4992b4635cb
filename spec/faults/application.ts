/**
 * The application that faults are tried on, in a process of its own: `fork(this file, [folder of static files, patience])`. It
 * tells its port, then answers each question with a `Report`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { formatRecord, setLogSink } from "#src/log.js";
import {
  Authenticated,
  RedirectHandler,
  RequestHandler,
  Route,
  StaticFileHandler,
  StreamRequestBody,
  route,
} from "waterspout";
import { startApplication } from "waterspout/testing";
import { LoopWatch } from "./loop-watch.js";
import { mistakes } from "./mistakes.js";

/** What the parent asks: to begin anew, what has come since, once all connections are closed, or to collect garbage. */
export type Question = "begin" | "end" | "collect";

export interface Report {
  /** The lines of the log. */
  readonly lines: readonly string[];
  /** How long the loop was held at a time, at most. Milliseconds. */
  readonly held: number;
  /** By how much memory grew, at most. Bytes. */
  readonly growth: number;
  /** What lies in the folder of temporary files. */
  readonly temporary: readonly string[];
  /** Handlers that were told that their client has left. */
  readonly closed: number;
  /** Connections that did not close. */
  readonly connections: number;
}

/** Milliseconds. For clients that are slow; others must not be given up on a machine that is. */
const impatient = { headersTimeout: 300, requestTimeout: 300, sendTimeout: 300, connectionsCheckingInterval: 20 };
const mebibyte = 1024 * 1024;
let closed = 0;

/** Takes requests from everywhere: what is asked of others than XSRF tokens has none. */
abstract class Open extends RequestHandler {
  override checkXsrfCookie(): void {}
  override onConnectionClose(): void {
    closed += 1;
  }
}

@Route("/p")
class Echo extends Open {
  get(): string {
    return `GET ${this.request.host} ${this.request.headers.get("authorization") ?? ""}`;
  }
  post(): string {
    return `POST ${this.request.host} ${this.request.body.toString("latin1")} ${this.request.headers.get("authorization") ?? ""}`;
  }
}

@Route("/page")
class Page extends Open {
  get(): string {
    return "page".repeat(1_000);
  }
}

@Route("/next")
class Next extends Open {
  get(): string {
    return "served";
  }
}

@Route("/admin")
@Authenticated()
class Admin extends Open {
  get(): string {
    return "for administrators alone";
  }
}

@Route("/json")
class Json extends Open {
  post(): string {
    return `a ${typeof this.json()}`;
  }
}

@Route("/form")
@Route("/upload", { bodyLimit: 64 * mebibyte })
class Form extends Open {
  get(): object {
    return { x: this.getQueryArguments("x").length };
  }
  post(): object {
    return { a: this.getBodyArguments("a"), files: this.getFiles("f").map(({ filename }) => filename) };
  }
}

@Route("/received")
@Route("/received-at-length", { bodyLimit: 64 * mebibyte })
@StreamRequestBody()
class Received extends Open {
  #bytes = 0;
  override dataReceived(chunk: Buffer): void {
    this.#bytes += chunk.length;
  }
  post(): string {
    return `${this.#bytes} bytes`;
  }
}

@Route("/guarded")
@StreamRequestBody()
@Authenticated()
class Guarded extends Received {}

@Route("/unread")
@StreamRequestBody()
class Unread extends Open {
  override prepare(): void {
    void this.finish("without a look at the body");
  }
  get(): void {}
  delete(): void {}
}

@Route("/pay")
class Pay extends RequestHandler {
  post(): string {
    return "paid";
  }
}

@Route("/who")
class Who extends Open {
  get(): string {
    const { remoteIp, protocol, host } = this.request;
    return [remoteIp, protocol, host, this.getCookie("a"), this.getSignedCookie("user") ?? "nobody"].join(" ");
  }
}

@Route("/stream")
class Endless extends Open {
  *get(): Generator<Buffer> {
    for (;;) yield Buffer.alloc(mebibyte);
  }
}

@Route("/events")
class Events extends Open {
  async get(): Promise<void> {
    const events = this.events({ heartbeat: 50 });
    await events.send("first");
    await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
  }
}

@Route("/wait")
class Waiting extends Open {
  async get(): Promise<void> {
    await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
  }
}

@Route("/mistakes/:name")
class Mistakes extends Open {
  get(name: string): unknown {
    return mistakes[name]?.(this);
  }
}

@Route("/download")
class Download extends Open {
  get(): string {
    this.download('a\r\nX-Forged: b"; filename=c.exe');
    return "saved";
  }
}

@Route("/empty")
class Empty extends Open {
  get(): void {
    this.setStatus(204);
    this.setHeader("Content-Length", 5);
  }
}

@Route(/\/r\/(\w+)-(\w+)-(\w+)/)
class Expression extends Open {
  get(...parts: string[]): string {
    return String(parts.length);
  }
}

const [site = "", patience] = process.argv.slice(2);
const lines: string[] = [];
setLogSink((record) => lines.push(formatRecord(record)));

const app = await startApplication({
  handlers: [
    Echo,
    Page,
    Next,
    Admin,
    Json,
    Form,
    Received,
    Guarded,
    Unread,
    Pay,
    Who,
    Endless,
    Events,
    Waiting,
    Mistakes,
    Download,
    Empty,
    Expression,
    route("/static/*", StaticFileHandler, { path: site }),
    route("/go/*", RedirectHandler, { url: "/{0}" }),
  ],
  ...(patience === "impatient" && impatient),
  closeLinger: 50,
  compress: true,
  cookieSecret: "a secret that nobody is told",
  cors: { origins: ["https://app.example"], credentials: true },
  health: false,
  xsrfCookies: true,
});

const watch = new LoopWatch();
let memory = 0;

const answers: Readonly<Record<Question, () => unknown>> = { begin, end, collect };
process.on("message", (question: Question) => void answer(question));
process.on("disconnect", () => process.exit());
process.send?.(Number(new URL(app.url).port));

async function answer(question: Question): Promise<void> {
  process.send?.((await answers[question]()) ?? "done");
}

function collect(): void {
  global.gc?.();
}

function begin(): void {
  lines.splice(0);
  closed = 0;
  watch.begin();
  memory = watch.memory;
}

async function end(): Promise<Report> {
  const deadline = performance.now() + 10_000;
  while ((connections() > 0 || temporary().length > 0) && performance.now() < deadline) await turn();
  return {
    lines: lines.slice(),
    held: watch.held,
    growth: watch.memory - memory,
    temporary: temporary(),
    closed,
    connections: connections(),
  };
}

/** What is left of uploads. */
function temporary(): string[] {
  const folder = process.env["TMPDIR"] ?? "";
  const own = readdirSync(folder).filter((name) => name.startsWith("waterspout-"));
  return own.flatMap((name) => readdirSync(join(folder, name)));
}

function connections(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}
