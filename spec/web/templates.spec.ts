import { expect } from "chai";
import { RequestHandler, type TemplateEngine, escapeHtml, route } from "waterspout";
import { expectLog } from "../support/log.js";
import { serve } from "../support/serve.js";

/** Shows what it is given. */
const templateEngine: TemplateEngine = {
  render: async (name, { user, site, reverseUrl, request }) => {
    if (name === "broken.html") throw new Error("in the template");
    const { path } = request as { readonly path: string };
    const home = (reverseUrl as (name: string) => string)("home");
    return `${name} ${escapeHtml(String(user))} ${String(site)} ${path} ${home}`;
  },
};

class Page extends RequestHandler {
  async get(name: string): Promise<void> {
    await this.render(name, { user: "<ann>" });
  }
  async post(name: string): Promise<string> {
    return (await this.renderString(name, { user: "bob", site: "own" })).toUpperCase();
  }
  override getTemplateNamespace(): Record<string, unknown> {
    return { ...super.getTemplateNamespace(), site: "shared" };
  }
}

const handlers = [route("/:name", Page, undefined, { name: "page" }), route("/", Page, undefined, { name: "home" })];

describe("RequestHandler#render", () => {
  it("answers with the engine's text, given the data and what every template sees", async () => {
    await using app = await serve(handlers, { templateEngine });
    const answer = await app.fetch("/a.html");
    expect(answer.headers.get("content-type")).to.equal("text/html; charset=UTF-8");
    expect(await answer.text()).to.equal("a.html &lt;ann&gt; shared /a.html /");
  });

  it("gives the text alone as renderString, and the data wins", async () => {
    await using app = await serve(handlers, { templateEngine });
    expect(await app.text("/a.html", { method: "POST" })).to.equal("A.HTML BOB OWN /A.HTML /");
  });

  it("is a 500 when the engine fails, or there is none", async () => {
    expectLog(/Error: in the template/, /500 GET/);
    await using app = await serve(handlers, { templateEngine });
    expect((await app.fetch("/broken.html")).status).to.equal(500);
    expectLog(/render\(\) needs `templateEngine`/, /500 GET/);
    await using bare = await serve(handlers);
    expect((await bare.fetch("/a.html")).status).to.equal(500);
  });
});
