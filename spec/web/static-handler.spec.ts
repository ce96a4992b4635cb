import { expect } from "chai";
import {
  ConfigurationError,
  type RequestHandler,
  type StaticFileArguments,
  StaticFileHandler,
  route,
} from "waterspout";
import { temporaryFolder } from "../support/folder.js";
import { serve } from "../support/serve.js";

describe("StaticFileHandler", () => {
  it("serves the path that the route's argument is", async () => {
    using folder = temporaryFolder({ "a/b.txt": "b", "icon.svg": "<svg/>" });
    const args = { path: folder.path };
    await using app = await serve([
      route("/files/*", StaticFileHandler, args),
      route(/\/a\/(\w+\.txt)/, StaticFileHandler, { path: `${folder.path}/a` }),
      route("/icon.svg", StaticFileHandler, args),
    ]);
    expect(await app.text("/files/a/b.txt")).to.equal("b");
    expect(await app.text("/a/b.txt")).to.equal("b");
    expect(await app.text("/icon.svg")).to.equal("<svg/>");
  });

  it("may be extended like any handler", async () => {
    using folder = temporaryFolder({ "a.txt": "a" });
    class Members extends StaticFileHandler {
      override prepare(this: RequestHandler): void {
        if (!this.request.headers.has("x-member")) this.redirect("/login");
      }
    }
    await using app = await serve([route("/*", Members, { path: folder.path })]);
    expect((await app.fetch("/a.txt", { redirect: "manual" })).status).to.equal(302);
    expect(await app.text("/a.txt", { headers: { "X-Member": "1" } })).to.equal("a");
  });

  it("serves what is not hidden", async () => {
    using folder = temporaryFolder({ "app.js.map": "map", ".well-known/x": "x", "private.txt": "private" });
    const args = { path: folder.path, hidden: /^private/ };
    await using app = await serve([route("/*", StaticFileHandler, args)], { accessLog: false });
    expect([await app.text("/app.js.map"), await app.text("/.well-known/x")]).to.deep.equal(["map", "x"]);
    expect((await app.fetch("/private.txt")).status).to.equal(404);
  });

  for (const [what, args, message] of [
    ["without a folder", {}, /path must be a folder, there is none at undefined/],
    ["with a folder that is not there", { path: "/no/such/folder" }, /there is none at "\/no\/such\/folder"/],
    ["with a file for a folder", { path: process.execPath }, /path must be a folder/],
    ["with a RegExp that remembers", { path: "/tmp", hidden: /^x/g }, /hidden is a RegExp without the flags g and y/],
  ] as const) {
    it(`does not start ${what}`, async () => {
      const failure = await serve([route("/f/*", StaticFileHandler, args as StaticFileArguments)]).catch(
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(ConfigurationError).with.property("message").that.matches(message);
      expect(String(failure)).to.include("StaticFileHandler on /f/*");
    });
  }
});
