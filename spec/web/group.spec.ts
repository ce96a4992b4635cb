import { expect } from "chai";
import { Application, ConfigurationError, type HandlerEntry, RequestHandler, Route, group, route } from "waterspout";
import { serve } from "../support/serve.js";

class Echo extends RequestHandler {
  get(...args: string[]): string {
    return [this.request.path, ...args].join(" ");
  }
}

@Route("/users/:id", { name: "user" })
@Route(/\/users\/(\d+)\/posts/, { name: "posts" })
class Users extends Echo {}

const table = (...handlers: HandlerEntry[]): string[] =>
  new Application({ handlers }).routes.map(({ pattern, name, host }) =>
    [pattern, name, host].filter(Boolean).join(" "),
  );

describe("group", () => {
  it("mounts decorated classes and lines of a table under its prefix", async () => {
    await using app = await serve([group("/api", [Users, route("", Echo), route("/", Echo)])]);
    for (const path of ["/api/users/7 7", "/api/users/7/posts 7", "/api", "/api/"]) {
      expect(await app.text(path.split(" ")[0] ?? "")).to.equal(path);
    }
    expect(app.application.reverseUrl("posts", 7)).to.equal("/api/users/7/posts");
  });

  it("may stand in another, with names and hosts", () => {
    const inner = group("/v2", [Users, route("/status", Echo, {}, { host: "status.org" })], { namePrefix: "v2." });
    expect(table(group("/api", [inner, route("/", Echo)], { namePrefix: "api.", host: "api.org" }))).to.deep.equal([
      "/api/v2/users/:id api.v2.user api.org",
      "/\\/api\\/v2\\/users\\/(\\d+)\\/posts/ api.v2.posts api.org",
      "/api/v2/status status.org",
      "/api/ api.org",
    ]);
    expect(
      table(group("/a", [group("/b", [route("/c", Echo)], { host: "inner.org" })], { host: "outer.org" })),
    ).to.deep.equal(["/a/b/c inner.org"]);
  });

  it("may have parameters, which come first", async () => {
    await using app = await serve([group("/tenants/:tenant", [route("/files/*", Echo)])]);
    expect(await app.text("/tenants/a/files/b/c")).to.equal("/tenants/a/files/b/c a b/c");
  });

  it("mounts the same handlers twice", () => {
    expect(table(group("/a", [route("/x", Echo)]), group("/b", [route("/x", Echo)]))).to.deep.equal(["/a/x", "/b/x"]);
  });

  it("shares paths and names with the rest of the table", () => {
    const twice = [group("/a", [route("/b", Echo)]), route("/a/b", Echo)];
    expect(() => table(...twice)).to.throw(ConfigurationError, /"\/a\/b" of Echo has the same path/);
    const named = [group("/a", [Users]), group("/b", [Users])];
    expect(() => table(...named)).to.throw(ConfigurationError, /has the name "user"/);
  });

  it("refuses what it cannot mount", () => {
    expect(() => group("/a", "x" as unknown as [])).to.throw(
      ConfigurationError,
      /takes a list of handlers, got string/,
    );
    expect(() => table(group("/a/", [route("/b", Echo)]))).to.throw(ConfigurationError, /the group "\/a\/": a prefix/);
    expect(() => table(group("/a", [Map as unknown as HandlerEntry]))).to.throw(ConfigurationError, /does not extend/);
    expect(() => table(group("/a", [null as unknown as HandlerEntry]))).to.throw(
      ConfigurationError,
      /neither .* group/,
    );
    expect(() => table(route("", Echo))).to.throw(ConfigurationError, /a pattern begins with "\/"/);
  });
});
