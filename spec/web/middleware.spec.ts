import { expect } from "chai";
import {
  ExecutorContext,
  Finish,
  HTTPError,
  InlineExecutor,
  type Middleware,
  type MiddlewareClass,
  type Next,
  RequestHandler,
  Route,
  RunOnExecutor,
  Use,
  route,
} from "waterspout";
// After waterspout, which brings reflect-metadata.
import { Lifecycle, injectable, scoped, singleton } from "tsyringe";
import { expectLog } from "../support/log.js";
import { get, serve } from "../support/serve.js";

/** What ran, in order; emptied before each test. */
let calls: string[] = [];

beforeEach(() => {
  calls = [];
});

/** Notes its way in and out. */
function noting(name: string): Middleware {
  return async (_handler, next) => {
    calls.push(`${name} in`);
    await next();
    calls.push(`${name} out`);
  };
}

class Plain extends RequestHandler {
  override prepare(): void {
    calls.push("prepare");
  }
  get(): string {
    calls.push("get");
    return "plain";
  }
}

/** Serves one handler at `/` behind middleware. */
function behind(...middleware: Middleware[]): ReturnType<typeof serve> {
  @Route("/")
  @Use(...middleware)
  class Behind extends Plain {}
  return serve([Behind]);
}

describe("middleware", () => {
  it("stands around prepare and verb: the application's, the parent's, the class's, the verb's", async () => {
    @Use(noting("parent"))
    class Parent extends Plain {}
    @Route("/")
    @Use(noting("class 1"), noting("class 2"))
    @Use(noting("class 3"))
    class Child extends Parent {
      @Use(noting("verb"))
      override get(): string {
        return super.get();
      }
    }
    await using app = await serve([Child], { middleware: [noting("application")] });
    expect(await app.text("/")).to.equal("plain");
    const order = ["application", "parent", "class 1", "class 2", "class 3", "verb"];
    expect(calls.slice(0, 8)).to.deep.equal([...order.map((name) => `${name} in`), "prepare", "get"]);
    expect(calls.slice(8, 14)).to.deep.equal(order.toReversed().map((name) => `${name} out`));
  });

  it("of the application stands around the 404 of a path that no route has", async () => {
    const marked: Middleware = async (handler, next) => {
      handler.setHeader("X-Before", "yes");
      await next();
    };
    await using app = await serve([route("/", Plain)], { middleware: [marked, noting("application")] });
    for (const method of ["GET", "POST", "OPTIONS"]) {
      expectLog(new RegExp(`404 ${method} /none`));
      const answer = await app.fetch("/none", { method, headers: { Accept: "text/html" } });
      expect([answer.status, answer.headers.get("X-Before")], method).to.deep.equal([404, "yes"]);
      expect(await answer.text()).to.equal("<html><title>404: Not Found</title><body>404: Not Found</body></html>");
    }
    expect(calls).to.deep.equal(["application in", "application in", "application in"]);
  });

  it("of the application may answer a path that no route has", async () => {
    const shell: Middleware = ({ request }, next) => (request.path === "/none" ? "anything you like" : next());
    await using app = await serve([route("/", Plain)], { middleware: [shell] });
    expect(await app.text("/none")).to.equal("anything you like");
  });

  it("of a verb is not passed by another verb, nor by one that a subclass writes anew", async () => {
    @Route("/parent")
    class Guarded extends RequestHandler {
      @Use(noting("guard"))
      get(): string {
        return "guarded";
      }
      post(): string {
        return "posted";
      }
    }
    @Route("/child")
    class Open extends Guarded {
      override get(): string {
        return "open";
      }
    }
    await using app = await serve([Guarded, Open]);
    await app.text("/parent", { method: "POST" });
    await app.text("/child");
    expect(calls).to.deep.equal([]);
    await app.text("/parent");
    expect(calls).to.deep.equal(["guard in", "guard out"]);
  });

  it("is passed by HEAD as by GET", async () => {
    await using app = await behind(noting("all"));
    const answer = await app.fetch("/", { method: "HEAD" });
    expect(answer.headers.get("content-length")).to.equal("5");
    expect(calls).to.include.members(["all in", "get", "all out"]);
  });

  it("of get is passed by a HEAD that get answers", async () => {
    @Route("/")
    class Guarded extends RequestHandler {
      @Use(() => {
        throw new HTTPError(403);
      })
      get(): string {
        return "secret";
      }
    }
    await using app = await serve([Guarded]);
    expectLog(/403 HEAD/, /403 GET/);
    expect((await app.fetch("/", { method: "HEAD" })).status).to.equal(403);
    expect((await app.fetch("/")).status).to.equal(403);
  });

  it("is passed by OPTIONS and not by a method that is not there", async () => {
    await using app = await behind(noting("all"));
    const allowed = await app.fetch("/", { method: "OPTIONS" });
    expect([allowed.status, allowed.headers.get("allow")]).to.deep.equal([204, "GET, HEAD, OPTIONS"]);
    expect(calls).to.deep.equal(["all in", "all out"]);
    expectLog(/405 DELETE/);
    expect((await app.fetch("/", { method: "DELETE" })).status).to.equal(405);
    expect(calls).to.have.length(2);
  });

  it("may answer by itself: by what it returns, by finish, by a redirect", async () => {
    await using returned = await behind(() => ({ from: "middleware" }));
    expect(await (await returned.fetch("/")).json()).to.deep.equal({ from: "middleware" });
    await using finished = await behind((handler) => handler.finish("done"));
    expect(await finished.text("/")).to.equal("done");
    await using redirected = await behind((handler) => handler.redirect("/next"));
    expect(await redirected.text("/")).to.equal("served");
    expect(calls).to.deep.equal([]);
  });

  it("that has answered and goes on reaches neither prepare nor verb", async () => {
    await using app = await behind(async (handler, next) => {
      void handler.finish("early");
      await next();
    });
    expect(await app.text("/")).to.equal("early");
    expect(calls).to.deep.equal([]);
  });

  it("can change the answer after the verb, which is not sent yet", async () => {
    await using app = await behind(async (handler, next) => {
      await next();
      handler.setHeader("X-After", "yes");
      handler.write("!");
    });
    const answer = await app.fetch("/");
    expect([answer.headers.get("x-after"), await answer.text()]).to.deep.equal(["yes", "plain!"]);
  });

  it("is given what the verb throws", async () => {
    @Route("/")
    class Failing extends RequestHandler {
      get(): never {
        throw new RangeError("too far");
      }
    }
    const rescue: Middleware = async (_handler, next) => {
      try {
        return await next();
      } catch (error) {
        return { rescued: (error as Error).message };
      }
    };
    await using app = await serve([Failing], { middleware: [rescue] });
    expect(await (await app.fetch("/")).json()).to.deep.equal({ rescued: "too far" });
  });

  it("that throws ends the request as a verb that throws does", async () => {
    await using refusing = await behind(() => {
      throw new HTTPError(403);
    });
    expectLog(/403 GET/);
    expect((await refusing.fetch("/")).status).to.equal(403);
    await using finishing = await behind(() => {
      throw new Finish("enough");
    });
    expect(await finishing.text("/")).to.equal("enough");
    await using faulty = await behind(() => Promise.reject(new TypeError("a slip")));
    expectLog(/a slip/, /500 GET/);
    expect((await faulty.fetch("/")).status).to.equal(500);
  });

  it("sets headers that stand on error pages, if it sets them before it goes on", async () => {
    expectLog(/409 GET/);
    @Route("/")
    @Use(async (handler, next) => {
      handler.setHeader("X-Before", "1");
      await next();
      handler.setHeader("X-After", "1");
    })
    class Failing extends RequestHandler {
      get(): never {
        this.setHeader("X-Own", "1");
        throw new HTTPError(409);
      }
    }
    await using app = await serve([Failing]);
    const { headers } = await app.fetch("/");
    expect(["x-before", "x-own", "x-after"].map((name) => headers.get(name))).to.deep.equal(["1", null, null]);
  });

  it("that forgets to await next() still answers after the verb", async () => {
    @Route("/")
    class Slow extends RequestHandler {
      async get(): Promise<string> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return "after all";
      }
    }
    await using app = await serve([Slow], { middleware: [(_handler, next) => void next()] });
    expect(await app.text("/")).to.equal("after all");
  });

  it("that forgets to await next() still lets the verb's error end the request", async () => {
    @Route("/")
    class Failing extends RequestHandler {
      async get(): Promise<never> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new HTTPError(410);
      }
    }
    await using app = await serve([Failing], { middleware: [(_handler, next) => void next()] });
    expectLog(/410 GET/);
    expect((await app.fetch("/")).status).to.equal(410);
  });

  it("that goes on twice is an error", async () => {
    await using app = await behind(async (_handler, next) => {
      await next();
      await next();
    });
    expectLog(/called next\(\) a second time/, /500 GET/);
    expect((await app.fetch("/")).status).to.equal(500);
    expect(calls.filter((call) => call === "get")).to.have.length(1);
  });

  it("runs with the body read", async () => {
    @Route("/")
    @Use((handler) => handler.request.body)
    class Echo extends RequestHandler {
      post(): void {}
    }
    await using app = await serve([Echo]);
    expect(await app.text("/", { method: "POST", body: "sent" })).to.equal("sent");
  });

  it("does not run when the body is too large", async () => {
    @Route("/")
    class Echo extends RequestHandler {
      post(): void {}
    }
    await using app = await serve([Echo], { middleware: [noting("all")], bodyLimit: 3 });
    expectLog(/413 POST .*: a body of more than 3 bytes$/);
    expect((await app.fetch("/", { method: "POST", body: "sent" })).status).to.equal(413);
    expect(calls).to.deep.equal([]);
  });

  it("ends with the route's timeout", async () => {
    @Route("/", { timeout: 30 })
    @Use((handler) => new Promise((resolve) => handler.signal.addEventListener("abort", resolve)))
    class Timed extends Plain {}
    await using app = await serve([Timed]);
    expectLog(/503 GET .*: no answer within 30 ms$/);
    expect((await app.fetch("/")).status).to.equal(503);
  });

  it("that streams its answer is waited for", async () => {
    async function* parts(): AsyncGenerator<string> {
      yield "a";
      yield "b";
    }
    await using app = await behind(() => parts());
    expect(await app.text("/")).to.equal("ab");
  });

  it("of a client that sends pipelined requests runs for each", async () => {
    await using app = await behind(noting("all"));
    const client = app.connect();
    client.send(get("/").replace("Connection: close\r\n", "") + get("/"));
    await client.until(/plain[\s\S]*plain/);
    expect(calls.filter((call) => call === "all in")).to.have.length(2);
  });
});

