import { expect } from "chai";
import { type CorsOptions, ConfigurationError, RequestHandler, Route, route } from "waterspout";
import { CorsPolicy } from "#src/http/cors.js";
import { expectLog } from "../support/log.js";
import { type Served, serve } from "../support/serve.js";

const app = "https://app.example.com";
const origins = [app, "http://localhost:3000"];

class Items extends RequestHandler {
  get(): object {
    return { items: [] };
  }
  post(): string {
    return "made";
  }
  delete(): string {
    return "gone";
  }
}

class Varying extends Items {
  override get(): object {
    this.setHeader("Vary", this.getQueryArgument("vary"));
    return {};
  }
}

const serving = (cors: CorsOptions, xsrfCookies = false): Promise<Served> =>
  serve([route("/", Items), route("/varying", Varying)], { cors, xsrfCookies });

const from = (origin: string): { headers: Record<string, string> } => ({ headers: { Origin: origin } });

/** The fields about other origins. */
function said(answer: Response): Record<string, string> {
  const about = /^(?:access-control-.*|vary|allow)$/;
  return Object.fromEntries([...answer.headers].filter(([name]) => about.test(name)));
}

async function preflight(served: Served, origin: string, method = "DELETE", path = "/"): Promise<Response> {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": method,
    "Access-Control-Request-Headers": "x-own",
  };
  return served.fetch(path, { method: "OPTIONS", headers });
}

describe("an application with cors", () => {
  it("lets a listed origin read answers, and tells caches that they depend on it", async () => {
    await using served = await serving({ origins, exposedHeaders: ["X-Total", "X-Page"] });
    for (const origin of origins) {
      const answer = await served.fetch("/", from(origin));
      expect([answer.status, said(answer)]).to.deep.equal([
        200,
        { "access-control-allow-origin": origin, "access-control-expose-headers": "X-Total, X-Page", vary: "Origin" },
      ]);
    }
  });

  it("says to nobody else that they may, but the same to caches", async () => {
    await using served = await serving({ origins, credentials: true });
    const others = [
      "https://evil.example",
      "https://evilapp.example.com",
      "https://app.example.com.evil.net",
      "https://app.example.com:8443",
      "http://app.example.com",
      "https://APP.example.com",
      "https://app.example.com/",
      "null",
      "*",
      "",
    ];
    for (const origin of others) {
      const answer = await served.fetch("/", from(origin));
      expect([answer.status, said(answer)], origin).to.deep.equal([200, { vary: "Origin" }]);
    }
    expect(said(await served.fetch("/"))).to.deep.equal({ vary: "Origin" });
  });

  it("allows credentials when it is told to", async () => {
    await using served = await serving({ origins, credentials: true });
    expect(said(await served.fetch("/", from(app)))).to.include({ "access-control-allow-credentials": "true" });
  });

  it("is open to all, without credentials, when it is told to", async () => {
    await using served = await serving({ origins: ["*"] });
    for (const headers of [{ Origin: "https://any.example" }, { Origin: "null" }, {}]) {
      expect(said(await served.fetch("/", { headers }))).to.deep.equal({ "access-control-allow-origin": "*" });
    }
  });

  it("takes null for an origin when it is listed", async () => {
    await using served = await serving({ origins: ["null"] });
    expect(said(await served.fetch("/", from("null")))).to.include({ "access-control-allow-origin": "null" });
  });

  it("says it on error pages and for paths that are none, so that a page can read them", async () => {
    await using served = await serving({ origins });
    expectLog(/404 GET/, /405 PUT/, /400 GET/);
    const failing: [path: string, method: string, status: number][] = [
      ["/none", "GET", 404],
      ["/", "PUT", 405],
      ["/%ZZ", "GET", 400],
    ];
    for (const [path, method, status] of failing) {
      const answer = await served.fetch(path, { method, ...from(app) });
      expect(answer.status).to.equal(status);
      expect(answer.headers.get("Access-Control-Allow-Origin"), path).to.equal(app);
      expect(answer.headers.get("Vary")).to.match(/\bOrigin\b/);
    }
  });

  it("adds to the handler's own Vary, once, and not to *", async () => {
    await using served = await serving({ origins });
    const vary = async (own: string): Promise<string | null> =>
      (await served.fetch(`/varying?vary=${encodeURIComponent(own)}`, from(app))).headers.get("Vary");
    expect(await vary("Accept")).to.equal("Accept, Origin");
    expect(await vary("accept,ORIGIN")).to.equal("accept,ORIGIN");
    expect(await vary("*")).to.equal("*");
  });

  it("says nothing without cors", async () => {
    await using served = await serve([route("/", Items)]);
    expect(said(await served.fetch("/", from(app)))).to.deep.equal({});
    expect(said(await preflight(served, app))).to.deep.equal({ allow: "GET, HEAD, POST, DELETE, OPTIONS" });
  });
});

