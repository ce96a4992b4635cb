import { expect } from "chai";
import { RequestHandler, createSignedValue, decodeSignedValue, route } from "waterspout";
import { withExpiry } from "#src/web/signed-cookies.js";
import { expectLog } from "../support/log.js";
import { serve } from "../support/serve.js";

const cookieSecret = "It's a secret to everybody";

class Session extends RequestHandler {
  get(): object {
    const options = { maxAgeDays: Number(this.getQueryArgument("days", "31")) };
    return { user: this.getSignedCookie("user", options), key: this.getSignedCookieKeyVersion("user", options) };
  }
  post(): void {
    this.setSignedCookie("user", this.getQueryArgument("user"));
  }
  put(): string {
    const value = this.createSignedValue("link", "42");
    return `${this.getSignedCookie("link", { value })} ${this.getSignedCookie("user", { value })}`;
  }
}

describe("RequestHandler's signed cookies", () => {
  it("come back as they were set", async () => {
    await using app = await serve([route("/", Session)], { cookieSecret });
    const [set = ""] = (await app.fetch("/?user=Zo%C3%AB+;,%22", { method: "POST" })).headers.getSetCookie();
    expect(set).to.match(
      /^user="2\|1:0\|10:\d{10}\|4:user\|12:.*\|[0-9a-f]{64}"; Path=\/; Expires=.* GMT; HttpOnly; Same/,
    );
    const headers = { Cookie: set.split("; ")[0] ?? "" };
    expect(JSON.parse(await app.text("/", { headers }))).to.deep.equal({ user: 'Zoë ;,"', key: 0 });
    const tampered = { Cookie: headers.Cookie.replace("4:user", "4:root") };
    expect(JSON.parse(await app.text("/", { headers: tampered }))).to.deep.equal({});
  });

  it("are valid for maxAgeDays", async () => {
    await using app = await serve([route("/", Session)], { cookieSecret });
    const signed = createSignedValue(cookieSecret, "user", "x", { clock: () => Date.now() - 2 * 86_400_000 });
    const headers = { Cookie: `user="${signed}"` };
    expect(JSON.parse(await app.text("/?days=1", { headers }))).to.deep.equal({});
    expect(JSON.parse(await app.text("/?days=3", { headers }))).to.deep.equal({ user: "x", key: 0 });
  });

  it("tell the key that they were signed with", async () => {
    await using app = await serve([route("/", Session)], { cookieSecret: { 1: "old", 2: "new" }, keyVersion: 2 });
    const old = createSignedValue({ 1: "old" }, "user", "x", { keyVersion: 1 });
    expect(JSON.parse(await app.text("/", { headers: { Cookie: `user="${old}"` } }))).to.deep.equal({
      user: "x",
      key: 1,
    });
    const [set = ""] = (await app.fetch("/?user=y", { method: "POST" })).headers.getSetCookie();
    expect(set).to.match(/^user="2\|1:2\|/);
  });

  it("may be values from elsewhere", async () => {
    await using app = await serve([route("/", Session)], { cookieSecret });
    expect(await app.text("/", { method: "PUT" })).to.equal("42 undefined");
  });

  it("need a secret, and say so", async () => {
    expectLog(/signed cookies need `cookieSecret` in the application's definition: GET/, /500 GET/);
    await using app = await serve([route("/", Session)]);
    expect((await app.fetch("/")).status).to.equal(500);
  });

  it("can be read without an application", () => {
    const value = createSignedValue(cookieSecret, "user", "x");
    expect(decodeSignedValue(cookieSecret, "user", value)?.toString()).to.equal("x");
  });
});

describe("withExpiry", () => {
  it("says 30 days, unless something else was said", () => {
    expect(withExpiry({ path: "/a" })).to.deep.equal({ path: "/a", expiresDays: 30 });
    for (const options of [{ expiresDays: 1 }, { expiresDays: null }, { maxAge: 0 }, { expires: new Date(0) }]) {
      expect(withExpiry(options)).to.equal(options);
    }
  });
});