describe("a middleware class", () => {
  @singleton()
  class Counter {
    count = 0;
  }

  @scoped(Lifecycle.ContainerScoped)
  class Request {
    readonly notes: string[] = [];
    dispose(): void {
      calls.push(`disposed ${this.notes.join()}`);
    }
  }

  @injectable()
  class Counting implements MiddlewareClass {
    constructor(
      private readonly counter: Counter,
      private readonly request: Request,
    ) {}
    async handle(handler: RequestHandler, next: Next): Promise<void> {
      this.request.notes.push("middleware");
      handler.setHeader("X-Count", String(++this.counter.count));
      await next();
    }
  }

  it("is injected, and shares the request's services with the handler", async () => {
    @Route("/")
    class Sharing extends RequestHandler {
      constructor(private readonly mine: Request) {
        super();
      }
      get(): string {
        this.mine.notes.push("handler");
        return this.mine.notes.join();
      }
    }
    await using app = await serve([Sharing], { middleware: [Counting] });
    await app.fetch("/");
    const answer = await app.fetch("/");
    expect([answer.headers.get("x-count"), await answer.text()]).to.deep.equal(["2", "middleware,handler"]);
    expect(calls).to.deep.equal(["disposed middleware,handler", "disposed middleware,handler"]);
  });

  it("brings a scope where the handler needs none", async () => {
    await using app = await behind(Counting);
    expect(await app.text("/")).to.equal("plain");
    expect(calls).to.include("disposed middleware");
  });

  it("may have services with executor methods, tied to the request", async () => {
    @singleton()
    class Checks {
      @RunOnExecutor()
      async allowed(key: string): Promise<string> {
        return `${key} ${ExecutorContext.current()?.requestId ?? "none"}`;
      }
    }
    @injectable()
    class Checking implements MiddlewareClass {
      constructor(private readonly checks: Checks) {}
      handle(): Promise<string> {
        return this.checks.allowed("key");
      }
    }
    @Route("/")
    @Use(Checking)
    class Checked extends Plain {}
    await using app = await serve([Checked], {
      executors: { default: new InlineExecutor() },
      trustedProxies: ["loopback"],
    });
    expect(await app.text("/", { headers: { "X-Request-Id": "r1" } })).to.equal("key r1");
  });

  it("that cannot be constructed fails the start", async () => {
    @injectable()
    class Broken implements MiddlewareClass {
      constructor(readonly missing: string) {}
      handle(): void {}
    }
    const failure = await behind(Broken).catch((error: unknown) => error as Error);
    expect((failure as Error).message).to.match(/Broken/);
  });
});

describe("what is no middleware", () => {
  it("fails the start, and says what one is", async () => {
    const failure = await behind("cors" as unknown as Middleware).catch((error: unknown) => error as Error);
    expect((failure as Error).message).to.match(/middleware 0 of Behind is string.*function \(handler, next\)/);
    const missing = await behind(undefined as unknown as Middleware).catch((error: unknown) => error as Error);
    expect((missing as Error).message).to.match(/undefined/);
  });
});
