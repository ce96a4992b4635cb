import { expect } from "chai";
import { RequestHandler, type Validators, route } from "waterspout";
import { type Served, serve } from "../support/serve.js";

let works = 0;
let current: Validators | undefined;

class Page extends RequestHandler {
  get(): string {
    this.checkConditions(current);
    works++;
    return "page";
  }
  put(): string {
    this.checkConditions(current);
    works++;
    return "saved";
  }
}

describe("RequestHandler#checkConditions", () => {
  let app: Served;

  beforeEach(async () => {
    app = await serve([route("/", Page)], { accessLog: false });
    works = 0;
    current = { etag: '"7"', lastModified: new Date("2024-01-01T10:00:00Z") };
  });
  afterEach(() => app[Symbol.asyncDispose]());

  const ask = (method: string, headers: Record<string, string>): Promise<Response> =>
    app.fetch("/", { method, headers });

  it("shows the validators in the answer to a read", async () => {
    const { headers } = await ask("GET", {});
    expect([headers.get("etag"), headers.get("last-modified"), works]).to.deep.equal([
      '"7"',
      "Mon, 01 Jan 2024 10:00:00 GMT",
      1,
    ]);
  });

  it("answers 304 before the work", async () => {
    const byTag = await ask("GET", { "If-None-Match": '"7"' });
    const byDate = await ask("HEAD", { "If-Modified-Since": "Mon, 01 Jan 2024 10:00:00 GMT" });
    expect([byTag.status, byTag.headers.get("etag"), byTag.headers.has("content-type")]).to.deep.equal([
      304,
      '"7"',
      false,
    ]);
    expect([byDate.status, works]).to.deep.equal([304, 0]);
  });

  it("answers 412 before the change", async () => {
    const answer = await ask("PUT", { "If-Match": '"6"' });
    expect([answer.status, await answer.json(), works]).to.deep.equal([
      412,
      { title: "Precondition Failed", status: 412 },
      0,
    ]);
    expect((await ask("PUT", { "If-None-Match": "*" })).status).to.equal(412);
    const saved = await ask("PUT", { "If-Match": '"7"' });
    expect([saved.status, saved.headers.get("etag"), works]).to.deep.equal([200, null, 1]);
  });

  it("lets a client create what is not there", async () => {
    current = undefined;
    expect((await ask("PUT", { "If-None-Match": "*" })).status).to.equal(200);
    expect((await ask("PUT", { "If-Match": "*" })).status).to.equal(412);
    expect(works).to.equal(1);
  });
});

describe("conditions on an answer that is made first", () => {
  class Dated extends RequestHandler {
    get(): string {
      this.setHeader("Last-Modified", new Date("2024-01-01T10:00:00Z"));
      return "text";
    }
  }

  it("are evaluated when it is whole, by the headers it has", async () => {
    await using app = await serve([route("/", Dated)], { accessLog: false });
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await app.fetch("/", { headers })).status;
    expect(await status({ "If-Modified-Since": "Mon, 01 Jan 2024 10:00:00 GMT" })).to.equal(304);
    expect(await status({ "If-Modified-Since": "Mon, 01 Jan 2024 09:59:59 GMT" })).to.equal(200);
    expect(await status({ "If-Modified-Since": "x" })).to.equal(200);
    expect(await status({ "If-Unmodified-Since": "Mon, 01 Jan 2024 09:59:59 GMT" })).to.equal(412);
    expect(await status({ "If-Match": '"other"' })).to.equal(412);
    expect(await status({ "If-None-Match": '"other"', "If-Modified-Since": "Mon, 01 Jan 2024 10:00:00 GMT" })).to.equal(
      200,
    );
  });

  it("that fail leave neither body nor type", async () => {
    await using app = await serve([route("/", Dated)], { accessLog: false });
    const answer = await app.fetch("/", { headers: { "If-Match": '"other"' } });
    expect([
      await answer.text(),
      answer.headers.get("content-length"),
      answer.headers.has("content-type"),
    ]).to.deep.equal(["", "0", false]);
  });
});
