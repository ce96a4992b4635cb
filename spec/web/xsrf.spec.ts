import { expect } from "chai";
import { ConfigurationError, ErrorHandler, FallbackHandler, RequestHandler, route } from "waterspout";
import { decodeXsrfToken, encodeXsrfToken, newXsrfToken } from "#src/http/xsrf-token.js";
import { type XsrfOptions, xsrfSettings } from "#src/web/xsrf.js";
import { expectLog } from "../support/log.js";
import { type Served, serve } from "../support/serve.js";

class Form extends RequestHandler<string> {
  override getCurrentUser(): string | undefined {
    return this.getCookie("user");
  }
  get(): object {
    return { one: this.xsrfToken, two: this.xsrfToken, html: this.xsrfFormHtml() };
  }
  post(): string {
    return "changed";
  }
  put(): string {
    return "changed";
  }
  delete(): string {
    return "changed";
  }
  options(): string {
    return "safe";
  }
}

class Open extends Form {
  override checkXsrfCookie(): void {}
}

interface Page {
  readonly one: string;
  readonly two: string;
  readonly html: string;
}

const serving = (options: XsrfOptions = {}): Promise<Served> =>
  serve([route("/", Form), route("/open", Open)], { xsrfCookies: true, ...options });

/** What a browser has after it has seen the page. */
async function visit(
  app: Served,
  headers: Record<string, string> = {},
): Promise<{ page: Page; cookie: string; set: string }> {
  const answer = await app.fetch("/", { headers });
  const [set = ""] = answer.headers.getSetCookie();
  return { page: (await answer.json()) as Page, cookie: set.split(";")[0] ?? "", set };
}

const urlencoded = { "Content-Type": "application/x-www-form-urlencoded" };

function post(app: Served, headers: Record<string, string>, body = "", path = "/", method = "POST"): Promise<Response> {
  return app.fetch(path, { method, headers: { ...urlencoded, ...headers }, body });
}

describe("RequestHandler's XSRF token", () => {
  it("is one token in one answer, and sets the cookie, which scripts may read", async () => {
    await using app = await serving();
    const { page, set } = await visit(app);
    expect(page.one).to.match(/^2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d{10}$/);
    expect(page.two).to.equal(page.one);
    expect(page.html).to.equal(`<input type="hidden" name="_xsrf" value="${page.one}"/>`);
    expect(set).to.equal(`_xsrf=${page.one}; Path=/; SameSite=Lax`);
  });

  it("keeps the client's token and its time, under another mask", async () => {
    await using app = await serving();
    const first = await visit(app);
    const second = await visit(app, { Cookie: first.cookie });
    expect(second.set).to.equal("");
    expect(second.page.one).not.to.equal(first.page.one);
    expect(decodeXsrfToken(second.page.one)).to.deep.equal(decodeXsrfToken(first.page.one));
  });

  it("takes the place of a cookie that is none, or Tornado's first version", async () => {
    await using app = await serving();
    for (const value of ["x", "00112233445566778899aabbccddeeff"]) {
      const { page, set } = await visit(app, { Cookie: `_xsrf=${value}` });
      expect(set).to.equal(`_xsrf=${page.one}; Path=/; SameSite=Lax`);
    }
  });

  it("stays thirty days with a user who is known", async () => {
    await using app = await serving();
    const { set } = await visit(app, { Cookie: "user=x" });
    const [, expires = ""] = /Expires=([^;]*)/.exec(set) ?? [];
    expect(Date.parse(expires) - Date.now()).to.be.within(29.9 * 86_400_000, 30.1 * 86_400_000);
  });

  it("has the cookie that the definition says", async () => {
    await using app = await serving({
      xsrfCookieName: "__Host-xsrf",
      xsrfCookieOptions: { httpOnly: true, sameSite: "strict", maxAge: 60 },
    });
    const { page, cookie, set } = await visit(app, { Cookie: "user=x" });
    expect(set).to.equal(`__Host-xsrf=${page.one}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict`);
    expect((await post(app, { Cookie: cookie, "X-Xsrftoken": page.one })).status).to.equal(200);
    expectLog(/403 POST .*: XSRF cookie does not match POST argument$/);
    const other = cookie.replace("__Host-xsrf", "_xsrf");
    expect((await post(app, { Cookie: other, "X-Xsrftoken": page.one })).status).to.equal(403);
  });

  it("is not asked for unless the definition says so", async () => {
    await using app = await serving({ xsrfCookies: false });
    expect(await (await post(app, { "Sec-Fetch-Site": "cross-site" })).text()).to.equal("changed");
    expect((await visit(app)).page.one).to.match(/^2\|/);
  });
});

