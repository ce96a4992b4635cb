import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { entityTag } from "#src/http/etag.js";
import { type HandlerApplication, RequestHandler as Base } from "#src/web/handler.js";
import {
  HTTPError,
  InlineExecutor,
  RequestHandler,
  RequestNotAvailableError,
  ResponseError,
  RunOnExecutor,
  route,
} from "waterspout";
import { expectLog, untilLogged } from "../support/log.js";
import { get, serve } from "../support/serve.js";

const form = { "Content-Type": "application/x-www-form-urlencoded" };

/** A handler whose only verb is `body`. */
function doing(body: (handler: RequestHandler) => unknown): new () => RequestHandler {
  return class Doing extends RequestHandler {
    get(): unknown {
      return body(this);
    }
    post(): unknown {
      return body(this);
    }
  };
}

describe("RequestHandler", () => {
  describe("without a request", () => {
    it("says in a constructor what to use instead", async () => {
      class Early extends RequestHandler {
        constructor() {
          super();
          void this.request;
        }
        get(): void {}
      }
      expectLog(
        /application\] Early: there is no request here, so `request` cannot be used\. In a constructor, use initialize\(\) or prepare\(\) instead; in a @RunOnExecutor method, pass what is needed as arguments and return the result: GET \//,
        /500 GET/,
      );
      await using app = await serve([route("/", Early)]);
      expect((await app.fetch("/")).status).to.equal(500);
    });

    it("says the same in a body on an executor", async () => {
      class Remote extends RequestHandler {
        async get(): Promise<string> {
          return this.work();
        }
        @RunOnExecutor()
        async work(): Promise<string> {
          return this.getArgument("a");
        }
      }
      expectLog(/Remote: there is no request here, so `getQueryArguments` cannot be used/, /500 GET/);
      await using app = await serve([route("/", Remote)], { executors: { default: new InlineExecutor() } });
      expect((await app.fetch("/?a=1")).status).to.equal(500);
    });

    it("names each member", () => {
      class Bare extends RequestHandler {}
      const handler = new Bare();
      const members = ["request", "application", "pathArguments", "signal", "requestId"] as const;
      for (const member of members) {
        expect(() => handler[member], member).to.throw(RequestNotAvailableError, `\`${member}\``);
      }
      for (const method of ["write", "flush", "finish", "json", "getStatus", "sendError"] as const) {
        expect(() => handler[method](undefined), method).to.throw(RequestNotAvailableError, `\`${method}\``);
      }
      expect(() => handler.setHeader("a", "b")).to.throw(RequestNotAvailableError, "`setHeader`");
    });
  });

  describe("#getArgument", () => {
    const tell = doing((handler) => ({
      one: handler.getArgument("a", "none"),
      all: handler.getArguments("a"),
      query: handler.getQueryArguments("a"),
      body: handler.getBodyArguments("a"),
      kept: handler.getArgument("a", "none", false),
    }));

    it("takes the last value, the body's after the query's", async () => {
      await using app = await serve([route("/", tell)]);
      const answer = await app.text("/?a=1&a=2", { method: "POST", body: "a=3&a=4", headers: form });
      expect(JSON.parse(answer)).to.deep.equal({
        one: "4",
        all: ["1", "2", "3", "4"],
        query: ["1", "2"],
        body: ["3", "4"],
        kept: "4",
      });
      expect(JSON.parse(await app.text("/?a=1&a=2"))).to.include({ one: "2" });
    });

    it("makes spaces of control characters and trims, unless it is told not to", async () => {
      await using app = await serve([route("/", tell)]);
      expect(JSON.parse(await app.text("/?a=%00+x%01y+%07"))).to.include({ one: "x y", kept: "  x y  " });
      expect(JSON.parse(await app.text("/?a=+x+"))).to.include({ one: "x", kept: " x " });
    });

    it("knows names that objects have by themselves only when they were sent", async () => {
      const names = doing((handler) => [handler.getArguments("__proto__"), handler.getArguments("constructor")]);
      await using app = await serve([route("/", names)]);
      expect(await app.text("/")).to.equal("[[],[]]");
      expect(await app.text("/?__proto__=1&constructor=2")).to.equal('[["1"],["2"]]');
    });

    it("answers 400 when there is none and no fallback, and names it in the log", async () => {
      const required = doing((handler) => handler.getArgument("a"));
      const inQuery = doing((handler) => handler.getQueryArgument("a"));
      const inBody = doing((handler) => handler.getBodyArgument("a"));
      expectLog(/400 GET .*: Missing argument a$/, /400 POST \/query .*: Missing argument a$/);
      expectLog(/400 POST \/body\?a=1 .*: Missing argument a$/);
      await using app = await serve([route("/", required), route("/query", inQuery), route("/body", inBody)]);
      const answer = await app.fetch("/?b=1");
      expect([answer.status, await answer.json()]).to.deep.equal([400, { title: "Bad Request", status: 400 }]);
      expect((await app.fetch("/query", { method: "POST", body: "a=1", headers: form })).status).to.equal(400);
      expect((await app.fetch("/body?a=1", { method: "POST", body: "b=1", headers: form })).status).to.equal(400);
      expect(await app.text("/body", { method: "POST", body: "a=1", headers: form })).to.equal("1");
    });

    it("answers 400 for malformed escapes and too many parameters", async () => {
      expectLog(/400 GET .*: malformed percent-encoding/, /400 GET .*: more than 2 parameters$/);
      await using app = await serve([route("/", tell)], { parameterLimit: 2 });
      expect((await app.fetch("/?a=%zz")).status).to.equal(400);
      expect((await app.fetch("/?a=1&b=2&c=3")).status).to.equal(400);
    });

    it("sees the body also after it was asked for before the body was read", async () => {
      class Hasty extends RequestHandler {
        override initialize(): void {
          this.getArgument("a", "");
        }
        post(): string {
          return this.getArgument("a");
        }
      }
      await using app = await serve([route("/", Hasty)]);
      expect(await app.text("/", { method: "POST", body: "a=1", headers: form })).to.equal("1");
    });
  });

  describe("#json", () => {
    const echo = doing((handler) => handler.json<object>());
    const send = (body: string, type = "application/json"): RequestInit => {
      return { method: "POST", body, headers: { "Content-Type": type } };
    };

    it("gives the value of a JSON body", async () => {
      await using app = await serve([route("/", echo)]);
      expect(await app.text("/", send('{"a":[1]}'))).to.equal('{"a":[1]}');
      expect(await app.text("/", send("[1]", "application/problem+json; charset=utf-8"))).to.equal("[1]");
    });

    for (const [what, status, init] of [
      ["another type", 415, send("{}", "text/plain")],
      ["another charset", 415, send("{}", "application/json; charset=utf-7")],
      ["what is not JSON", 400, send("{")],
      ["no body", 400, send("")],
      ["deep nesting", 400, send("[".repeat(101) + "]".repeat(101))],
      ["__proto__", 400, send('{"__proto__":{}}')],
    ] as const) {
      it(`answers ${status} for ${what}`, async () => {
        expectLog(new RegExp(`access\\] ${status} POST .*ms: .`));
        await using app = await serve([route("/", echo)]);
        expect((await app.fetch("/", init)).status).to.equal(status);
      });
    }
  });

  describe("the body", () => {
    it("of more than bodyLimit bytes is answered 413, announced or not", async () => {
      expectLog(/413 POST .*: a body of more than 10 bytes$/, /413 POST/);
      await using app = await serve(
        [
          route(
            "/",
            doing(() => "x"),
          ),
        ],
        { bodyLimit: 10 },
      );
      expect((await app.fetch("/", { method: "POST", body: "x".repeat(11) })).status).to.equal(413);
      const chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n";
      expect(await app.connect().send(chunked).end()).to.match(/^HTTP\/1\.1 413 /);
      expect((await app.fetch("/", { method: "POST", body: "x".repeat(10) })).status).to.equal(200);
    });
  });

  describe("#setStatus, #setHeader", () => {
    it("make the head of the answer", async () => {
      class Head extends RequestHandler {
        override setDefaultHeaders(): void {
          this.setHeader("Server", "ours");
          this.setHeader("X-Gone", 1);
        }
        get(): void {
          this.setStatus(202, "Taken");
          this.setHeader("Last-Modified", new Date(0));
          this.addHeader("Link", "<a>");
          this.addHeader("Link", "<b>");
          this.clearHeader("X-Gone");
          this.write(String(this.getStatus()));
        }
      }
      await using app = await serve([route("/", Head)]);
      const answer = await app.connect().send(get("/")).end();
      expect(answer).to.match(/^HTTP\/1\.1 202 Taken\r\n/);
      for (const line of ["Server: ours", "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", "Link: <a>\r\nLink: <b>"]) {
        expect(answer).to.include(`${line}\r\n`);
      }
      expect(answer).to.not.include("X-Gone");
      expect(answer).to.match(/\r\n\r\n202$/);
    });

    for (const [what, set] of [
      ["a line end", (handler: RequestHandler) => handler.setHeader("X", "a\r\nSet-Cookie: b=c")],
      ["NUL", (handler: RequestHandler) => handler.addHeader("X", "a\0")],
      [
        "characters that Latin-1 makes line ends of",
        (handler: RequestHandler) => handler.setHeader("X", "a\u010d\u010ab"),
      ],
      ["a line end in a list", (handler: RequestHandler) => handler.setHeader("X", ["a", "b\n"])],
      ["a line end in a name", (handler: RequestHandler) => handler.setHeader("X\r\nY", "a")],
      ["a line end in a redirect", (handler: RequestHandler) => handler.redirect("/a\r\nSet-Cookie: b=c")],
      ["a line end in a reason", (handler: RequestHandler) => handler.setStatus(200, "OK\r\nSet-Cookie: b=c")],
      ["markup in a reason", (handler: RequestHandler) => handler.setStatus(200, "<script>")],
      ["a status that is none", (handler: RequestHandler) => handler.setStatus(99)],
    ] as const) {
      it(`answer 500 for ${what}, and nothing of it is on the wire`, async () => {
        expectLog(/application\] .*(?:Unsafe|reason|code).*: GET \/ .*\n +ResponseError/, /500 GET/);
        await using app = await serve([route("/", doing(set))], { securityHeaders: false });
        const answer = await app.connect().send(get("/")).end();
        expect(answer).to.match(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
        expect(answer).to.not.match(/Set-Cookie|script|\r\nX|\r\nLocation/);
      });
    }

    it("throw when the headers are out", async () => {
      const late = doing(async (handler) => {
        handler.write("a");
        await handler.flush();
        await turn();
        handler.setHeader("X", "y");
      });
      expectLog(/setHeader\(\) after the headers were written: call it before flush\(\)/, /Cannot send error response/);
      await using app = await serve([route("/", late)]);
      expect(await app.connect().send(get("/")).end()).to.not.match(/0\r\n\r\n$/);
    });

    it("are taken back by an error, and setDefaultHeaders is not", async () => {
      class Failing extends RequestHandler {
        override setDefaultHeaders(): void {
          this.setHeader("X-Default", "kept");
        }
        get(): void {
          this.setHeader("X-Own", "dropped");
          this.setHeader("Content-Type", "image/png");
          throw new HTTPError(409, undefined, { headers: { "X-Error": "added" }, reason: "Busy" });
        }
      }
      expectLog(/409 GET/);
      await using app = await serve([route("/", Failing)]);
      const { headers, statusText } = await app.fetch("/");
      expect(["x-default", "x-own", "x-error", "content-type"].map((name) => headers.get(name))).to.deep.equal([
        "kept",
        null,
        "added",
        "application/problem+json",
      ]);
      expect(statusText).to.equal("Busy");
    });
  });

  describe("#write, #flush, #finish", () => {
    it("collect the answer and send it whole, with its length and its tag", async () => {
      const parts = doing((handler) => {
        handler.write("a");
        handler.write(Buffer.from("b"));
        void handler.finish("c");
      });
      await using app = await serve([route("/", parts)]);
      const answer = await app.fetch("/");
      expect(answer.headers.get("content-length")).to.equal("3");
      expect(answer.headers.get("etag")).to.match(/^"[0-9a-f]{40}"$/);
      expect(answer.headers.get("content-type")).to.equal("text/html; charset=UTF-8");
      expect(await answer.text()).to.equal("abc");
    });

    it("send it piece by piece", async () => {
      let go: (() => void) | undefined;
      const going = new Promise<void>((resolve) => (go = resolve));
      const pieces = doing(async (handler) => {
        handler.write("first");
        await handler.flush();
        await going;
        handler.write("second");
      });
      await using app = await serve([route("/", pieces)]);
      const client = app.connect().send(get("/"));
      expect(await client.until(/first/))
        .to.include("Transfer-Encoding: chunked")
        .and.not.include("second");
      go?.();
      expect(await client.end()).to.match(/second\r\n0\r\n\r\n$/);
    });

    it("throw when the answer was finished", async () => {
      const twice = doing(async (handler) => {
        void handler.finish("a");
        await handler.finish("b");
      });
      expectLog(/write\(\) after finish\(\): was a promise not awaited/);
      await using app = await serve([route("/", twice)]);
      expect(await app.text("/")).to.equal("a");
      await untilLogged(/200 GET \/ /);
    });

    it("answer 304 to a client that has the answer already", async () => {
      await using app = await serve([
        route(
          "/",
          doing(() => "x"),
        ),
      ]);
      const etag = (await app.fetch("/")).headers.get("etag") ?? "";
      for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const answer = await app.fetch("/", { headers: { "If-None-Match": tag } });
        expect([answer.status, await answer.text(), answer.headers.get("content-type")]).to.deep.equal([304, "", null]);
      }
      expect((await app.fetch("/", { headers: { "If-None-Match": '"other"' } })).status).to.equal(200);
    });

    it("have the tag that computeEtag makes of the whole body, or none", async () => {
      let made: string | Uint8Array | undefined;
      class Tagged extends RequestHandler {
        get(tag: string): string {
          return `the ${tag}`;
        }
        override computeEtag(body: string | Uint8Array): string | undefined {
          made = body;
          if (this.pathArguments[0] === "default") return super.computeEtag(body);
          return this.pathArguments[0] === "none" ? undefined : `W/"${this.pathArguments[0]}"`;
        }
      }
      await using app = await serve([route("/:tag", Tagged), route("/", Tagged)], { etag: false });
      const tagOf = async (path: string): Promise<string | null> => (await app.fetch(path)).headers.get("etag");
      expect(await tagOf("/v7")).to.equal('W/"v7"');
      expect(made).to.equal("the v7");
      expect(await tagOf("/none")).to.equal(null);
      expect(await tagOf("/default")).to.equal(entityTag("the default"));
      expect((await app.fetch("/v7", { headers: { "If-None-Match": '"v7"' } })).status).to.equal(304);
    });

    it("end in a 500 when computeEtag makes what is no tag", async () => {
      class Unquoted extends RequestHandler {
        get(): string {
          return "x";
        }
        override computeEtag(): string {
          return "v7";
        }
      }
      await using app = await serve([route("/", Unquoted)]);
      expectLog(
        /ResponseError: an entity tag is text in double quotes, with W\/ in front if it is weak; got v7/,
        /500 GET/,
      );
      expect((await app.fetch("/")).status).to.equal(500);
    });

    it("have no tag when the application makes none, but for one that was set", async () => {
      const set = doing((handler) => {
        handler.setHeader("Etag", '"own"');
        return "x";
      });
      const plain = doing(() => "x");
      await using app = await serve([route("/", plain), route("/own", set)], { etag: false });
      expect((await app.fetch("/")).headers.get("etag")).to.equal(null);
      expect((await app.fetch("/own")).headers.get("etag")).to.equal('"own"');
    });

    it("answer HEAD with the headers of GET", async () => {
      await using app = await serve([
        route(
          "/",
          doing(() => "four"),
        ),
      ]);
      const head = await app.fetch("/", { method: "HEAD" });
      const whole = await app.fetch("/");
      for (const name of ["content-length", "etag", "content-type"]) {
        expect(head.headers.get(name), name).to.equal(whole.headers.get(name));
      }
      expect(await head.text()).to.equal("");
    });
  });

  describe("#clear", () => {
    it("takes back status, headers and body, and sets the default headers anew", async () => {
      class Again extends RequestHandler {
        override setDefaultHeaders(): void {
          this.setHeader("X-Default", "yes");
        }
        get(): string {
          this.setStatus(201);
          this.setHeader("X-Default", "no");
          this.setHeader("X-First", "yes");
          this.write("first");
          expect([this.getHeader("x-first"), this.getHeader("X-None")]).to.deep.equal(["yes", undefined]);
          this.clear();
          return "second";
        }
      }
      await using app = await serve([route("/", Again)]);
      const answer = await app.fetch("/");
      expect([answer.status, await answer.text()]).to.deep.equal([200, "second"]);
      expect([answer.headers.get("X-Default"), answer.headers.get("X-First")]).to.deep.equal(["yes", null]);
    });

    it("throws when the headers are out", async () => {
      const late = doing(async (handler) => {
        await handler.flush();
        expect(() => handler.clear()).to.throw(ResponseError, /clear\(\) after the headers were written/);
      });
      await using app = await serve([route("/", late)]);
      expect((await app.fetch("/")).status).to.equal(200);
    });
  });

  describe("#redirect", () => {
    for (const [args, status] of [
      [["/to"], 302],
      [["/to", true], 301],
      [["/to", false, 307], 307],
    ] as const) {
      it(`answers ${status} for redirect(${args.map((arg) => JSON.stringify(arg)).join(", ")})`, async () => {
        const away = doing((handler) => handler.redirect(...(args as unknown as [string])));
        await using app = await serve([route("/", away)]);
        const answer = await app.fetch("/", { redirect: "manual" });
        expect([answer.status, answer.headers.get("location"), await answer.text()]).to.deep.equal([status, "/to", ""]);
      });
    }

    it("takes nothing but a 3xx", async () => {
      expectLog(/redirect\(\) takes a status from 300 to 399, got 200/, /500 GET/);
      await using app = await serve([
        route(
          "/",
          doing((handler) => handler.redirect("/", false, 200)),
        ),
      ]);
      expect((await app.fetch("/")).status).to.equal(500);
    });
  });

  describe("#download", () => {
    it("names the file under which the answer is saved", async () => {
      await using app = await serve([
        route(
          "/",
          doing((handler) => {
            handler.download("/srv/é.csv");
            return "a,b";
          }),
        ),
      ]);
      const { headers } = await app.fetch("/");
      expect(headers.get("content-disposition")).to.equal(`attachment; filename="?.csv"; filename*=UTF-8''%C3%A9.csv`);
    });
  });

  describe("#sendError, #writeError", () => {
    it("answer in the place of what was written", async () => {
      expectLog(/404 GET/);
      const gone = doing((handler) => {
        handler.setHeader("Content-Type", "text/plain");
        handler.write("half");
        handler.sendError(404);
      });
      await using app = await serve([route("/", gone)]);
      const answer = await app.fetch("/", { headers: { accept: "text/html" } });
      expect(await answer.text()).to.equal("<html><title>404: Not Found</title><body>404: Not Found</body></html>");
      expect(answer.headers.get("content-type")).to.equal("text/html; charset=UTF-8");
    });

    it("get status and error, for a page of one's own", async () => {
      class Own extends RequestHandler {
        get(): void {
          throw new HTTPError(402, "a secret");
        }
        override writeError(status: number, error?: unknown): void {
          this.write(`own ${status} ${(error as Error).name}`);
        }
      }
      expectLog(/402 GET .*: a secret$/);
      await using app = await serve([route("/", Own)]);
      expect(await app.text("/")).to.equal("own 402 HTTPError");
    });

    it("throw when the answer was finished, and the connection lives", async () => {
      const late = doing((handler) => {
        void handler.finish("done");
        handler.sendError(500);
      });
      expectLog(/clear\(\) after finish\(\)/);
      await using app = await serve([route("/", late)]);
      const client = app.connect().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await client.until(/done$/);
      await client.send(get("/next")).until(/served$/);
    });
  });

  describe("#signal", () => {
    it("is one, made at the first use, and does not abort when all went well", async () => {
      const seen: AbortSignal[] = [];
      const look = doing((handler) => {
        seen.push(handler.signal, handler.signal);
        return "x";
      });
      await using app = await serve([route("/", look)]);
      await app.connect().send(get("/")).end();
      expect(seen[0]).to.equal(seen[1]);
      expect(seen[0]?.aborted).to.equal(false);
    });

    it("ends what it was given to", async () => {
      let entered: (() => void) | undefined;
      const entering = new Promise<void>((resolve) => (entered = resolve));
      const waiting = doing(async (handler) => {
        const { signal } = handler;
        entered?.();
        await once(new EventTarget(), "never", { signal });
      });
      await using app = await serve([route("/", waiting)]);
      const client = app.connect().send(get("/"));
      await entering;
      client.close();
      await untilLogged(/499 GET/);
    });
  });

  describe("#requestId", () => {
    const twice = doing((handler) => handler.requestId + handler.requestId);

    it("is not the client's to say", async () => {
      await using app = await serve([route("/", twice)]);
      expect(await app.text("/", { headers: { "X-Request-Id": "abc-1" } })).to.match(/^([0-9a-f-]{36})\1$/);
    });

    it("is a trusted proxy's when it is sane, else a random one", async () => {
      await using app = await serve([route("/", twice)], { trustedProxies: ["loopback"] });
      expect(await app.text("/", { headers: { "X-Request-Id": "abc-1" } })).to.equal("abc-1abc-1");
      expect(await app.text("/", { headers: { "X-Request-Id": "a b" } })).to.match(/^([0-9a-f-]{36})\1$/);
      expect(await app.text("/", { headers: { "X-Request-Id": "a".repeat(129) } })).to.match(/^([0-9a-f-]{36})\1$/);
    });
  });

  describe("#application, #reverseUrl", () => {
    it("reach the application", async () => {
      let application: HandlerApplication | undefined;
      const look = doing((handler) => {
        application = handler.application;
        return handler.reverseUrl("user", 7);
      });
      await using app = await serve([route("/", look), route("/users/:id", look, undefined, { name: "user" })]);
      expect(await app.text("/")).to.equal("/users/7");
      expect(application).to.equal(app.application);
    });
  });

  it("is the class that the package exports", () => {
    expect(Base).to.equal(RequestHandler);
  });
});
