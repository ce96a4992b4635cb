import { expect } from "chai";
import { Eta } from "eta";
import { RequestHandler, type TemplateEngine, escapeHtml, route } from "waterspout";
import { temporaryFolder } from "../support/folder.js";
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

describe("RequestHandler#render by Eta, as the guide has it", () => {
  const views = {
    "layout.eta": "<title><%= it.title %></title><body><%~ it.body %></body>",
    "page.eta": `<% layout("layout", { title: "the title" }) %>
<h1><%= it.title %></h1>
<form action="<%= it.reverseUrl("page", "a/b") %>"><%~ it.xsrfFormHtml() %></form>
<% for (const row of it.rows) { %><li><%= row %></li><% } %>`,
    "broken.eta": "<%= it.missing.member %>",
  };

  class Listing extends RequestHandler {
    async get(name: string): Promise<void> {
      await this.render(name, { title: "<script>", rows: ["1 & 2", 3] });
    }
  }

  it("escapes, includes, and knows the handler's links and its token", async () => {
    using folder = temporaryFolder(views);
    const eta = new Eta({ views: folder.path });
    const engine: TemplateEngine = { render: (name, data) => eta.renderAsync(name, data) };
    const routes = [route("/:name", Listing, undefined, { name: "page" })];
    await using app = await serve(routes, { templateEngine: engine, xsrfCookies: true });
    const answer = await app.fetch("/page");
    expect(answer.headers.get("content-type")).to.equal("text/html; charset=UTF-8");
    expect(await answer.text()).to.match(
      /^<title>the title<\/title><body>\s*<h1>&lt;script&gt;<\/h1>\s*<form action="\/a%2Fb"><input type="hidden" name="_xsrf" value="2\|[^"]+"\/><\/form>\s*<li>1 &amp; 2<\/li><li>3<\/li><\/body>$/,
    );
    expect(answer.headers.getSetCookie()[0]).to.match(/^_xsrf=/);
  });

  it("shows nobody what is wrong with a template", async () => {
    using folder = temporaryFolder(views);
    const eta = new Eta({ views: folder.path });
    await using app = await serve([route("/:name", Listing)], {
      templateEngine: { render: (name, data) => eta.renderAsync(name, data) },
    });
    expectLog(/application\] .*GET \/broken/, /500 GET/, /application\] .*GET \/absent/, /500 GET/);
    for (const name of ["broken", "absent"]) {
      const answer = await app.fetch(`/${name}`);
      expect([answer.status, await answer.json()]).to.deep.equal([
        500,
        { title: "Internal Server Error", status: 500 },
      ]);
    }
  });
});
