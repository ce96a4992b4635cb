import { expect } from "chai";
import { HTTPError, RequestHandler, ResponseError, route } from "waterspout";
import { expectLog } from "../support/log.js";
import { serve } from "../support/serve.js";

type Script = (handler: RequestHandler) => unknown;

/** A handler whose only verb is `body`. */
function doing(body: Script): new () => RequestHandler {
  return class Doing extends RequestHandler {
    get(): unknown {
      return body(this);
    }
  };
}

/** What the answer of `body` sets. */
async function cookiesOf(body: Script, cookie = "", path = "/"): Promise<string[]> {
  await using app = await serve([route(path, doing(body))]);
  const answer = await app.fetch(path, { headers: cookie === "" ? {} : { Cookie: cookie } });
  await answer.text();
  return answer.headers.getSetCookie();
}

const usual = "Path=/; HttpOnly; SameSite=Lax";

describe("RequestHandler's cookies", () => {
  it("are read from the request: the first of a name, or the fallback", async () => {
    const read = doing((handler) => ({
      a: handler.getCookie("a"),
      none: handler.getCookie("none", "fallback"),
      inherited: handler.getCookie("constructor", "fallback"),
      names: Object.keys(handler.request.cookies),
    }));
    await using app = await serve([route("/", read)]);
    const answer = await app.text("/", { headers: { Cookie: 'a="x\\054y"; b=2; a=3' } });
    expect(JSON.parse(answer)).to.deep.equal({ a: "x,y", none: "fallback", inherited: "fallback", names: ["a", "b"] });
    expect(JSON.parse(await app.text("/"))).to.deep.equal({ none: "fallback", inherited: "fallback", names: [] });
  });

  it("are read from a header section full of semicolons", async () => {
    await using app = await serve([
      route(
        "/",
        doing((handler) => handler.getCookie("a") ?? "none"),
      ),
    ]);
    const answer = await app.text("/", { headers: { Cookie: `${";".repeat(15_000)}a=1` } });
    expect(answer).to.equal("1");
  });

  it("go out with the headers, each with its own field", async () => {
    const set = await cookiesOf((handler) => {
      handler.setCookie("a", "1");
      handler.setCookie("b", "2", { httpOnly: false, sameSite: "strict", path: "/b", maxAge: 60 });
    });
    expect(set).to.deep.equal([`a=1; ${usual}`, "b=2; Max-Age=60; Path=/b; SameSite=Strict"]);
  });

  it("are not changed for this request by being set", async () => {
    await using app = await serve([
      route(
        "/",
        doing((handler) => {
          handler.setCookie("a", "2");
          return handler.getCookie("a");
        }),
      ),
    ]);
    expect(await app.text("/", { headers: { Cookie: "a=1" } })).to.equal("1");
  });

  it("replace one of the same name, whose attributes are forgotten", async () => {
    const set = await cookiesOf((handler) => {
      handler.setCookie("a", "1", { domain: "example.com", path: "/x", maxAge: 1 });
      handler.setCookie("b", "2");
      handler.setCookie("a", "3");
    });
    expect(set).to.deep.equal([`b=2; ${usual}`, `a=3; ${usual}`]);
  });

  it("stand beside those that were set as header fields", async () => {
    const set = await cookiesOf((handler) => {
      handler.addHeader("Set-Cookie", "own=1");
      handler.setCookie("a", "1");
    });
    expect(set).to.deep.equal(["own=1", `a=1; ${usual}`]);
  });

  it("stand beside those of a web Response", async () => {
    const set = await cookiesOf((handler) => {
      handler.setCookie("a", "1");
      return new Response("x", { headers: { "Set-Cookie": "own=1" } });
    });
    expect(set).to.have.members(["own=1", `a=1; ${usual}`]);
  });

  it("are on redirects, streams and answers of 304", async () => {
    const tag = (handler: RequestHandler): void => {
      handler.setCookie("a", "1");
      handler.setHeader("Etag", '"x"');
    };
    const stream = class extends RequestHandler {
      async *get(): AsyncGenerator<string> {
        this.setCookie("a", "1");
        yield "x";
      }
    };
    const away = doing((handler) => {
      handler.setCookie("a", "1");
      handler.redirect("/next");
    });
    await using app = await serve([route("/stream", stream), route("/away", away), route("/tag", doing(tag))]);
    for (const [path, status] of [
      ["/stream", 200],
      ["/away", 302],
      ["/tag", 304],
    ] as const) {
      const answer = await app.fetch(path, { redirect: "manual", headers: { "If-None-Match": '"x"' } });
      await answer.text();
      expect([path, answer.status, answer.headers.getSetCookie()]).to.deep.equal([path, status, [`a=1; ${usual}`]]);
    }
  });

  it("go out with the error page as well, unlike other headers, and once", async () => {
    const failing = doing((handler) => {
      handler.setCookie("a", "1");
      handler.setHeader("X-Own", "1");
      throw new HTTPError(403);
    });
    const impossible = doing((handler) => {
      handler.setCookie("a", "1");
      handler.setStatus(204);
      handler.write("a body that 204 does not have");
    });
    expectLog(/403 GET/, /a body was written to an answer with status 204/, /500 GET/);
    await using app = await serve([route("/failing", failing), route("/impossible", impossible)]);
    for (const path of ["/failing", "/impossible"]) {
      const { headers } = await app.fetch(path);
      expect([headers.getSetCookie(), headers.get("X-Own")], path).to.deep.equal([[`a=1; ${usual}`], null]);
    }
  });

  it("cannot be set after the headers are out", async () => {
    let thrown: unknown;
    const set = await cookiesOf(async (handler) => {
      handler.setCookie("a", "1");
      await handler.flush();
      try {
        handler.setCookie("b", "2");
      } catch (error) {
        thrown = error;
      }
    });
    expect(set).to.deep.equal([`a=1; ${usual}`]);
    expect(thrown)
      .to.be.instanceOf(ResponseError)
      .with.property("message")
      .that.matches(/call it before flush/);
  });

  it("end in a 500 of which nothing is on the wire when they would start a field of their own", async () => {
    const injecting = doing((handler) => handler.setCookie("a", "1\r\nX-Evil: 1"));
    expectLog(/setCookie: the value has a space/, /500 GET/);
    await using app = await serve([route("/", injecting)]);
    const answer = await app.fetch("/");
    expect([answer.status, answer.headers.get("X-Evil"), answer.headers.getSetCookie()]).to.deep.equal([500, null, []]);
  });

  it("are ended under the domain and path they were set with", async () => {
    const set = await cookiesOf((handler) => {
      handler.clearCookie("a");
      handler.clearCookie("b", { domain: "example.com", path: "/b" });
    });
    const past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax";
    expect(set).to.deep.equal([`a=; Path=/; ${past}`, `b=; Domain=example.com; Path=/b; ${past}`]);
  });

  it("are all ended at once, whatever the client sent", async () => {
    const clear: Script = (handler) => handler.clearAllCookies({ domain: "example.com", path: "/x" });
    const set = await cookiesOf(clear, "a=1; b=2; __Host-c=3; \u00e9=4; d d=5; a=6");
    expect(set.map((text) => text.replace(/Expires=[^;]*; HttpOnly; /, ""))).to.deep.equal([
      "a=; Domain=example.com; Path=/x; SameSite=Lax",
      "b=; Domain=example.com; Path=/x; SameSite=Lax",
      "__Host-c=; Path=/; Secure; SameSite=Lax",
    ]);
  });
});