describe("RequestHandler#checkXsrfCookie", () => {
  it("lets in who repeats the token: in the form, the query, or either header field", async () => {
    await using app = await serving();
    const { page, cookie } = await visit(app);
    const argument = `_xsrf=${encodeURIComponent(page.one)}`;
    const ways: [headers: Record<string, string>, body: string, path: string][] = [
      [{}, argument, "/"],
      [{}, "", `/?${argument}`],
      [{ "X-XSRFToken": page.one }, "", "/"],
      [{ "X-CSRFToken": page.one }, "", "/"],
      [{ "X-CSRFToken": page.one, "X-XSRFToken": "" }, "_xsrf=", "/"],
    ];
    for (const [headers, body, path] of ways) {
      const answer = await post(app, { Cookie: cookie, ...headers }, body, path);
      expect([answer.status, await answer.text()]).to.deep.equal([200, "changed"]);
    }
  });

  it("takes the token of an earlier page, and of another tab", async () => {
    await using app = await serving();
    const first = await visit(app);
    const second = await visit(app, { Cookie: first.cookie });
    for (const { one } of [first.page, second.page]) {
      expect((await post(app, { Cookie: first.cookie, "X-Xsrftoken": one })).status).to.equal(200);
    }
  });

  const good = encodeXsrfToken(newXsrfToken());
  const other = encodeXsrfToken(newXsrfToken());
  const refusals: [title: string, headers: Record<string, string>, body: string, log: RegExp][] = [
    ["no token", { Cookie: `_xsrf=${good}` }, "", /'_xsrf' argument missing from POST/],
    ["no token and no cookie", {}, "", /'_xsrf' argument missing from POST/],
    ["an empty token", { Cookie: `_xsrf=${good}`, "X-Xsrftoken": "" }, "_xsrf=", /'_xsrf' argument missing from POST/],
    ["a token without a cookie", { "X-Xsrftoken": good }, "", /XSRF cookie does not match POST argument/],
    ["a token of somebody else", { Cookie: `_xsrf=${good}` }, `_xsrf=${encodeURIComponent(other)}`, /does not match/],
    ["a token that is none", { Cookie: `_xsrf=${good}`, "X-Xsrftoken": "x" }, "", /argument has invalid format/],
    ["two tokens of version 1", { Cookie: "_xsrf=x", "X-Xsrftoken": "x" }, "", /argument has invalid format/],
    ["empty tokens", { Cookie: "_xsrf=2|00000000||0", "X-Xsrftoken": "2|00000000||0" }, "", /invalid format/],
    [
      "a second cookie, tossed in by a neighbour",
      { Cookie: `_xsrf=${good}; _xsrf=${other}`, "X-Xsrftoken": other },
      "",
      /does not match/,
    ],
    [
      "a script header without a token",
      { Cookie: `_xsrf=${good}`, "X-Requested-With": "XMLHttpRequest" },
      "",
      /missing/,
    ],
    [
      "another site",
      { Cookie: `_xsrf=${good}`, "X-Xsrftoken": good, "Sec-Fetch-Site": "cross-site" },
      "",
      /403 POST .*: another site caused the request: cross-site/,
    ],
    [
      "a subdomain",
      { Cookie: `_xsrf=${good}`, "X-Xsrftoken": good, "Sec-Fetch-Site": "same-site" },
      "",
      /another site caused/,
    ],
    [
      "another origin",
      { Cookie: `_xsrf=${good}`, "X-Xsrftoken": good, Origin: "https://evil.example" },
      "",
      /another site caused the request: https:\/\/evil\.example/,
    ],
    [
      "an origin that is none",
      { Cookie: `_xsrf=${good}`, "X-Xsrftoken": good, Origin: "null" },
      "",
      /another site caused/,
    ],
  ];
  for (const [title, headers, body, log] of refusals) {
    it(`refuses ${title}`, async () => {
      await using app = await serving();
      expectLog(log);
      const answer = await post(app, headers, body);
      expect([answer.status, await answer.text()]).to.deep.equal([403, '{"title":"Forbidden","status":403}']);
    });
  }

  it("is asked of every method that may change something, and of no other", async () => {
    await using app = await serving();
    for (const method of ["POST", "PUT", "DELETE"]) {
      expectLog(new RegExp(`403 ${method} .*: '_xsrf' argument missing from ${method}`));
      expect((await app.fetch("/", { method })).status).to.equal(403);
    }
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      const answer = await app.fetch("/", { method, headers: { "Sec-Fetch-Site": "cross-site" } });
      expect([method, answer.status]).to.deep.equal([method, 200]);
    }
  });

  it("does not hide that a method or a path is unknown", async () => {
    await using app = await serving();
    expectLog(/405 PATCH/, /404 POST/);
    expect((await app.fetch("/", { method: "PATCH" })).status).to.equal(405);
    expect((await app.fetch("/none", { method: "POST" })).status).to.equal(404);
  });

  it("is not asked by handlers that leave the request to others, or only refuse it", async () => {
    const fallback = (_: unknown, response: { end(text: string): unknown }): unknown => response.end("theirs");
    await using app = await serve(
      [route("/theirs", FallbackHandler, { fallback }), route("/gone", ErrorHandler, { status: 410 })],
      { xsrfCookies: true },
    );
    expect(await (await post(app, {}, "", "/theirs")).text()).to.equal("theirs");
    expectLog(/410 POST/);
    expect((await post(app, {}, "", "/gone")).status).to.equal(410);
  });

  it("can be left out for a handler", async () => {
    await using app = await serving();
    expect(await (await post(app, { "Sec-Fetch-Site": "cross-site" }, "", "/open")).text()).to.equal("changed");
  });

  it("comes before middleware and prepare", async () => {
    const seen: string[] = [];
    class Watched extends Form {
      override prepare(): void {
        seen.push("prepare");
      }
    }
    await using app = await serve([route("/", Watched)], {
      xsrfCookies: true,
      middleware: [
        async (_, next) => {
          seen.push("middleware");
          await next();
        },
      ],
    });
    expectLog(/403 POST .*missing/);
    expect((await post(app, {})).status).to.equal(403);
    expect(seen).to.deep.equal([]);
    expect((await app.fetch("/")).status).to.equal(200);
    expect(seen).to.deep.equal(["middleware", "prepare"]);
  });

  it("must not be async, for nobody would wait for its refusal", async () => {
    class Late extends Form {
      // oxlint-disable-next-line typescript/no-misused-promises -- what the start must find
      override async checkXsrfCookie(): Promise<void> {}
    }
    const start = serve([route("/", Late)]);
    const error = await start.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error)
      .to.be.instanceOf(ConfigurationError)
      .with.property("message")
      .that.includes("Late.checkXsrfCookie() must not be async");
  });
});

describe("xsrfSettings", () => {
  it("refuses what no cookie can have", () => {
    const wrong: XsrfOptions[] = [
      { xsrfCookieName: "a b" },
      { xsrfCookieName: "" },
      { xsrfCookieName: "__Host-x", xsrfCookieOptions: { path: "/a" } },
      { xsrfCookieOptions: { sameSite: "none", secure: false } },
    ];
    for (const options of wrong) expect(() => xsrfSettings(options)).to.throw(ConfigurationError, /xsrfCookieName/);
  });
});
