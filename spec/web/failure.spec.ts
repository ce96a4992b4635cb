import { expect } from "chai";
import { type LogSink, setLogSink } from "#src/log.js";
import { HTTPError, type Outcome, QueueFullError, RequestHandler, route } from "waterspout";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { get, serve } from "../support/serve.js";

class Throwing extends RequestHandler {
  get(): void {
    throw new Error("boom");
  }
}

describe("failRequest", () => {
  it("answers a full queue 503 with Retry-After, and one line in the log", async () => {
    class Full extends RequestHandler {
      get(): void {
        throw new QueueFullError('the queue of "default" is full', 7);
      }
    }
    expectLog(/E .* access\] 503 GET \/ \(127\.0\.0\.1\) .*: the queue of "default" is full$/);
    await using app = await serve([route("/", Full)]);
    const answer = await app.fetch("/");
    expect([answer.status, answer.headers.get("retry-after")]).to.deep.equal([503, "7"]);
    expect(await answer.json()).to.deep.equal({ title: "Service Unavailable", status: 503, code: "QUEUE_FULL" });
  });

  it("falls back to the plain page when writeError throws", async () => {
    class Ugly extends Throwing {
      override writeError(): void {
        this.setHeader("X-Half", "1");
        this.write("half a page");
        throw new Error("no template");
      }
    }
    expectLog(
      /Uncaught exception GET \/ .*\n +Error: boom/,
      /while a request was being ended\n +Error: no template/,
      /500 GET/,
    );
    await using app = await serve([route("/", Ugly)]);
    const answer = await app.fetch("/");
    expect([answer.status, answer.headers.get("x-half")]).to.deep.equal([500, null]);
    expect(await answer.json()).to.deep.equal({ title: "Internal Server Error", status: 500 });
  });

  it("sends the plain page when sendError sends nothing", async () => {
    class Silent extends Throwing {
      override sendError(): void {}
    }
    expectLog(/Error: boom/, /500 GET/);
    await using app = await serve([route("/", Silent)]);
    expect((await app.fetch("/")).status).to.equal(500);
  });

  it("cuts the connection when sendError sends half an answer", async () => {
    class Half extends Throwing {
      override sendError(): void {
        this.write("half");
        void this.flush();
        throw new Error("torn");
      }
    }
    expectLog(/Error: boom/, /Error: torn/, /ended\n +ResponseError: clear\(\) after the headers were written/);
    await using app = await serve([route("/", Half)]);
    expect(await app.connect().send(get("/")).end()).to.not.match(/0\r\n\r\n$/);
  });

  it("sends nothing of an HTTPError whose header or reason would inject", async () => {
    class Injecting extends RequestHandler {
      get(): void {
        throw new HTTPError(400, "m", { headers: { "X-Name": "a\r\nSet-Cookie: a=b" } });
      }
      post(): void {
        throw new HTTPError(400, "m", { reason: "<script>" });
      }
    }
    expectLog(/Unsafe header value for X-Name/, /W .* 400 GET .*: m$/);
    expectLog(/the reason must be printable ASCII/, /W .* 400 POST .*: m$/);
    await using app = await serve([route("/", Injecting)]);
    const answer = await app.connect().send(get("/")).end();
    expect(answer).to.match(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).to.not.include("Set-Cookie");
    expect(await app.text("/", { method: "POST" })).to.not.include("script");
  });

  it("answers and logs the error itself when logException throws", async () => {
    class Mute extends Throwing {
      override logException(): void {
        throw new Error("no logger");
      }
    }
    expectLog(/ended\n +Error: no logger/, /Uncaught exception GET \/ .*\n +Error: boom/, /500 GET/);
    await using app = await serve([route("/", Mute)]);
    expect((await app.fetch("/")).status).to.equal(500);
  });

  it("answers when the log's sink throws", async () => {
    await using app = await serve([route("/", Throwing)]);
    const written: string[] = [];
    const stderr = process.stderr.write;
    process.stderr.write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
    const previous: LogSink = setLogSink(() => {
      throw new Error("disk full");
    });
    try {
      expect((await app.fetch("/")).status).to.equal(500);
      expect(await app.text("/next")).to.equal("served");
    } finally {
      setLogSink(previous);
      process.stderr.write = stderr;
    }
    expect(written.join("")).to.include("boom").and.include("500 GET /").and.include("disk full");
  });
});

describe("concludeRequest", () => {
  it("writes one line for each request, whatever its end", async () => {
    class Hello extends RequestHandler {
      get(): string {
        return "x";
      }
    }
    expectLog(/404 GET \/none/, /405 POST \//, /404 PROPFIND \/none/, /400 GET \/%zz/);
    await using app = await serve([route("/", Hello)]);
    await app.text("/");
    await app.text("/none?a=1");
    await app.text("/", { method: "POST" });
    await app.connect().send("PROPFIND /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").end();
    await app.connect().send(get("/%zz")).end();
    const lines = logged("access").map((line) => line.replace(/\d+\.\d\dms/, "ms"));
    expect(lines).to.deep.equal([
      "200 GET / (127.0.0.1) ms",
      "404 GET /none?a=1 (127.0.0.1) ms",
      "405 POST / (127.0.0.1) ms",
      "404 PROPFIND /none (127.0.0.1) ms",
      "400 GET /%zz (127.0.0.1) ms: a malformed path",
    ]);
  });

  it("writes none with accessLog: false", async () => {
    await using app = await serve([], { accessLog: false });
    await app.text("/next");
    expect((await app.fetch("/none")).status).to.equal(404);
    expect(logged("access")).to.deep.equal([]);
  });

  it("logs what onFinish throws or rejects with, and what it writes comes too late", async () => {
    const outcomes: Outcome[] = [];
    class Bad extends RequestHandler {
      get(): string {
        return "x";
      }
      override onFinish(outcome: Outcome): void | Promise<void> {
        outcomes.push(outcome);
        throw new Error("sync");
      }
    }
    class Worse extends Bad {
      override async onFinish(): Promise<void> {
        await Promise.resolve();
        throw new Error("async");
      }
    }
    class Late extends Bad {
      override onFinish(): void {
        this.write("late");
      }
    }
    expectLog(/ended\n +Error: sync/, /ended\n +Error: async/, /ended\n +ResponseError: write\(\) after finish\(\)/);
    await using app = await serve([route("/bad", Bad), route("/worse", Worse), route("/late", Late)]);
    expect([await app.text("/bad"), await app.text("/worse"), await app.text("/late")]).to.deep.equal(["x", "x", "x"]);
    expect(outcomes).to.deep.equal(["completed"]);
  });

  it("logs what onConnectionClose throws, and goes on to onFinish", async () => {
    let entered: (() => void) | undefined;
    const entering = new Promise<void>((resolve) => (entered = resolve));
    let left: (() => void) | undefined;
    const leaving = new Promise<void>((resolve) => (left = resolve));
    const outcomes: Outcome[] = [];
    class Bad extends RequestHandler {
      async get(): Promise<void> {
        entered?.();
        await leaving;
      }
      override onConnectionClose(): void {
        left?.();
        throw new Error("boom");
      }
      override onFinish(outcome: Outcome): void {
        outcomes.push(outcome);
      }
    }
    expectLog(/ended\n +Error: boom/);
    await using app = await serve([route("/", Bad)]);
    const client = app.connect().send(get("/"));
    await entering;
    client.close();
    await untilLogged(/499 GET \//);
    expect(outcomes).to.deep.equal(["clientClosed"]);
  });
});
