import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { expect } from "chai";
import {
  ConfigurationError,
  FallbackHandler,
  HTTPError,
  type Outcome,
  type RequestListener,
  Use,
  route,
} from "waterspout";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { type Served, get, serve } from "../support/serve.js";

/** What of Express these specs use. */
interface Express extends RequestListener {
  get(path: string, handler: (request: ExpressRequest, response: ExpressResponse) => void): void;
  post(path: string, ...handlers: ((request: ExpressRequest, response: ExpressResponse) => void)[]): void;
  use(path: string, handler: RequestListener): Express;
  set(name: string, value: string): Express;
}
interface ExpressRequest extends IncomingMessage {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}
interface ExpressResponse extends ServerResponse {
  json(value: unknown): void;
  status(code: number): this;
}
const express = createRequire(import.meta.url)("express") as {
  (): Express;
  json(): (request: ExpressRequest, response: ExpressResponse) => void;
};

let outcomes: Outcome[] = [];

class Noting extends FallbackHandler {
  override onFinish(outcome: Outcome): void {
    outcomes.push(outcome);
  }
}

const serving = (fallback: RequestListener, timeout?: number): Promise<Served> =>
  serve([route("/*", Noting, { fallback }, timeout === undefined ? {} : { timeout })]);

describe("FallbackHandler", () => {
  beforeEach(() => {
    outcomes = [];
  });

  describe("with an Express application", () => {
    let app: Served;

    before(async () => {
      const inner = express();
      inner.get("/users/:id", ({ params, query }, response) => response.json({ ...params, ...query }));
      inner.post("/echo", express.json(), ({ body }, response) => response.status(201).json({ got: body }));
      inner.get("/broken", () => {
        throw new Error("in express");
      });
      // Or it prints the stacks of errors.
      const outer = express().set("env", "test").use("/legacy", inner);
      app = await serve([route("/legacy/*", FallbackHandler, { fallback: outer })], {
        accessLog: false,
      });
    });
    after(() => app[Symbol.asyncDispose]());

    it("serves its routes, parameters and queries", async () => {
      const answer = await app.fetch("/legacy/users/a%20b?x=1");
      expect([answer.status, await answer.json()]).to.deep.equal([200, { id: "a b", x: "1" }]);
      expect(answer.headers.get("x-powered-by")).to.equal("Express");
    });

    it("leaves the body to it", async () => {
      const headers = { "Content-Type": "application/json" };
      const answer = await app.fetch("/legacy/echo", { method: "POST", headers, body: '{"a":1}' });
      expect([answer.status, await answer.json()]).to.deep.equal([201, { got: { a: 1 } }]);
    });

    it("lets a client send its body that waits to be told so", async () => {
      const client = app.connect();
      const head = [
        "POST /legacy/echo HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        "Content-Length: 2",
        "Connection: close",
        "Expect: 100-continue",
      ];
      client.send(`${head.join("\r\n")}\r\n\r\n`);
      await client.until(/100 Continue/);
      expect(await client.send("{}").end()).to.include('{"got":{}}');
    });

    it("answers HEAD, conditions, its own 404 and its own 500", async () => {
      const { headers } = await app.fetch("/legacy/users/1");
      const again = app.connect().send(get("/legacy/users/1", `If-None-Match: ${headers.get("etag")}`));
      expect(await again.end()).to.match(/^HTTP\/1\.1 304 Not Modified/);
      const head = await app.fetch("/legacy/users/1", { method: "HEAD" });
      expect([head.status, await head.text()]).to.deep.equal([200, ""]);
      expect(await app.text("/legacy/nothing")).to.include("Cannot GET /legacy/nothing");
      expect((await app.fetch("/legacy/broken")).status).to.equal(500);
    });
  });

  it("has one line in the access log and one onFinish", async () => {
    await using app = await serving((_, response) => response.writeHead(202).end("x"));
    expect(await app.text("/a?b")).to.equal("x");
    await untilLogged(/202 GET \/a\?b /);
    expect([outcomes, logged("access").filter((line) => line.includes("/a"))]).to.deep.equal([
      ["completed"],
      [logged("access").find((line) => line.includes("/a"))],
    ]);
  });

  it("serves one request after the other on a connection", async () => {
    await using app = await serving((message, response) => response.end(message.url));
    const client = app.connect();
    client.send(get("/1").replace("close", "keep-alive") + get("/2"));
    expect(await client.end()).to.match(/\/1HTTP\/1\.1 200 OK[\s\S]*\/2$/);
  });

  it("passes middleware, whatever the method", async () => {
    @Use((handler, next) => {
      if (!handler.request.headers.has("x-key")) throw new HTTPError(403);
      return next();
    })
    class Guarded extends FallbackHandler {}
    const fallback: RequestListener = (message, response) => response.end(message.method);
    await using app = await serve([route("/a", Guarded, { fallback })], { accessLog: false });
    for (const method of ["GET", "POST", "OPTIONS", "PROPFIND", "PURGE"]) {
      const ask = (...fields: string[]): Promise<string> =>
        app
          .connect()
          .send(get("/a", ...fields).replace("GET", method))
          .end();
      expect(await ask(), method).to.match(/^HTTP\/1\.1 403/);
      expect(await ask("X-Key: 1"), method).to.match(new RegExp(`^HTTP/1\\.1 200 OK[^]*${method}$`));
    }
  });

  for (const [what, fallback] of [
    [
      "throws",
      () => {
        throw new Error("inside");
      },
    ],
    ["rejects", () => Promise.reject(new Error("inside"))],
  ] as const) {
    it(`answers 500 when it ${what} before it has answered`, async () => {
      expectLog(/Uncaught exception GET \/ .*\n +Error: inside/, /500 GET/);
      await using app = await serving(fallback);
      const answer = await app.fetch("/");
      expect([answer.status, await answer.json()]).to.deep.equal([
        500,
        { title: "Internal Server Error", status: 500 },
      ]);
      expect(outcomes).to.deep.equal(["error"]);
    });
  }

  it("cuts the connection when it fails in the middle", async () => {
    expectLog(/Error: inside/, /Cannot send error response/);
    await using app = await serving(async (_, response) => {
      response.write("first");
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("inside");
    });
    expect(await app.connect().send(get("/")).end())
      .to.include("first")
      .and.not.match(/0\r\n\r\n$/);
  });

  it("knows a client that leaves", async () => {
    let signal: AbortSignal | undefined;
    class Leaving extends Noting {
      override prepare(): void {
        ({ signal } = this);
      }
    }
    let reached!: () => void;
    const handed = new Promise<void>((resolve) => (reached = resolve));
    await using app = await serve([route("/", Leaving, { fallback: () => reached() })]);
    const client = app.connect().send(get("/"));
    await handed;
    client.close();
    await untilLogged(/499 GET \/ /);
    expect([signal?.aborted, outcomes]).to.deep.equal([true, ["clientClosed"]]);
  });

  it("has the route's timeout", async () => {
    expectLog(/503 GET .*: no answer within 20 ms/);
    await using app = await serving(() => {}, 20);
    expect((await app.fetch("/")).status).to.equal(503);
    expect(outcomes).to.deep.equal(["timeout"]);
  });

  it("loses a client that has stopped reading", async () => {
    let gone!: Promise<unknown>;
    await using app = await serve(
      [
        route("/", FallbackHandler, {
          fallback: (_, response) => {
            gone = once(response, "close");
            response.write("x".repeat(50_000_000));
          },
        }),
      ],
      { sendTimeout: 100, connectionsCheckingInterval: 50 },
    );
    const client = app.connect();
    client.socket.pause();
    client.send(get("/"));
    await untilLogged(/the client has stopped taking the answer/, 30_000);
    await gone;
    await untilLogged(/499 GET \/ /);
  });

  it("fails the start without a function", async () => {
    const failure = await serving({} as RequestListener).catch((error: unknown) => error);
    expect(failure)
      .to.be.instanceOf(ConfigurationError)
      .with.property("message")
      .that.matches(/fallback is a function/);
  });
});
