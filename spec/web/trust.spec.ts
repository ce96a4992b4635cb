import { expect } from "chai";
import { Application, ConfigurationError, HTTPError, RequestHandler, route } from "waterspout";
import { Trust } from "#src/web/trust.js";
import { expectLog, logged } from "../support/log.js";
import { exchange } from "../support/raw-client.js";
import { get, serve } from "../support/serve.js";

describe("Trust", () => {
  it("is made from nothing", () => {
    expect(() => new Trust({})).not.to.throw();
  });

  it("says what signed cookies need", () => {
    expect(() => new Trust({}).signer).to.throw(ConfigurationError, /signed cookies need `cookieSecret`/);
    expect(new Trust({ cookieSecret: "secret" }).signer.sign("a", "1")).to.match(/^2\|/);
  });

  it("refuses the version of a key where there is none", () => {
    expect(() => new Trust({ keyVersion: 1 })).to.throw(
      ConfigurationError,
      /keyVersion means nothing without cookieSecret/,
    );
  });

  it("refuses the name of fields that nobody may write", () => {
    const make = (): Trust => new Trust({ proxyHeaders: "forwarded" });
    expect(make).to.throw(ConfigurationError, /proxyHeaders means nothing without trustedProxies/);
  });

  for (const loginUrl of ["/login", "/login?for=me", "https://sso.example/login", "http://a"]) {
    it(`takes ${loginUrl} for the log-in page`, () => expect(new Trust({ loginUrl }).loginUrl).to.equal(loginUrl));
  }

  for (const loginUrl of [
    "",
    "login",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/a b",
    "/a\r\nX: 1",
  ]) {
    it(`does not take ${JSON.stringify(loginUrl)} for it`, () => {
      expect(() => new Trust({ loginUrl })).to.throw(ConfigurationError, /loginUrl must be a path/);
    });
  }

  it("asks for tokens when it is told to, where something may change", () => {
    const asked = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "get"];
    const checked = (trust: Trust): string[] => asked.filter((method) => trust.checksXsrf(method));
    expect(checked(new Trust({ xsrfCookies: true }))).to.deep.equal(["POST", "PUT", "PATCH", "DELETE", "get"]);
    expect(checked(new Trust({}))).to.deep.equal([]);
  });

  it("is checked when the application is constructed", () => {
    const make = (): Application => new Application({ handlers: [], cookieSecret: "" });
    expect(make).to.throw(ConfigurationError, /cookieSecret must be/);
  });
});

class Origin extends RequestHandler {
  get(): object {
    const { remoteIp, protocol, host, hostName, viaTrustedProxy } = this.request;
    this.setCookie("a", "1");
    return { remoteIp, protocol, host, hostName, viaTrustedProxy, url: this.request.fullUrl() };
  }
}

const said = {
  "X-Forwarded-For": "192.0.2.1",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "A.example:8443",
};

describe("an application behind a proxy", () => {
  it("believes the proxies that it trusts, in all that follows", async () => {
    await using app = await serve([route("/", Origin)], { trustedProxies: ["loopback"] });
    const answer = await app.fetch("/", { headers: said });
    expect(await answer.json()).to.deep.equal({
      remoteIp: "192.0.2.1",
      protocol: "https",
      host: "A.example:8443",
      hostName: "a.example",
      viaTrustedProxy: true,
      url: "https://A.example:8443/",
    });
    expect(answer.headers.getSetCookie()).to.deep.equal(["a=1; Path=/; HttpOnly; Secure; SameSite=Lax"]);
    expect(logged("access")[0]).to.match(/^200 GET \/ \(192\.0\.2\.1\)/);
  });

  for (const trustedProxies of [undefined, ["10.0.0.0/8", "uniquelocal"]]) {
    it(`believes nothing when it trusts ${trustedProxies?.join() ?? "nobody"}`, async () => {
      await using app = await serve([route("/", Origin)], trustedProxies === undefined ? {} : { trustedProxies });
      const headers = {
        ...said,
        Forwarded: "for=192.0.2.1;proto=https",
        "X-Real-Ip": "192.0.2.1",
        "X-Scheme": "https",
      };
      const answer = await app.fetch("/", { headers });
      const host = `127.0.0.1:${app.port}`;
      expect(await answer.json()).to.deep.equal({
        remoteIp: "127.0.0.1",
        protocol: "http",
        host,
        hostName: "127.0.0.1",
        viaTrustedProxy: false,
        url: `http://${host}/`,
      });
      expect(answer.headers.getSetCookie()).to.deep.equal(["a=1; Path=/; HttpOnly; SameSite=Lax"]);
      expect(logged("access")[0]).to.match(/^200 GET \/ \(127\.0\.0\.1\)/);
    });
  }

  it("refuses what two kinds of proxies say, before anything is routed", async () => {
    expectLog(/400 GET .*: both Forwarded and X-Forwarded-…: set proxyHeaders$/);
    await using app = await serve([route("/", Origin)], { trustedProxies: ["loopback"] });
    const answer = await app.fetch("/", { headers: { ...said, Forwarded: "for=192.0.2.1" } });
    expect([answer.status, await answer.text()]).to.deep.equal([400, '{"title":"Bad Request","status":400}']);
  });

  it("routes by the host that the proxy says", async () => {
    const routes = [route("/", Origin, undefined, { host: "a.example" })];
    await using app = await serve(routes, { trustedProxies: ["loopback"] });
    expect((await app.fetch("/", { headers: said })).status).to.equal(200);
    expectLog(/404 GET/);
    expect((await app.fetch("/")).status).to.equal(404);
  });
});

