import { expect } from "chai";
import {
  Application,
  ConfigurationError,
  ExecutorClosedError,
  InjectionError,
  RequestHandler,
  Route,
  route,
} from "waterspout";
// After waterspout, which brings reflect-metadata.
import { injectable, singleton } from "tsyringe";
import { expectLog, logged } from "../support/log.js";
import { get, serve } from "../support/serve.js";

@singleton()
class Clock {
  now(): string {
    return "now";
  }
}

@Route("/now", { name: "now" })
class NowHandler extends RequestHandler {
  constructor(private readonly clock: Clock) {
    super();
  }
  get(): string {
    return this.clock.now();
  }
}

class Path extends RequestHandler {
  get(): string {
    return `${this.request.path}?${this.request.query}`;
  }
}

describe("Application", () => {
  describe("its construction", () => {
    it("opens nothing and makes no service", () => {
      const application = new Application({ handlers: [NowHandler] });
      expect(() => application.container).to.throw(ExecutorClosedError, "a server that listens for it starts it");
      expect(application.routes.map(({ pattern }) => pattern)).to.deep.equal(["/now"]);
      expect(application.reverseUrl("now")).to.equal("/now");
    });

    it("keeps a definition that nobody changes any more", () => {
      const definition = { handlers: [NowHandler], accessLog: false };
      const application = new Application(definition);
      definition.accessLog = true;
      expect(application.definition.accessLog).to.equal(false);
      expect(application.definition).to.be.frozen;
    });

    it("takes limits of HTTP from the definition", () => {
      const { settings } = new Application({ handlers: [NowHandler], bodyLimit: 5 });
      expect(settings.bodyLimit).to.equal(5);
    });

    for (const [what, definition, message] of [
      ["a path that is taken", { handlers: [NowHandler, route("/now", Path)] }, "has the same path as"],
      ["a limit that is none", { handlers: [], bodyLimit: -1 }, "bodyLimit must be an integer"],
      ["autoreload", { handlers: [], autoreload: true }, "run the program with `node --watch` instead"],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(() => new Application(definition)).to.throw(ConfigurationError, message);
      });
    }

    it("refuses debug in production", () => {
      const before = process.env["NODE_ENV"];
      process.env["NODE_ENV"] = "production";
      try {
        expect(() => new Application({ handlers: [], debug: true })).to.throw(ConfigurationError, "debug shows stacks");
      } finally {
        if (before === undefined) delete process.env["NODE_ENV"];
        else process.env["NODE_ENV"] = before;
      }
    });
  });

  it("gives handlers the services that its container has", async () => {
    await using app = await serve([NowHandler]);
    expect(await app.text("/now")).to.equal("now");
    expect(app.application.container.resolve(Clock)).to.equal(app.application.container.resolve(Clock));
  });

  it("fails the start when a handler cannot be constructed", async () => {
    @Route("/")
    class Wanting extends RequestHandler {
      constructor(readonly missing: string) {
        super();
      }
      get(): void {}
    }
    expect(await serve([Wanting]).catch((error: unknown) => error)).to.be.instanceOf(InjectionError);
  });

  describe("#handle", () => {
    it("answers 404 for an unknown path, whatever the method", async () => {
      await using app = await serve([NowHandler]);
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        expectLog(new RegExp(`404 ${method} /none`));
        expect((await app.fetch("/none", { method })).status, method).to.equal(404);
      }
      expectLog(/404 PROPFIND/);
      const answer = await app.connect().send("PROPFIND /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").end();
      expect(answer).to.match(/^HTTP\/1\.1 404 /);
    });

    for (const path of ["/%zz", "/%", "/%ff", "/a%00b", "/a%0d%0ab"]) {
      it(`answers 400 for ${path}`, async () => {
        expectLog(/400 GET .*: a malformed path$/);
        await using app = await serve([route("/*", Path)]);
        expect(await app.connect().send(get(path)).end()).to.match(/^HTTP\/1\.1 400 Bad Request/);
        expect(logged()).to.have.length(1);
      });
    }

    it("sees one canonical path in each form of the target", async () => {
      await using app = await serve([route("/*", Path)]);
      const ask = async (target: string): Promise<string> => {
        const [, body = ""] = (await app.connect().send(get(target)).end()).split("\r\n\r\n");
        return Buffer.from(body, "latin1").toString();
      };
      expect(await ask("/caf%C3%A9/a%2fb?q=%20")).to.equal("/café/a%2Fb?q=%20");
      expect(await ask("http://localhost/x?y")).to.equal("/x?y");
      expect(await ask("http://localhost")).to.equal("/?");
    });

    it("takes the host of the absolute form, without its port, for routes of a host", async () => {
      await using app = await serve([route("/", Path, {}, { host: "admin.test" })]);
      expectLog(/404 GET/);
      expect(await app.connect().send(get("http://ADMIN.test:80/")).end()).to.match(/^HTTP\/1\.1 200/);
      expect(await app.connect().send(get("/")).end()).to.match(/^HTTP\/1\.1 404/);
    });

    it("keeps the connection for the next request after each of its own answers", async () => {
      expectLog(/404 GET/, /405 POST/);
      await using app = await serve([NowHandler]);
      const client = app.connect();
      await client.send("GET /none HTTP/1.1\r\nHost: x\r\n\r\n").until(/404[^]*\}$/);
      await client.send("POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody").until(/405[^]*\}$/);
      expect(await client.send(get("/now")).end()).to.match(/now$/);
    });
  });

  describe("its default handler", () => {
    @injectable()
    class NotFound extends RequestHandler {
      constructor(private readonly clock: Clock) {
        super();
      }
      override writeError(status: number): void {
        this.write(`${status} at ${this.clock.now()}`);
      }
    }
    class Shell extends NotFound {
      get(): string {
        return "the page";
      }
    }
    const handlers = [NowHandler];
    const options = { accessLog: false };

    it("shows the page of unknown paths, whatever the method and the body", async () => {
      await using app = await serve(handlers, { ...options, defaultHandler: NotFound });
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const answer = await app.fetch("/nothing", { method });
        expect([answer.status, await answer.text()], method).to.deep.equal([404, "404 at now"]);
      }
      expect(await app.connect().send(get("/x").replace("GET", "PROPFIND")).end()).to.match(/^HTTP\/1\.1 404/);
      expect((await app.fetch("/x", { method: "POST", body: "x".repeat(3_000_000) })).status).to.equal(404);
      expect(await app.text("/now")).to.equal("now");
    });

    it("may answer some methods itself", async () => {
      await using app = await serve(handlers, { ...options, defaultHandler: Shell });
      expect(await app.text("/any/path")).to.equal("the page");
      expect((await app.fetch("/any/path", { method: "HEAD" })).status).to.equal(200);
      expect((await app.fetch("/any/path", { method: "POST" })).status).to.equal(404);
    });

    it("passes middleware", async () => {
      const middleware = [
        (handler: RequestHandler, next: () => Promise<void>) => {
          handler.setHeader("X-Seen", handler.request.path);
          return next();
        },
      ];
      await using app = await serve(handlers, { ...options, middleware, defaultHandler: Shell });
      expect((await app.fetch("/any")).headers.get("x-seen")).to.equal("/any");
    });

    it("is a handler, and can be constructed", async () => {
      const none = Map as unknown as typeof Shell;
      expect(() => new Application({ handlers, defaultHandler: none })).to.throw(ConfigurationError, /does not extend/);
      class Wanting extends RequestHandler {
        constructor(readonly missing: symbol) {
          super();
        }
      }
      const failure = await serve(handlers, { defaultHandler: Wanting }).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(InjectionError);
    });
  });
});
