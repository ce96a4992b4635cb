import { RequestHandler, route } from "waterspout";
import { type Served, serve } from "../support/serve.js";
import { digest } from "./application.js";

/** What the page's visitor has done, as the server has seen it. */
export interface Visit {
  readonly uploads: {
    readonly filename: string;
    readonly size: number;
    readonly digest: string;
    readonly note: string;
  }[];
  /** The user of each change: the value of the signed cookie. */
  readonly changes: (string | undefined)[];
  /** What each connection for events said that it had got. */
  readonly eventsFrom: (string | undefined)[];
}

/** What every browser asks for. */
class Icon extends RequestHandler {
  get(): void {
    this.setStatus(204);
  }
}

const icon = route("/favicon.ico", Icon);

const script = `
const text = (selector, value) => (document.querySelector(selector).textContent = value);
const source = new EventSource("/events");
source.addEventListener("count", (event) => {
  const item = document.createElement("li");
  item.textContent = event.lastEventId + ": " + JSON.parse(event.data).text;
  document.querySelector("#events").append(item);
  if (event.lastEventId === "6") source.close();
});
async function change(headers) {
  const answer = await fetch("/change", { method: "POST", headers });
  text("#changed", answer.status + " " + (await answer.text()));
}
document.querySelector("#change").addEventListener("click", () => {
  const [, token] = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie) ?? [];
  void change({ "X-Xsrftoken": token });
});
document.querySelector("#change-bare").addEventListener("click", () => void change({}));
text("#cookies", document.cookie.split("; ").map((cookie) => cookie.split("=")[0]).sort().join(" "));
`;

function pageText(form: string): string {
  return `<!doctype html>
<html lang="en">
<title>The visited page</title>
<h1>The visited page</h1>
<form method="post" action="/upload" enctype="multipart/form-data">
  ${form}
  <label>Note <input name="note" /></label>
  <label>File <input name="file" type="file" /></label>
  <button id="upload">Upload</button>
</form>
<p>Cookies that a script sees: <output id="cookies"></output></p>
<p><button id="change">Change</button> <button id="change-bare">Change without a token</button> <output id="changed"></output></p>
<ul id="events"></ul>
<script src="/page.js"></script>
</html>
`;
}

/** A page with a form, cookies, a script that asks, and events; under a strict policy for its content. */
export async function servePage(): Promise<Served & { readonly visit: Visit }> {
  const visit: Visit = { uploads: [], changes: [], eventsFrom: [] };

  class Page extends RequestHandler {
    get(): string {
      this.setCookie("hidden", "1");
      this.setCookie("shown", "1", { httpOnly: false });
      this.setSignedCookie("user", "Zoë");
      return pageText(this.xsrfFormHtml());
    }
  }

  class Script extends RequestHandler {
    get(): string {
      this.setHeader("Content-Type", "text/javascript; charset=UTF-8");
      return script;
    }
  }

  class Upload extends RequestHandler {
    async post(): Promise<string> {
      const file = this.getFile("file");
      const { filename, size } = file;
      visit.uploads.push({ filename, size, digest: digest(await file.buffer()), note: this.getArgument("note") });
      return `<!doctype html><title>Uploaded</title><p id="uploaded">${size} bytes`;
    }
  }

  class Change extends RequestHandler {
    post(): string {
      visit.changes.push(this.getSignedCookie("user"));
      return `changed by ${this.getSignedCookie("user")}`;
    }
  }

  class Events extends RequestHandler {
    async *get(): AsyncGenerator<object> {
      const { lastEventId } = this.events({ retry: 50 });
      visit.eventsFrom.push(lastEventId);
      const next = Number(lastEventId ?? 0) + 1;
      for (let id = next; id < next + 3; id++) yield { id, event: "count", data: { text: `é ${id}` } };
    }
  }

  const handlers = [
    route("/", Page),
    route("/page.js", Script),
    route("/upload", Upload),
    route("/change", Change),
    route("/events", Events),
    icon,
  ];
  const app = await serve(handlers, {
    cookieSecret: "a secret of the spec",
    xsrfCookies: true,
    compress: true,
    securityHeaders: { "Content-Security-Policy": "default-src 'self'; form-action 'self'; base-uri 'none'" },
  });
  return { ...app, visit };
}

/** A page of somebody else, which makes its visitors' browsers send what they did not want to. */
export async function serveEvil(targets: readonly string[]): Promise<Served> {
  class Evil extends RequestHandler {
    get(): string {
      const forms = targets.map(
        (target, index) => `
<iframe name="answer${index}"></iframe>
<form method="post" action="${target}/change" target="answer${index}"><button id="post${index}">You have won</button></form>`,
      );
      return `<!doctype html><title>Evil</title>${forms.join("")}<iframe id="framed" src="${targets[0]}/"></iframe>`;
    }
  }
  return serve([route("/", Evil), icon], { securityHeaders: false });
}
