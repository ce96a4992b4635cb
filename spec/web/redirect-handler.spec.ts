import { expect } from "chai";
import { ConfigurationError, type RedirectArguments, RedirectHandler, route } from "waterspout";
import { expectLog } from "../support/log.js";
import { get, serve } from "../support/serve.js";

async function ask(pattern: string | RegExp, args: RedirectArguments, target: string, method = "GET"): Promise<string> {
  await using app = await serve([route(pattern, RedirectHandler, args)], { accessLog: false });
  const raw = await app.connect().send(get(target).replace("GET", method)).end();
  return `${/ (\d+) /.exec(raw)?.[1]} ${/\nlocation: (.*)\r/i.exec(raw)?.[1] ?? ""}`.trim();
}

describe("RedirectHandler", () => {
  it("redirects for good, or as it is told", async () => {
    expect(await ask("/a", { url: "/b" }, "/a")).to.equal("301 /b");
    expect(await ask("/a", { url: "/b", permanent: false }, "/a")).to.equal("302 /b");
    expect(await ask("/a", { url: "https://example.org/b", status: 303 }, "/a")).to.equal("303 https://example.org/b");
  });

  it("keeps the query", async () => {
    expect(await ask("/a", { url: "/b" }, "/a?x=%2F&y")).to.equal("301 /b?x=%2F&y");
    expect(await ask("/a", { url: "/b?z=1#top" }, "/a?x")).to.equal("301 /b?z=1&x#top");
  });

  it("fills the path's arguments in, escaped", async () => {
    expect(await ask("/old/:id/*", { url: "/new/{1}/of/{0}" }, "/old/a%20b/c/d%3F")).to.equal(
      "301 /new/c/d%3F/of/a%20b",
    );
    expect(await ask(/\/old(?:\/(\d+))?/, { url: "/new/{0}" }, "/old")).to.equal("301 /new/");
    expect(await ask("/x/*", { url: "https://example.org/{0}" }, "/x/%C3%A9")).to.equal(
      "301 https://example.org/%C3%A9",
    );
  });

  it("never leaves the site that its url names", async () => {
    for (const path of ["/x//evil.test", "/x/%2Fevil.test", "/x/%5Cevil.test", "/x/%2F%2Fevil.test", "/x/@evil.test"]) {
      const [, location = ""] = (await ask("/x/*", { url: "/{0}" }, path)).split(" ");
      expect(new URL(location, "http://site.test").host, path).to.equal("site.test");
      const [, absolute = ""] = (await ask("/x/*", { url: "http://site.test/{0}" }, path)).split(" ");
      expect(new URL(absolute).host, path).to.equal("site.test");
    }
  });

  it("redirects other methods only where they stay what they are", async () => {
    expect(await ask("/a", { url: "/b" }, "/a", "POST")).to.equal("405");
    expect(await ask("/a", { url: "/b" }, "/a", "HEAD")).to.equal("301 /b");
    expect(await ask("/a", { url: "/b", status: 308 }, "/a", "POST")).to.equal("308 /b");
    expect(await ask("/a", { url: "/b", status: 307 }, "/a", "PROPFIND")).to.equal("307 /b");
  });

  for (const [what, pattern, args, message] of [
    ["no url", "/a", {}, /url is a path .*, got undefined/],
    ["another host by two slashes", "/a", { url: "//evil.test" }, /url is a path that begins with one "\/"/],
    ["a host that the client chooses", "/*", { url: "https://{0}/" }, /whose host is written out/],
    ["a host that goes on with an argument", "/*", { url: "https://example.org{0}" }, /whose host is written out/],
    ["another scheme", "/a", { url: "javascript:alert(1)" }, /url is a path/],
    ["an argument too many", "/a/:b", { url: "/{1}" }, /\{1\} stands for an argument that its pattern does not have/],
    ["a group too many", /\/a\/(b)(?:c)/, { url: "/{1}" }, /\{1\} stands for/],
  ] as const) {
    it(`fails the start for ${what}`, async () => {
      const failure = await serve([route(pattern, RedirectHandler, args as RedirectArguments)]).catch(
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(ConfigurationError).with.property("message").that.matches(message);
    });
  }

  it("says in the access log what it is", async () => {
    expectLog(/405 DELETE \/a/);
    await using app = await serve([route("/a", RedirectHandler, { url: "/b" })]);
    const answer = await app.fetch("/a", { method: "DELETE" });
    expect([answer.status, answer.headers.get("allow")]).to.deep.equal([405, "GET, HEAD"]);
  });
});
