import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import {
  ExecutorContext,
  Finish,
  HTTPError,
  InlineExecutor,
  type Outcome,
  RequestHandler,
  Route,
  type RouteSpec,
  RunOnExecutor,
  route,
} from "waterspout";
// After waterspout, which brings reflect-metadata.
import { Lifecycle, injectable, scoped, singleton } from "tsyringe";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { type Served, get, serve } from "../support/serve.js";

/** What hooks did, in order; emptied before each test. */
let calls: string[] = [];

/** Notes all its hooks. */
class Noting extends RequestHandler {
  override setDefaultHeaders(): void {
    calls.push("setDefaultHeaders");
  }
  override initialize(args: object): void {
    calls.push(`initialize ${JSON.stringify(args)}`);
  }
  override prepare(): unknown {
    calls.push(`prepare ${this.request.body.length}`);
    return undefined;
  }
  override onFinish(outcome: Outcome): void {
    calls.push(`onFinish ${outcome}`);
  }
  override onConnectionClose(): void {
    calls.push("onConnectionClose");
  }
}

@scoped(Lifecycle.ContainerScoped)
class Session {
  used = 0;
  dispose(): void {
    calls.push(`dispose ${this.used}`);
  }
}

@singleton()
class Jobs {
  @RunOnExecutor()
  async double(value: number): Promise<number> {
    return value * 2;
  }
}

@Route("/session")
class SessionHandler extends Noting {
  constructor(private readonly session: Session) {
    super();
    calls.push("construct");
  }
  get(): string {
    this.session.used += 1;
    return "session";
  }
}

@injectable()
class Broken {
  constructor() {
    throw new HTTPError(401, "no session");
  }
}

