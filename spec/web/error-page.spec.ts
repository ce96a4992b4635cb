import { expect } from "chai";
import { debugPage, errorPage, prefersPage } from "#src/web/error-page.js";
import { CancelledError, HTTPError, RequestHandler, route } from "waterspout";
import { expectLog } from "../support/log.js";
import { serve } from "../support/serve.js";

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

describe("errorPage", () => {
  for (const [accept, type] of [
    [browser, "text/html; charset=UTF-8"],
    ["text/*", "text/html; charset=UTF-8"],
    ["text/html;q=0.5, application/problem+json;q=0.4", "text/html; charset=UTF-8"],
    ["text/html;q=0.5, application/problem+json", "application/problem+json"],
    ["application/json", "application/problem+json"],
    ["image/png", "application/problem+json"],
    ["*/*", "application/problem+json"],
    [undefined, "application/problem+json"],
    ["not a media type", "application/problem+json"],
  ] as const) {
    it(`is ${type.slice(0, 24)} for Accept: ${String(accept)}`, () => {
      expect(errorPage(404, undefined, accept).type).to.equal(type);
    });
  }

  it("is Tornado's page, with the reason escaped", () => {
    const error = new HTTPError(404, "m", { reason: "<&\"'>" });
    expect(errorPage(404, error, browser).body).to.equal(
      "<html><title>404: &lt;&amp;&quot;&#39;&gt;</title><body>404: &lt;&amp;&quot;&#39;&gt;</body></html>",
    );
  });

  it("names the status that has no phrase", () => {
    expect(errorPage(599, undefined).body).to.equal('{"title":"Unknown","status":599}');
  });

  it("has of the error what its thrower marked as the client's, and never the message", () => {
    const error = new HTTPError(400, "log only", { extensions: { detail: "shown" }, cause: new Error("cause") });
    expect(JSON.parse(errorPage(400, error).body)).to.deep.equal({
      title: "Bad Request",
      status: 400,
      detail: "shown",
    });
    expect(JSON.parse(errorPage(503, new CancelledError("log only")).body)).to.deep.equal({
      title: "Service Unavailable",
      status: 503,
      code: "CANCELLED",
    });
    for (const thrown of [new Error("secret"), "secret", { message: "secret" }]) {
      for (const accept of [browser, "*/*"]) expect(errorPage(500, thrown, accept).body).to.not.include("secret");
    }
  });
});

describe("debugPage", () => {
  it("has the stack and the causes", () => {
    const { type, body } = debugPage(new Error("what", { cause: new TypeError("why") }));
    expect(type).to.equal("text/plain; charset=UTF-8");
    expect(body)
      .to.match(/^Error: what\n +at /)
      .and.include("TypeError: why");
  });
});

describe("the error page of a request", () => {
  class Failing extends RequestHandler {
    get(status: string): void {
      throw status === "500" ? new Error("boom") : new HTTPError(Number(status), "a message");
    }
  }

  it("says to caches that Accept decided", async () => {
    expectLog(/404 GET/);
    await using app = await serve([]);
    expect((await app.fetch("/none")).headers.get("vary")).to.equal("Accept");
  });

  it("shows the stack of a 5xx with debug, and nothing more of a 4xx", async () => {
    expectLog(/boom/, /500 GET/, /400 GET .*: a message$/);
    await using app = await serve([route("/:status", Failing)], { debug: true });
    const answer = await app.fetch("/500", { headers: { accept: browser } });
    expect(answer.headers.get("content-type")).to.equal("text/plain; charset=UTF-8");
    expect(await answer.text()).to.match(/^Error: boom\n +at /);
    expect(await app.text("/400")).to.equal('{"title":"Bad Request","status":400}');
  });

  it("shows no stack without debug", async () => {
    expectLog(/boom/, /500 GET/);
    await using app = await serve([route("/:status", Failing)]);
    expect(await app.text("/500", { headers: { accept: browser } })).to.equal(
      "<html><title>500: Internal Server Error</title><body>500: Internal Server Error</body></html>",
    );
  });
});

describe("prefersPage", () => {
  for (const [accept, prefers] of [
    [browser, true],
    [undefined, true],
    ["*/*", true],
    ["text/html, application/json", true],
    ["application/json, text/html;q=0.9", false],
    ["application/json", false],
    ["application/problem+json", false],
    ["application/json, */*;q=0.5", false],
    ["image/png", false],
    ["not a media type", false],
  ] as const) {
    it(`is ${prefers} for Accept: ${String(accept)}`, () => expect(prefersPage(accept)).to.equal(prefers));
  }
});