describe("an application with allowed hosts", () => {
  const hosts = { allowedHosts: ["127.0.0.1", "a.example", "*.b.example"] };

  it("answers for these, with any port", async () => {
    await using app = await serve([route("/", Origin)], hosts);
    for (const host of ["a.example", "A.Example:8443", "x.b.example", `127.0.0.1:${app.port}`]) {
      const answer = await exchange(app.port, get("/").replace("localhost", host));
      expect([host, answer.status]).to.deep.equal([host, 200]);
    }
    expect((await app.fetch("/")).status).to.equal(200);
  });

  it("answers 421 for others, whatever the path, and shows nothing of them", async () => {
    await using app = await serve([route("/", Origin)], hosts);
    for (const host of ["evil.example", "b.example", "a.example.evil.net", "localhost"]) {
      expectLog(new RegExp(`421 GET .*: the host ${host} is none of allowedHosts$`));
      const answer = await exchange(app.port, get("/none").replace("localhost", host));
      expect([answer.status, answer.body]).to.deep.equal([421, '{"title":"Misdirected Request","status":421}']);
    }
  });

  it("asks for the host of an absolute target, and for the one that a trusted proxy says", async () => {
    await using app = await serve([route("/", Origin)], { ...hosts, trustedProxies: ["loopback"] });
    expectLog(/421 GET .*: the host evil\.example/, /421 GET .*: the host evil\.example/);
    const absolute = get("http://evil.example/").replace("localhost", "a.example");
    expect((await exchange(app.port, absolute)).status).to.equal(421);
    const forwarded = get("/", "X-Forwarded-Host: evil.example").replace("localhost", "a.example");
    expect((await exchange(app.port, forwarded)).status).to.equal(421);
  });
});

describe("an application's security headers", () => {
  const names = ["X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"];
  const ofData = ["nosniff", null, null, null];
  const ofPages = ["nosniff", "SAMEORIGIN", "same-origin", "same-origin"];
  const valuesOf = ({ headers }: Response): (string | null)[] => names.map((name) => headers.get(name));
  const browser = { Accept: "text/html" };

  class Page extends RequestHandler {
    async get(): Promise<unknown> {
      const frame = this.getQueryArgument("frame", "");
      if (frame !== "") this.setHeader("X-Frame-Options", frame);
      if (this.getQueryArgument("bare", "") !== "") this.clearHeader("X-Content-Type-Options");
      if (this.getQueryArgument("fail", "") !== "") throw new HTTPError(403);
      if (this.getQueryArgument("json", "") !== "") return {};
      this.write("<p>page</p>");
      if (this.getQueryArgument("flush", "") !== "") await this.flush();
      return undefined;
    }
  }

  it("are on every document, flushed ones and error pages included", async () => {
    await using app = await serve([route("/", Page)]);
    expectLog(/403 GET/, /404 GET/, /400 GET/, /405 POST/);
    const pages = [["/"], ["/?flush=1"], ["/?fail=1"], ["/none"], ["/%ZZ"], ["/", "POST"], ["/", "HEAD"]] as const;
    for (const [path, method = "GET"] of pages) {
      expect(valuesOf(await app.fetch(path, { method, headers: browser })), path).to.deep.equal(ofPages);
    }
  });

  it("are fewer for data: its type is to be believed, in refusals as well", async () => {
    await using app = await serve([route("/", Page)], { allowedHosts: ["127.0.0.1"] });
    expectLog(/403 GET/, /404 GET/, /421 GET/);
    for (const [path, method = "GET"] of [["/?json=1"], ["/?fail=1"], ["/none"], ["/", "OPTIONS"]] as const) {
      expect(valuesOf(await app.fetch(path, { method })), path).to.deep.equal(ofData);
    }
    expect((await exchange(app.port, get("/"))).headers).to.include({ "x-content-type-options": "nosniff" });
  });

  it("can be changed and taken away by a handler, for its own answer", async () => {
    await using app = await serve([route("/", Page)]);
    expect(valuesOf(await app.fetch("/?frame=DENY"))).to.deep.equal(["nosniff", "DENY", "same-origin", "same-origin"]);
    expect(valuesOf(await app.fetch("/?bare=1"))[0]).to.equal(null);
    expectLog(/403 GET/);
    expect(valuesOf(await app.fetch("/?frame=DENY&bare=1&fail=1", { headers: browser }))).to.deep.equal(ofPages);
  });

  it("are those that the definition says, or none", async () => {
    const securityHeaders = { "X-Frame-Options": false, "Content-Security-Policy": "default-src 'self'" } as const;
    await using app = await serve([route("/", Page)], { securityHeaders });
    const answer = await app.fetch("/");
    expect(valuesOf(answer)).to.deep.equal(["nosniff", null, "same-origin", "same-origin"]);
    for (const path of ["/", "/?json=1"]) {
      expect((await app.fetch(path)).headers.get("Content-Security-Policy")).to.equal("default-src 'self'");
    }
    await using bare = await serve([route("/", Page)], { securityHeaders: false });
    expect(valuesOf(await bare.fetch("/"))).to.deep.equal([null, null, null, null]);
  });

  it("promise https to whom a trusted proxy serves by https", async () => {
    const securityHeaders = { "Strict-Transport-Security": "max-age=60" };
    await using app = await serve([route("/", Page)], { securityHeaders, trustedProxies: ["loopback"] });
    const promised = async (protocol: string): Promise<string | null> =>
      (await app.fetch("/", { headers: { "X-Forwarded-Proto": protocol } })).headers.get("Strict-Transport-Security");
    expect(await promised("https")).to.equal("max-age=60");
    expect(await promised("http")).to.equal(null);
  });
});
