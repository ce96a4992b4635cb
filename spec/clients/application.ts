import { createHash } from "node:crypto";
import { HTTPError, RequestHandler, StaticFileHandler, StreamRequestBody, route } from "waterspout";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.js";
import { type Served, serve } from "../support/serve.js";

/** Text that compresses well; its end tells whether all of it came. */
export const longText = `${"All work and no play makes Jack a dull boy.\n".repeat(5_000)}The end.`;

/** Bytes of which no two neighbours are equal, so that what is missing is noticed. */
export const bytes = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251));

export function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What it was asked. */
class Seen extends RequestHandler {
  get(): object {
    const { method, version, host, headers } = this.request;
    const fields = Object.fromEntries(headers);
    return {
      method,
      version,
      host,
      headers: fields,
      q: this.getArguments("q"),
      connection: this.request.socket.remotePort,
    };
  }
}

class Text extends RequestHandler {
  get(): string {
    this.setHeader("Content-Type", "text/plain; charset=UTF-8");
    return longText;
  }
}

/** A form, with files or without. */
class Form extends RequestHandler {
  async post(): Promise<object> {
    const names = Object.keys(this.request.files);
    const files = await Promise.all(
      names.flatMap((name) =>
        this.getFiles(name).map(async (file) => {
          const { filename, type, size } = file;
          return { name, filename, type, size, digest: digest(await file.buffer()) };
        }),
      ),
    );
    return { a: this.getBodyArguments("a"), b: this.getBodyArguments("b"), files };
  }
}

/** A body that is taken as it comes. */
@StreamRequestBody()
class Upload extends RequestHandler {
  async put(): Promise<object> {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of this.bodyStream()) {
      hash.update(chunk);
      size += chunk.length;
    }
    const { headers } = this.request;
    return {
      size,
      digest: hash.digest("hex"),
      coding: headers.get("transfer-encoding"),
      expect: headers.get("expect"),
    };
  }

  post(): Promise<object> {
    return this.put();
  }
}

/** A body of no more than a hundred bytes. */
class Small extends RequestHandler {
  post(): string {
    return `${this.request.body.length} bytes`;
  }
}

class Steps extends RequestHandler {
  get(steps: string): void {
    const left = Number(steps);
    if (left === 0) this.write("arrived");
    else this.redirect(this.reverseUrl("steps", left - 1));
  }
}

/** Ends a POST as a browser does: the client is sent to look at the result. */
class Posted extends RequestHandler {
  post(): void {
    this.redirect(this.reverseUrl("steps", 0), false, 303);
  }
}

class Cookies extends RequestHandler {
  get(): object {
    const name = this.getQueryArgument("set", "");
    if (name === "")
      return {
        plain: this.getCookie("plain"),
        signed: this.getSignedCookie("signed"),
        spaces: this.getCookie("spaces"),
      };
    this.setCookie("plain", name);
    this.setCookie("spaces", "a;b");
    this.setSignedCookie("signed", `${name} signed`);
    return {};
  }
}

class Pieces extends RequestHandler {
  async *get(): AsyncGenerator<string> {
    for (let piece = 0; piece < 20; piece++) yield `piece ${piece}\n`;
  }
}

/** Three events, from the one on that the client has not got. */
class Events extends RequestHandler {
  async *get(): AsyncGenerator<object> {
    const last = Number(this.events({ retry: 50 }).lastEventId ?? 0);
    for (let id = last + 1; id <= last + 3; id++) yield { id, event: "count", data: { id, text: "two\nlines" } };
  }
}

class Fail extends RequestHandler {
  get(status: string): never {
    throw new HTTPError(Number(status), "for the log");
  }
}

/** What clients that others have written are tried with. */
export async function serveClients(): Promise<Served & { readonly folder: TemporaryFolder }> {
  const folder = temporaryFolder({ "bytes.bin": bytes });
  const handlers = [
    route("/seen", Seen),
    route("/text", Text),
    route("/form", Form),
    route("/upload", Upload, undefined, { bodyLimit: 2 ** 30 }),
    route("/small", Small, undefined, { bodyLimit: 100 }),
    route("/steps/:left", Steps, undefined, { name: "steps" }),
    route("/posted", Posted),
    route("/cookies", Cookies),
    route("/pieces", Pieces),
    route("/events", Events),
    route("/fail/:status", Fail),
    route("/files/*", StaticFileHandler, { path: folder.path }),
  ];
  const app = await serve(handlers, { compress: true, cookieSecret: "a secret of the spec" });
  return {
    ...app,
    folder,
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
