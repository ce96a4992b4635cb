import type { IncomingMessage, ServerResponse } from "node:http";
import cors from "cors";
import { expect } from "chai";
import helmet from "helmet";
import { ConfigurationError, HTTPError, type Middleware, RequestHandler, connect, route } from "waterspout";
import { expectLog, logged } from "../support/log.js";
import { type Served, serve } from "../support/serve.js";

type Next = (error?: unknown) => void;

let runs = 0;

class Hello extends RequestHandler {
  get(): string {
    runs += 1;
    return "hello";
  }
  put(): never {
    throw new HTTPError(409);
  }
}

function behind(...middleware: Middleware[]): Promise<Served> {
  runs = 0;
  return serve([route("/", Hello)], { middleware });
}

describe("connect", () => {
  it("passes a request through helmet, whose headers stand on the answer and on error pages", async () => {
    expectLog(/409 PUT/);
    await using app = await behind(connect(helmet()));
    const answer = await app.fetch("/");
    expect(await answer.text()).to.equal("hello");
    expect(answer.headers.get("content-security-policy")).to.match(/default-src 'self'/);
    const refused = await app.fetch("/", { method: "PUT" });
    expect([refused.status, refused.headers.get("x-dns-prefetch-control")]).to.deep.equal([409, "off"]);
  });

  it("lets cors answer a preflight, and mark the answers", async () => {
    await using app = await behind(connect(cors({ origin: "https://app.example", methods: ["PUT"] })));
    const preflight = await app.fetch("/", {
      method: "OPTIONS",
      headers: { Origin: "https://app.example", "Access-Control-Request-Method": "PUT" },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-methods"), runs]).to.deep.equal([
      204,
      "PUT",
      0,
    ]);
    const answer = await app.fetch("/", { headers: { Origin: "https://app.example" } });
    expect([answer.headers.get("access-control-allow-origin"), await answer.text()]).to.deep.equal([
      "https://app.example",
      "hello",
    ]);
    expect(logged("access").filter((line) => line.startsWith("204 OPTIONS"))).to.have.length(1);
  });

  it("takes an answer that comes later, in pieces", async () => {
    const answering = (_message: IncomingMessage, response: ServerResponse): void => {
      setTimeout(() => {
        response.writeHead(202, { "Content-Type": "text/plain" });
        response.write("by ");
        setTimeout(() => response.end("itself"), 5);
      }, 5);
    };
    const own: Middleware = (handler, next) =>
      handler.request.path === "/" ? connect(answering)(handler, next) : next();
    await using app = await behind(own);
    const answer = await app.fetch("/");
    expect([answer.status, await answer.text(), runs]).to.deep.equal([202, "by itself", 0]);
  });

  for (const [how, middleware] of [
    ["gives to next", (_m: IncomingMessage, _r: ServerResponse, next: Next) => next(new HTTPError(418))],
    [
      "throws",
      () => {
        throw new HTTPError(418);
      },
    ],
    ["rejects with", () => Promise.reject(new HTTPError(418))],
  ] as const) {
    it(`ends the request with what it ${how}`, async () => {
      const own: Middleware = (handler, next) =>
        handler.request.path === "/" ? connect(middleware)(handler, next) : next();
      expectLog(/418 GET/);
      await using app = await behind(own);
      expect([(await app.fetch("/")).status, runs]).to.deep.equal([418, 0]);
    });
  }

  it("goes on once, however often next is called", async () => {
    await using app = await behind(
      connect((_message: unknown, _response: unknown, next: Next) => {
        next();
        next();
      }),
    );
    expect([await app.text("/"), runs]).to.deep.equal(["hello", 1]);
  });

  it("refuses what is no middleware, and what is for errors", () => {
    expect(() => connect("helmet" as never)).to.throw(ConfigurationError, "got string");
    const forErrors = (_error: unknown, _message: unknown, _response: unknown, _next: unknown): void => {};
    expect(() => connect(forErrors as never)).to.throw(ConfigurationError, "four parameters");
  });
});