describe("a preflight", () => {
  it("is answered from the verbs and the configuration", async () => {
    await using served = await serving({ origins, credentials: true, headers: ["Content-Type", "X-Own"], maxAge: 60 });
    const answer = await preflight(served, app);
    expect([answer.status, await answer.text(), said(answer)]).to.deep.equal([
      204,
      "",
      {
        "access-control-allow-origin": app,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, HEAD, POST, DELETE, OPTIONS",
        "access-control-allow-headers": "Content-Type, X-Own",
        "access-control-max-age": "60",
        allow: "GET, HEAD, POST, DELETE, OPTIONS",
        vary: "Origin",
      },
    ]);
  });

  it("allows the methods that are listed and that the handler has", async () => {
    await using served = await serving({ origins, methods: ["GET", "PUT", "DELETE"], headers: [] });
    expect(said(await preflight(served, app, "PUT"))).to.deep.equal({
      "access-control-allow-origin": app,
      "access-control-allow-methods": "GET, DELETE",
      "access-control-max-age": "600",
      allow: "GET, HEAD, POST, DELETE, OPTIONS",
      vary: "Origin",
    });
  });

  it("of another origin is answered without a permission", async () => {
    await using served = await serving({ origins });
    for (const origin of ["https://evil.example", "null"]) {
      const answer = await preflight(served, origin);
      expect([answer.status, said(answer)]).to.deep.equal([
        204,
        { allow: "GET, HEAD, POST, DELETE, OPTIONS", vary: "Origin" },
      ]);
    }
  });

  it("for a path that is none is answered, so that the page can read the 404 that follows", async () => {
    await using served = await serving({ origins });
    expect(said(await preflight(served, app, "PUT", "/none"))).to.include({ "access-control-allow-origin": app });
    expectLog(/404 PUT/);
    const answer = await served.fetch("/none", { method: "PUT", ...from(app) });
    expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).to.deep.equal([404, app]);
  });

  it("for a path that is none is 404 without cors", async () => {
    await using served = await serve([route("/", Items)]);
    expectLog(/404 OPTIONS/);
    expect((await preflight(served, app, "GET", "/none")).status).to.equal(404);
  });

  it("makes no handler, asks nobody to log in, and has its line in the log", async () => {
    let made = 0;
    class Guarded extends RequestHandler {
      constructor() {
        super();
        made += 1;
      }
      options(): string {
        return "own";
      }
    }
    await using served = await serve([route("/", Guarded)], { cors: { origins } });
    expect((await preflight(served, app)).status).to.equal(204);
    expect(made).to.equal(0);
    // Without a method that is asked for, it is an OPTIONS request like any other.
    expect(await served.text("/", { method: "OPTIONS", ...from(app) })).to.equal("own");
    expect(made).to.equal(1);
  });
});

