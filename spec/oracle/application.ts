/** The handlers of tornado_application.py, written for Waterspout. Both must stay the same. */
import { Finish, HTTPError, type HandlerEntry, RequestHandler, route } from "waterspout";

class Hello extends RequestHandler {
  get(): void {
    this.write("hello");
  }
}

class Json extends RequestHandler {
  get(): void {
    this.write({ a: 1, b: [1, 2], c: "</script>", d: null, e: "é" });
  }
}

class Arguments extends RequestHandler {
  get(): void {
    const last = this.getArgument("q", "none");
    this.write({ q: this.getArguments("q"), query: this.getQueryArguments("q"), last });
  }
  post(): void {
    const [q, query, body] = [this.getArguments("q"), this.getQueryArguments("q"), this.getBodyArguments("q")];
    this.write({ q, query, body, last: this.getArgument("q", "none") });
  }
  put(): void {
    this.post();
  }
}

class Unstripped extends RequestHandler {
  get(): void {
    this.write({ q: this.getArguments("q", false) });
  }
}

class Required extends RequestHandler {
  get(): void {
    this.write(this.getArgument("q"));
  }
}

class Echo extends RequestHandler {
  post(): void {
    this.setHeader("Content-Type", "application/octet-stream");
    this.write(this.request.body);
  }
  put(): void {
    this.post();
  }
  patch(): void {
    this.post();
  }
  delete(): void {
    this.post();
  }
}

class Files extends RequestHandler {
  async post(): Promise<void> {
    const files: Record<string, unknown[]> = {};
    for (const name of Object.keys(this.request.files)) {
      const given = await Promise.all(
        this.getFiles(name).map(async (file) => [file.filename, file.type, (await file.buffer()).toString("latin1")]),
      );
      files[name] = given;
    }
    this.write({ files, body: this.getBodyArguments("q") });
  }
}

class Status extends RequestHandler {
  get(status: string): void {
    this.setStatus(Number(status));
  }
}

class Reason extends RequestHandler {
  get(): void {
    this.setStatus(200, "Very Well");
    this.write("x");
  }
}

class Fail extends RequestHandler {
  get(status: string): never {
    throw new HTTPError(Number(status), "for the log");
  }
  post(status: string): never {
    return this.get(status);
  }
}

class Boom extends RequestHandler {
  get(): never {
    this.write("half an answer");
    this.setHeader("X-Half", "1");
    throw new TypeError("boom");
  }
}

class SendError extends RequestHandler {
  get(): void {
    this.write("half");
    this.sendError(403);
  }
}

class OwnError extends RequestHandler {
  override writeError(status: number): void {
    this.setHeader("Content-Type", "text/plain");
    this.write(`own ${status}`);
  }
  get(): never {
    throw new HTTPError(409);
  }
}

class Redirect extends RequestHandler {
  get(kind: string): void {
    if (kind === "temporary") this.redirect("/x?y=1");
    else if (kind === "permanent") this.redirect("/x", true);
    else this.redirect("/x", false, 307);
  }
  post(kind: string): void {
    this.get(kind);
  }
}

class Headers extends RequestHandler {
  override setDefaultHeaders(): void {
    this.setHeader("X-Default", "default");
  }
  get(): void {
    this.setHeader("X-Set", "1");
    this.setHeader("X-Set", "2");
    this.addHeader("X-Added", "a");
    this.addHeader("X-Added", "b");
    this.setHeader("X-Gone", "1");
    this.clearHeader("X-Gone");
    this.setHeader("Content-Type", "text/plain");
    this.write("headers");
  }
  post(): never {
    this.setHeader("X-Set", "1");
    throw new HTTPError(400);
  }
}

class Seen extends RequestHandler {
  get(): void {
    const { method, path, query, uri, host, version, headers, protocol } = this.request;
    this.write({ method, path, query, uri, host, version, header: headers.get("X-Mine") ?? null, protocol });
  }
}

class Cookies extends RequestHandler {
  get(): void {
    const names = Object.keys(this.request.cookies).toSorted();
    this.write(Object.fromEntries(names.map((name) => [name, this.getCookie(name)])));
  }
}

class Segments extends RequestHandler {
  get(...segments: (string | undefined)[]): void {
    this.write({ segments: segments.map((segment) => segment ?? null) });
  }
}

class Pieces extends RequestHandler {
  async get(): Promise<void> {
    this.write("first,");
    await this.flush();
    this.write("second");
  }
}

class Done extends RequestHandler {
  get(): never {
    this.write("written");
    throw new Finish();
  }
}

class DoneWith extends RequestHandler {
  get(): never {
    this.setStatus(401);
    throw new Finish("given");
  }
}

class Prepared extends RequestHandler {
  override prepare(): void {
    if (this.getQueryArgument("stop", "") !== "") void this.finish("prepared");
  }
  get(): void {
    this.write("verb");
  }
}

class Tagged extends RequestHandler {
  get(): void {
    this.setHeader("Etag", '"mine"');
    this.write("tagged");
  }
}

class Verbs extends RequestHandler {
  get(): void {
    this.write("get");
  }
  head(): void {
    this.setHeader("X-Head", "own");
  }
  post(): void {
    this.write("post");
  }
  put(): void {
    this.write("put");
  }
  patch(): void {
    this.write("patch");
  }
  delete(): void {
    this.write("delete");
  }
  options(): void {
    this.setStatus(204);
  }
}

class Empty extends RequestHandler {
  get(): void {}
}

class Bytes extends RequestHandler {
  get(): void {
    this.setHeader("Content-Type", "application/octet-stream");
    this.write(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  }
}

export const handlers: readonly HandlerEntry[] = [
  route("/", Hello),
  route("/json", Json),
  route("/arguments", Arguments),
  route("/unstripped", Unstripped),
  route("/required", Required),
  route("/echo", Echo),
  route("/files", Files),
  route(/\/status\/(\d+)/, Status),
  route("/reason", Reason),
  route(/\/fail\/(\d+)/, Fail),
  route("/boom", Boom),
  route("/send-error", SendError),
  route("/own-error", OwnError),
  route(/\/redirect\/(.*)/, Redirect),
  route("/headers", Headers),
  route("/seen", Seen),
  route("/seen/*", Seen),
  route("/cookies", Cookies),
  route("/segments/:first/:second", Segments),
  route(/\/digits\/(\d+)/, Segments),
  route(/\/optional(?:\/(\w+))?/, Segments),
  route("/pieces", Pieces),
  route("/done", Done),
  route("/done-with", DoneWith),
  route("/prepared", Prepared),
  route("/tagged", Tagged),
  route("/verbs", Verbs),
  route("/empty", Empty),
  route("/bytes", Bytes),
];
