import { createHash } from "node:crypto";
import { utimesSync } from "node:fs";
import { expect } from "chai";
import { RequestHandler, route } from "waterspout";
import { temporaryFolder } from "../support/folder.js";
import { expectLog } from "../support/log.js";
import { serve } from "../support/serve.js";

class Urls extends RequestHandler {
  get(): string {
    return this.staticUrl(this.getArgument("path"), this.getArgument("host", "") !== "");
  }
}

const sha512 = (content: string): string => createHash("sha512").update(content).digest("hex");

describe("RequestHandler#staticUrl", () => {
  it("has the hash of the file, and serves it to be kept for ever", async () => {
    using folder = temporaryFolder({ "sub/a b.css": "body{}" });
    await using app = await serve([route("/url", Urls)], { staticPath: folder.path });
    const url = await app.text("/url?path=sub/a%20b.css");
    expect(url).to.equal(`/static/sub/a%20b.css?v=${sha512("body{}")}`);
    const answer = await app.fetch(url);
    expect([await answer.text(), answer.headers.get("cache-control")]).to.deep.equal([
      "body{}",
      "public, max-age=31536000, immutable",
    ]);
    expect(await app.text("/url?path=sub/a%20b.css&host=1")).to.equal(app.url + url);
  });

  it("changes with the file", async () => {
    using folder = temporaryFolder({ "a.css": "1" });
    await using app = await serve([route("/url", Urls)], { staticPath: folder.path, staticUrlPrefix: "/s/" });
    const before = await app.text("/url?path=a.css");
    utimesSync(folder.write("a.css", "2"), 0, 1);
    expect([before, await app.text("/url?path=a.css")]).to.deep.equal([
      `/s/a.css?v=${sha512("1")}`,
      `/s/a.css?v=${sha512("2")}`,
    ]);
    expect((await app.fetch(before)).headers.get("cache-control")).to.equal("no-cache");
  });

  it("of what is not served has no hash", async () => {
    using folder = temporaryFolder({ ".env": "secret", "sub/x": "x" });
    await using app = await serve([route("/url", Urls)], { staticPath: folder.path });
    expect(await app.text("/url?path=nothing.css")).to.equal("/static/nothing.css");
    expect(await app.text("/url?path=sub")).to.equal("/static/sub");
    expect(await app.text("/url?path=.env")).to.equal("/static/.env");
    expect(await app.text("/url?path=../../etc/passwd")).to.equal("/static/../../etc/passwd");
  });

  it("needs a staticPath", async () => {
    expectLog(/staticUrl\(\) needs `staticPath`/, /500 GET/);
    await using app = await serve([route("/url", Urls)]);
    expect((await app.fetch("/url?path=a")).status).to.equal(500);
  });
});