describe("a route with cors", () => {
  @Route("/route", { cors: { origins: ["https://route.example"] } })
  @Route("/closed", { cors: false })
  @Route("/usual")
  class Routed extends Items {}

  it("says otherwise than the application", async () => {
    await using served = await serve([Routed, route("/table", Items, {}, { cors: { origins: ["*"] } })], {
      cors: { origins },
    });
    const allowed = async (path: string, origin: string): Promise<string | null> =>
      (await served.fetch(path, from(origin))).headers.get("Access-Control-Allow-Origin");
    expect(await allowed("/route", "https://route.example")).to.equal("https://route.example");
    expect(await allowed("/route", app)).to.equal(null);
    expect(await allowed("/closed", app)).to.equal(null);
    expect(await allowed("/usual", app)).to.equal(app);
    expect(await allowed("/table", app)).to.equal("*");
    expect(said(await served.fetch("/closed", from(app)))).to.deep.equal({});
    expect(said(await preflight(served, app, "DELETE", "/closed"))).to.deep.equal({
      allow: "GET, HEAD, POST, DELETE, OPTIONS",
    });
  });

  it("needs no cors of the application", async () => {
    await using served = await serve([Routed]);
    expect(
      (await preflight(served, "https://route.example", "DELETE", "/route")).headers.get("Access-Control-Allow-Origin"),
    ).to.equal("https://route.example");
    expect(said(await served.fetch("/usual", from("https://route.example")))).to.deep.equal({});
  });

  it("fails the start when it is wrong", async () => {
    const start = serve([route("/", Items, {}, { cors: { origins: [] } })]);
    const error = await start.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error)
      .to.be.instanceOf(ConfigurationError)
      .with.property("message")
      .that.includes("cors: origins must be a list");
  });
});

describe("cors and XSRF tokens", () => {
  it("an origin that may use cookies may cause requests, with a token", async () => {
    await using served = await serving({ origins, credentials: true }, true);
    expectLog(/403 POST .*'_xsrf' argument missing/);
    const answer = await served.fetch("/", {
      method: "POST",
      headers: { Origin: app, "Sec-Fetch-Site": "cross-site" },
    });
    expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).to.deep.equal([403, app]);
    expectLog(/403 POST .*another site caused the request: https:\/\/evil\.example/);
    expect((await served.fetch("/", { method: "POST", headers: { Origin: "https://evil.example" } })).status).to.equal(
      403,
    );
  });

  it("one that may not may not", async () => {
    await using served = await serving({ origins }, true);
    expectLog(/403 POST .*another site caused the request/);
    expect((await served.fetch("/", { method: "POST", ...from(app) })).status).to.equal(403);
  });
});

describe("CorsPolicy", () => {
  const wrong: [options: unknown, message: RegExp][] = [
    [undefined, /must be an object/],
    [{}, /origins must be a list/],
    [{ origins: [] }, /origins must be a list/],
    [{ origins: app }, /origins must be a list/],
    [{ origins: ["*"], credentials: true }, /credentials for the origin "\*" would be for every page/],
    [{ origins: ["null"], credentials: true }, /credentials for the origin "null"/],
    [{ origins: ["*", app] }, /"\*" stands alone/],
    [{ origins, method: ["GET"] }, /unknown option "method"; the options are origins, methods/],
    [{ origins, methods: ["get"] }, /methods must be a list of names like PUT/],
    [{ origins, methods: "GET" }, /methods must be a list/],
    [{ origins, headers: ["*"] }, /headers must be a list of names like X-Name/],
    [{ origins, headers: ["a b"] }, /headers must be a list/],
    [{ origins, exposedHeaders: ["a\r\nb"] }, /exposedHeaders must be a list/],
    [{ origins, maxAge: -1 }, /maxAge must be a whole number of seconds/],
    [{ origins, maxAge: 1.5 }, /maxAge must be a whole number of seconds/],
  ];
  for (const [options, message] of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => new CorsPolicy(options as CorsOptions)).to.throw(ConfigurationError, message);
    });
  }

  const never = [
    "app.example.com",
    "https://app.example.com/",
    "https://a/b",
    "https://*.example.com",
    "HTTPS://a.example",
    "https://A.example",
    "https://a.example:443",
    "http://a.example:80",
    "https://u@a.example",
    "https://",
    "",
    "a b",
    7,
    null,
  ];
  for (const origin of never) {
    it(`refuses ${JSON.stringify(origin)}, which no browser sends`, () => {
      expect(() => new CorsPolicy({ origins: [origin as string] })).to.throw(ConfigurationError, /is no origin like/);
    });
  }

  it("takes what browsers send", () => {
    for (const origin of [
      "https://a.example:8443",
      "http://[::1]:3000",
      "capacitor://localhost",
      "chrome-extension://abc",
    ]) {
      expect(() => new CorsPolicy({ origins: [origin] }), origin).not.to.throw();
    }
  });
});