describe("serveRequest", () => {
  beforeEach(() => {
    calls = [];
  });

  /** Waits for the client to have gone and for the line that ends its request. */
  async function leave(app: Served, path: string, when: () => Promise<unknown>): Promise<void> {
    const client = app.connect().send(get(path));
    await when();
    client.close();
    await untilLogged(/access\] 499 /);
  }

  describe("the order of the hooks", () => {
    it("constructs, sets default headers, initializes, reads the body, prepares, runs the verb, finishes, disposes", async () => {
      @Route("/")
      class Post extends Noting {
        constructor(private readonly session: Session) {
          super();
          calls.push("construct");
        }
        post(): string {
          calls.push(`post ${this.request.body.toString()}`);
          this.session.used += 1;
          return "x";
        }
      }
      await using app = await serve([Post]);
      expect(await app.text("/", { method: "POST", body: "four" })).to.equal("x");
      expect(calls).to.deep.equal([
        "construct",
        "setDefaultHeaders",
        "initialize {}",
        "prepare 4",
        "post four",
        "onFinish completed",
        "dispose 1",
      ]);
    });

    it("makes a handler and its request-scoped services anew for each request", async () => {
      await using app = await serve([SessionHandler]);
      await app.text("/session");
      await app.text("/session");
      expect(calls.filter((call) => /construct|dispose/.test(call))).to.deep.equal([
        "construct",
        "dispose 1",
        "construct",
        "dispose 1",
      ]);
    });

    it("gives initialize the arguments of the table form", async () => {
      class Get extends Noting {
        get(): string {
          return "x";
        }
      }
      await using app = await serve([route("/", Get, { root: "/srv" })]);
      await app.text("/");
      expect(calls[1]).to.equal('initialize {"root":"/srv"}');
    });

    it("lets a request-scoped service live until an async onFinish is done", async () => {
      @Route("/")
      class Slow extends RequestHandler {
        constructor(private readonly session: Session) {
          super();
        }
        get(): string {
          return "x";
        }
        override async onFinish(): Promise<void> {
          await Promise.resolve();
          calls.push(`onFinish ${this.session.used}`);
        }
      }
      await using app = await serve([Slow]);
      await app.text("/");
      expect(calls).to.deep.equal(["onFinish 0", "dispose 0"]);
    });
  });

  describe("prepare", () => {
    it("is awaited before the verb", async () => {
      class Async extends RequestHandler {
        #user = "";
        override async prepare(): Promise<void> {
          await Promise.resolve();
          this.#user = "you";
        }
        get(): string {
          return this.#user;
        }
      }
      await using app = await serve([route("/", Async)]);
      expect(await app.text("/")).to.equal("you");
    });

    for (const [how, finish] of [
      ["finish()", (handler: RequestHandler) => void handler.finish("early")],
      ["redirect()", (handler: RequestHandler) => handler.redirect("/next")],
      ["sendError()", (handler: RequestHandler) => handler.sendError(403)],
    ] as const) {
      it(`skips the verb after ${how}`, async () => {
        class Early extends Noting {
          override prepare(): void {
            finish(this);
          }
          get(): void {
            calls.push("get");
          }
        }
        await using app = await serve([route("/", Early)]);
        const answer = await app.fetch("/", { redirect: "manual" });
        await answer.text();
        expect(calls).to.include("onFinish completed");
        expect(calls).to.not.include("get");
        if (how === "sendError()") expectLog(/W .* access\] 403 GET \//);
      });
    }

    it("skips the verb when it throws, and the process lives on", async () => {
      class Throwing extends Noting {
        override async prepare(): Promise<void> {
          throw new Error("boom");
        }
        get(): void {
          calls.push("get");
        }
      }
      expectLog(
        /E .* application\] Uncaught exception GET \/ \(127\.0\.0\.1\)\n +Error: boom/,
        /E .* access\] 500 GET \//,
      );
      await using app = await serve([route("/", Throwing)]);
      expect((await app.fetch("/")).status).to.equal(500);
      expect(calls).to.include("onFinish error");
      expect(calls).to.not.include("get");
    });
  });

  describe("verbs", () => {
    it("get the path's arguments, decoded once", async () => {
      class Echo extends RequestHandler {
        get(...args: (string | undefined)[]): unknown {
          return { args: args.map((arg) => arg ?? "absent"), same: this.pathArguments.length === args.length };
        }
      }
      await using app = await serve([
        route("/users/:id/:part", Echo),
        route("/files/*", Echo),
        route(/\/archive(?:\/(\d+))?(?:\/([a-z]+))?/, Echo),
      ]);
      expect(await app.text("/users/a%2Fb/%2525")).to.equal('{"args":["a/b","%25"],"same":true}');
      expect(await app.text("/users/%C3%A9+/x")).to.equal('{"args":["é+","x"],"same":true}');
      expect(await app.text("/files/a/b%20c")).to.equal('{"args":["a/b c"],"same":true}');
      expect(await app.text("/archive/2026")).to.equal('{"args":["2026","absent"],"same":true}');
    });

    it("run with default parameters in the place of absent groups", async () => {
      class Page extends RequestHandler {
        get(page = "1"): string {
          return page;
        }
      }
      await using app = await serve([route(/\/pages(?:\/(\d+))?/, Page)]);
      expect(await app.text("/pages")).to.equal("1");
      expect(await app.text("/pages/7")).to.equal("7");
    });

    it("answer each its own method", async () => {
      class All extends RequestHandler {
        get(): string {
          return "get";
        }
        post(): string {
          return "post";
        }
        put(): string {
          return "put";
        }
        patch(): string {
          return "patch";
        }
        delete(): string {
          return "delete";
        }
        options(): string {
          return "options";
        }
      }
      await using app = await serve([route("/", All)]);
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        expect(await app.text("/", { method })).to.equal(method.toLowerCase());
      }
    });

    it("are not asked for by a name that a client invents", async () => {
      expectLog(/405 PROPFIND/);
      await using app = await serve([
        route(
          "/",
          class extends RequestHandler {
            get(): void {}
            propfind(): void {}
          },
        ),
      ]);
      const client = app.connect().send("PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      expect(await client.end()).to.match(/^HTTP\/1\.1 405 /);
    });
  });

  describe("a method without a verb", () => {
    class GetPut extends Noting {
      get(): string {
        return "body";
      }
      put(): void {}
    }

    it("is answered 405 with Allow, without body, prepare and verb", async () => {
      expectLog(/W .* access\] 405 POST \//);
      await using app = await serve([route("/", GetPut)]);
      const answer = await app.fetch("/", { method: "POST", body: "ignored" });
      expect([answer.status, answer.headers.get("allow")]).to.deep.equal([405, "GET, HEAD, PUT, OPTIONS"]);
      expect(await answer.json()).to.deep.equal({ title: "Method Not Allowed", status: 405 });
      expect(calls.filter((call) => call !== "setDefaultHeaders")).to.deep.equal(["initialize {}", "onFinish error"]);
    });

    it("is answered 204 with Allow when it is OPTIONS", async () => {
      await using app = await serve([route("/", GetPut)]);
      const answer = await app.fetch("/", { method: "OPTIONS" });
      expect([answer.status, answer.headers.get("allow")]).to.deep.equal([204, "GET, HEAD, PUT, OPTIONS"]);
      expect(calls).to.deep.equal(["setDefaultHeaders", "initialize {}", "onFinish completed"]);
    });

    it("runs get for HEAD and sends its headers alone", async () => {
      await using app = await serve([route("/", GetPut)]);
      const client = app.connect().send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      const answer = await client.end();
      expect(answer)
        .to.match(/^HTTP\/1\.1 200 OK\r\n/)
        .and.match(/Content-Length: 4\r\n/)
        .and.match(/\r\n\r\n$/);
    });
  });

  describe("what is thrown", () => {
    for (const [what, thrown, printed] of [
      ["an Error", new Error("boom"), "Error: boom"],
      ["a string", "boom", "'boom'"],
      ["null", null, "null"],
      ["undefined", undefined, "undefined"],
      ["a number", 0, "0"],
      ["an object", { status: 200 }, "{ status: 200 }"],
    ] as const) {
      it(`is answered 500 and shown to the log alone when it is ${what}`, async () => {
        class Throwing extends Noting {
          get(): void {
            throw thrown;
          }
        }
        expectLog(/application\] Uncaught exception GET \/\?q=1 \(127\.0\.0\.1\)/, /E .* access\] 500 GET \/\?q=1/);
        await using app = await serve([route("/", Throwing)]);
        const answer = await app.fetch("/?q=1");
        expect(await answer.json()).to.deep.equal({ title: "Internal Server Error", status: 500 });
        expect(calls.at(-1)).to.equal("onFinish error");
        expect(await untilLogged(/Uncaught/)).to.include(printed);
      });
    }

    it("is answered the same by an async verb and by a rejected promise of a sync one", async () => {
      class Rejecting extends RequestHandler {
        async get(): Promise<void> {
          await Promise.resolve();
          throw new HTTPError(418, "short and stout");
        }
        post(): Promise<void> {
          return Promise.reject(new HTTPError(418));
        }
      }
      expectLog(/W .* access\] 418 GET \/ \(127.*: short and stout$/, /418 POST/);
      await using app = await serve([route("/", Rejecting)]);
      expect((await app.fetch("/")).status).to.equal(418);
      expect((await app.fetch("/", { method: "POST" })).status).to.equal(418);
    });

    it("is answered when a constructor throws, without a handler to finish", async () => {
      @Route("/broken")
      class Unconstructed extends Noting {
        constructor(readonly broken: Broken) {
          super();
        }
        get(): void {}
      }
      class Own extends RequestHandler {
        constructor() {
          super();
          throw new TypeError("no way");
        }
        get(): void {}
      }
      expectLog(/401 GET \/broken .*: no session$/, /Uncaught exception GET \/own .*\n +TypeError: no way/, /500 GET/);
      await using app = await serve([Unconstructed, route("/own", Own)]);
      expect((await app.fetch("/broken")).status).to.equal(401);
      expect((await app.fetch("/own")).status).to.equal(500);
      expect(calls).to.deep.equal([]);
    });

    for (const hook of ["initialize", "setDefaultHeaders"] as const) {
      it(`is answered when ${hook} throws`, async () => {
        class Throwing extends Noting {
          get(): void {}
        }
        Throwing.prototype[hook] = () => {
          throw new Error("boom");
        };
        expectLog(/Uncaught exception GET/, /500 GET/);
        // The error page sets default headers, too.
        if (hook === "setDefaultHeaders") expectLog(/an error while a request was being ended\n +Error: boom/);
        await using app = await serve([route("/", Throwing)]);
        expect((await app.fetch("/")).status).to.equal(500);
        expect(calls.at(-1)).to.equal("onFinish error");
      });
    }

    it("ends the request without an error when it is Finish", async () => {
      class Finishing extends Noting {
        get(): void {
          this.setStatus(201);
          this.write("a");
          throw new Finish("b");
        }
        post(): void {
          void this.finish("done");
          throw new Finish();
        }
      }
      await using app = await serve([route("/", Finishing)]);
      const answer = await app.fetch("/");
      expect([answer.status, await answer.text()]).to.deep.equal([201, "ab"]);
      expect(await app.text("/", { method: "POST" })).to.equal("done");
      expect(calls.filter((call) => /onFinish/.test(call))).to.deep.equal(["onFinish completed", "onFinish completed"]);
    });

    it("is answered when Finish carries what is no answer, or comes from a constructor", async () => {
      class Wrong extends Noting {
        get(): void {
          throw new Finish(7);
        }
      }
      class Early extends RequestHandler {
        constructor() {
          super();
          throw new Finish("x");
        }
        get(): void {}
      }
      expectLog(
        /an answer is a string, bytes, an object or an array: make one of these of a number: GET \/ /,
        /500 GET \/ /,
      );
      expectLog(/the request was finished early: GET \/early/, /500 GET \/early/);
      await using app = await serve([route("/", Wrong), route("/early", Early)]);
      expect((await app.fetch("/")).status).to.equal(500);
      expect(calls.at(-1)).to.equal("onFinish error");
      expect((await app.fetch("/early")).status).to.equal(500);
    });

    it("changes nothing for the client when the verb has finished, and is logged", async () => {
      class Late extends Noting {
        async get(): Promise<void> {
          void this.finish("done");
          throw new Error("late");
        }
      }
      expectLog(/Uncaught exception GET \/.*\n +Error: late/);
      await using app = await serve([route("/", Late)]);
      const answer = await app.fetch("/");
      expect([answer.status, await answer.text()]).to.deep.equal([200, "done"]);
      await untilLogged(/access\] 200 GET \/ /);
      expect(calls.filter((call) => /onFinish/.test(call))).to.deep.equal(["onFinish error"]);
    });

    it("leaves a truncated answer when the headers are out", async () => {
      class Half extends Noting {
        async get(): Promise<void> {
          this.write("first half");
          await this.flush();
          // What Node has not handed to the system yet goes down with the socket.
          await turn();
          throw new Error("boom");
        }
      }
      expectLog(/Uncaught exception/, /general\] Cannot send error response after headers written/);
      await using app = await serve([route("/", Half)]);
      const received = await app.connect().send(get("/")).end();
      expect(received)
        .to.include("first half")
        .and.not.match(/0\r\n\r\n$/);
      const broken = await app
        .fetch("/")
        .then((answer) => answer.text())
        .catch((error: unknown) => error);
      expect(broken).to.be.instanceOf(Error);
      expectLog(/Uncaught exception/, /general\] Cannot send error response after headers written/);
      expect(calls.filter((call) => /onFinish/.test(call))).to.deep.equal(["onFinish error", "onFinish error"]);
    });

    it("is logged when nobody awaits the verb's own work, and the answer is what was there", async () => {
      class Unawaited extends RequestHandler {
        get(): string {
          void this.later();
          return "now";
        }
        async later(): Promise<void> {
          await turn();
          this.write("too late");
        }
      }
      expectLog(/Unhandled rejection\n +ResponseError: write\(\) after finish\(\): was a promise not awaited/);
      await using app = await serve([route("/", Unawaited)]);
      expect(await app.text("/")).to.equal("now");
      await untilLogged(/Unhandled rejection/);
    });
  });

  describe("an overridden finish", () => {
    it("is waited for when it is async", async () => {
      class Footer extends RequestHandler {
        get(): string {
          return "body";
        }
        override async finish(chunk?: unknown): Promise<void> {
          await Promise.resolve();
          this.write(" and footer");
          return super.finish(chunk);
        }
      }
      await using app = await serve([route("/", Footer)]);
      expect(await app.text("/")).to.equal("body and footer");
    });

    it("that finishes nothing is an error, not an answer that never comes", async () => {
      class Forgetful extends RequestHandler {
        get(): string {
          return "body";
        }
        override async finish(): Promise<void> {}
      }
      expectLog(/Forgetful\.finish\(\) did not call super\.finish\(\)/, /500 GET/);
      await using app = await serve([route("/", Forgetful)]);
      expect((await app.fetch("/")).status).to.equal(500);
    });
  });

  describe("a client that leaves", () => {
    it("runs onConnectionClose once, aborts the signal and ends with onFinish(clientClosed) and one 499", async () => {
      let entered: (() => void) | undefined;
      const entering = new Promise<void>((resolve) => (entered = resolve));
      class Waiting extends Noting {
        async get(): Promise<void> {
          entered?.();
          await once(this.signal, "abort");
          calls.push(`reason ${String(this.signal.reason)}`);
          this.write("to nobody");
        }
      }
      await using app = await serve([route("/", Waiting)]);
      await leave(app, "/", () => entering);
      expect(calls.slice(3)).to.deep.equal([
        "onConnectionClose",
        "reason CancelledError: the client closed the connection",
        "onFinish clientClosed",
      ]);
      expect(logged("access")).to.have.length(1);
      expect(logged("access")[0]).to.match(/^499 GET \/ \(127\.0\.0\.1\) \d+\.\d\dms$/);
    });

    it("aborts a signal that is asked for afterwards", async () => {
      let entered: (() => void) | undefined;
      const entering = new Promise<void>((resolve) => (entered = resolve));
      let left: (() => void) | undefined;
      const leaving = new Promise<void>((resolve) => (left = resolve));
      class Waiting extends RequestHandler {
        async get(): Promise<void> {
          entered?.();
          await leaving;
          calls.push(String(this.signal.aborted));
          await this.flush();
          calls.push("never");
        }
        override onConnectionClose(): void {
          left?.();
        }
      }
      await using app = await serve([route("/", Waiting)]);
      await leave(app, "/", () => entering);
      expect(calls).to.deep.equal(["true"]);
    });

    it("is noticed by whoever writes before the connection says so, and told once and in time", async () => {
      class Writing extends Noting {
        async get(): Promise<void> {
          this.request.socket.destroy();
          this.write("to nobody");
          await this.flush();
          calls.push("never");
        }
      }
      await using app = await serve([route("/", Writing)]);
      await app.connect().send(get("/")).end();
      await untilLogged(/499 GET/);
      expect(calls.slice(3)).to.deep.equal(["onConnectionClose", "onFinish clientClosed"]);
      expect(logged("access")).to.have.length(1);
    });

    it("is no reason to hide an error of the handler's own", async () => {
      let entered: (() => void) | undefined;
      const entering = new Promise<void>((resolve) => (entered = resolve));
      class Buggy extends Noting {
        async get(): Promise<void> {
          entered?.();
          await once(this.signal, "abort");
          throw new TypeError("a bug");
        }
      }
      expectLog(/Uncaught exception GET \/ \(127\.0\.0\.1\)\n +TypeError: a bug/);
      await using app = await serve([route("/", Buggy)]);
      await leave(app, "/", () => entering);
      expect(calls.at(-1)).to.equal("onFinish clientClosed");
    });

    it("ends the request when it leaves in the middle of its body", async () => {
      class Upload extends Noting {
        post(): void {
          calls.push("post");
        }
      }
      await using app = await serve([route("/", Upload)]);
      const client = app.connect().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
      await client.connected();
      await app.text("/next");
      client.close();
      await untilLogged(/access\] 499 POST \//);
      expect(calls).to.deep.equal(["setDefaultHeaders", "initialize {}", "onConnectionClose", "onFinish clientClosed"]);
    });

    it("is not told when it was answered", async () => {
      class Quick extends Noting {
        get(): string {
          return "x";
        }
      }
      await using app = await serve([route("/", Quick)]);
      await app.connect().send(get("/")).end();
      expect(calls.filter((call) => call.startsWith("on"))).to.deep.equal(["onFinish completed"]);
    });
  });

  describe("a route's timeout", () => {
    it("answers 503, aborts the signal and ends with onFinish(timeout) while the verb goes on", async () => {
      let ended: (() => void) | undefined;
      const ending = new Promise<void>((resolve) => (ended = resolve));
      @Route("/", { timeout: 20 })
      class Slow extends Noting {
        async get(): Promise<void> {
          await once(this.signal, "abort");
          await turn();
          ended?.();
          this.write("too late");
        }
      }
      expectLog(/E .* access\] 503 GET \/ .*: no answer within 20 ms$/);
      await using app = await serve([Slow]);
      const answer = await app.fetch("/");
      expect([answer.status, await answer.json()]).to.deep.equal([503, { title: "Service Unavailable", status: 503 }]);
      await ending;
      expect(calls.filter((call) => /onFinish|onConn/.test(call))).to.deep.equal(["onFinish timeout"]);
    });

    it("answers 503 to a verb that returns, or throws, as soon as its signal aborts", async () => {
      class Prompt extends RequestHandler {
        get(how: string): Promise<string> {
          return new Promise((resolve, reject) => {
            this.signal.addEventListener("abort", () => {
              if (how === "throws") reject(new TypeError("of no consequence any more"));
              else resolve("as far as I got");
            });
          });
        }
      }
      await using app = await serve([route("/:how", Prompt, undefined, { timeout: 10 })]);
      for (const how of ["returns", "throws"]) {
        expectLog(new RegExp(`503 GET /${how} .*: no answer within 10 ms$`));
        expect((await app.fetch(`/${how}`)).status, how).to.equal(503);
      }
    });

    it("cuts an answer whose headers are out", async () => {
      @Route("/", { timeout: 20 })
      class Stream extends Noting {
        async *get(): AsyncGenerator<string> {
          yield "first";
          await once(this.signal, "abort");
        }
      }
      expectLog(/Cannot send error response after headers written/);
      await using app = await serve([Stream]);
      expect(await app.connect().send(get("/")).end())
        .to.include("first")
        .and.not.match(/0\r\n\r\n$/);
      expect(calls.at(-1)).to.equal("onFinish timeout");
    });

    it("says nothing about an answer that was given in time", async () => {
      let late: (() => void) | undefined;
      const tooLate = new Promise<void>((resolve) => (late = resolve));
      @Route("/", { timeout: 10 })
      class Background extends Noting {
        async get(): Promise<void> {
          void this.finish("in time");
          await tooLate;
        }
      }
      await using app = await serve([Background]);
      expect(await app.text("/")).to.equal("in time");
      // Timers run in the order in which they are due.
      await new Promise((resolve) => setTimeout(resolve, 15));
      late?.();
      await untilLogged(/access\] 200 GET \/ /);
      expect(calls.at(-1)).to.equal("onFinish completed");
    });

    it("ends a request that its client has left and whose verb never ends", async () => {
      @Route("/", { timeout: 50 })
      class Hanging extends Noting {
        async get(): Promise<void> {
          await new Promise(() => {});
        }
        override prepare(): unknown {
          left?.();
          return undefined;
        }
      }
      let left: (() => void) | undefined;
      const entering = new Promise<void>((resolve) => (left = resolve));
      await using app = await serve([Hanging]);
      await leave(app, "/", () => entering);
      expect(calls.at(-1)).to.equal("onFinish clientClosed");
    });
  });

  describe("a route's limits of the body", () => {
    class Size extends RequestHandler {
      post(): string {
        return `${this.request.body.length} bytes`;
      }
    }
    const sent = (path: string, length: number): string =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;

    it("take the place of the application's, for more and for less", async () => {
      expectLog(/413 POST \/ .*: a body of more than 100 bytes$/, /413 POST \/less .*: a body of more than 10 bytes$/);
      const line = (path: string, bodyLimit?: number): RouteSpec =>
        route(path, Size, undefined, bodyLimit === undefined ? {} : { bodyLimit });
      await using app = await serve([line("/"), line("/more", 1_000), line("/less", 10)], { bodyLimit: 100 });
      const post = (path: string, length: number): Promise<Response> =>
        app.fetch(path, { method: "POST", body: "a".repeat(length) });
      expect(await (await post("/more", 1_000)).text()).to.equal("1000 bytes");
      expect((await post("/", 101)).status).to.equal(413);
      expect((await post("/less", 11)).status).to.equal(413);
    });

    it("give the body another time than the application's", async () => {
      expectLog(/408 POST \/quick .*: no whole body within 30 ms$/);
      await using app = await serve(
        [
          route("/slow", Size, undefined, { bodyTimeout: 0 }),
          route("/quick", Size, undefined, { bodyTimeout: 30 }),
          route("/", Size),
        ],
        { headersTimeout: 500, requestTimeout: 500, connectionsCheckingInterval: 10 },
      );
      const slow = app.connect().send(sent("/slow", 1));
      expect(await app.connect().send(sent("/quick", 1)).end()).to.match(/^HTTP\/1\.1 408 /);
      expectLog(/408 POST \/ .*: ERR_HTTP_REQUEST_TIMEOUT$/);
      expect(await app.connect().send(sent("/", 1)).end()).to.match(/^HTTP\/1\.1 408 /);
      expect(await slow.send("a").end()).to.match(/1 bytes$/);
    });
  });

  describe("executors", () => {
    it("know how much of the request's time is left", async () => {
      let left: number | undefined;
      class Task extends RequestHandler {
        async get(): Promise<void> {
          await this.work();
        }
        @RunOnExecutor()
        async work(): Promise<void> {
          left = ExecutorContext.current()?.deadline;
        }
      }
      await using app = await serve([route("/", Task, undefined, { timeout: 10_000 })], {
        executors: { default: new InlineExecutor() },
      });
      await app.text("/");
      expect(left).to.be.within(1, 10_000);
    });

    it("know the request of a call that a service makes", async () => {
      @Route("/")
      class Doubling extends RequestHandler {
        constructor(private readonly jobs: Jobs) {
          super();
        }
        async get(): Promise<unknown> {
          return { twice: await this.jobs.double(4) };
        }
      }
      await using app = await serve([Doubling], { executors: { default: new InlineExecutor() } });
      expect(await app.text("/")).to.equal('{"twice":8}');
    });

    it("see that the client has left", async () => {
      const seen: string[] = [];
      let entered: (() => void) | undefined;
      const entering = new Promise<void>((resolve) => (entered = resolve));
      class Task extends Noting {
        async get(): Promise<void> {
          await this.work().catch((error: unknown) => {
            seen.push((error as Error).name);
            throw error;
          });
        }
        @RunOnExecutor()
        async work(): Promise<void> {
          entered?.();
          await once(ExecutorContext.current()?.signal as AbortSignal, "abort");
        }
      }
      await using app = await serve([route("/", Task)], { executors: { default: new InlineExecutor() } });
      await leave(app, "/", () => entering);
      expect(seen).to.deep.equal(["CancelledError"]);
      expect(calls.at(-1)).to.equal("onFinish clientClosed");
    });
  });
});
