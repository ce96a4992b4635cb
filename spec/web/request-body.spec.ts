import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { RequestHandler, RequestNotAvailableError, type UploadedFile, route } from "waterspout";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { type RawAnswer, parseAnswer } from "../support/raw-client.js";
import { type Served, serve } from "../support/serve.js";
import { until } from "../support/until.js";

/** Of the last form: where its large file was. */
let path: string | undefined;
let kept: UploadedFile | undefined;

class Form extends RequestHandler {
  override prepare(): void {
    path = Object.values(this.request.files)
      .flat()
      .find((file) => file.path !== undefined)?.path;
  }
  async post(): Promise<unknown> {
    const files = await Promise.all(
      this.getFiles("file").map(async (file) => [file.filename, (await file.buffer()).length]),
    );
    return { a: this.getBodyArguments("a"), last: this.getArgument("a", "none"), files };
  }
}

class Failing extends Form {
  override async post(): Promise<never> {
    expect(existsSync(path ?? "")).to.equal(true);
    throw new Error("boom");
  }
}

class Waiting extends Form {
  static entered: (() => void) | undefined;
  override async post(): Promise<void> {
    Waiting.entered?.();
    await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
    await turn();
  }
}

class Late extends Form {
  override async post(): Promise<unknown> {
    kept = this.getFile("file");
    return { there: existsSync(path ?? "") };
  }
}

class Moving extends Form {
  static target = "";
  override async post(): Promise<unknown> {
    await this.getFile("file").moveTo(Moving.target);
    return {};
  }
}

const megabyte = "x".repeat(1024 * 1024);

function form(...files: readonly string[]): FormData {
  const data = new FormData();
  data.append("a", " 1 ");
  data.append("a", "2");
  for (const [index, content] of files.entries()) data.append("file", new File([content], `f${index}.bin`));
  return data;
}

/** A request whose body is these bytes, sent in pieces of this size. */
async function post(app: Served, type: string, body: string | Uint8Array, size = Infinity): Promise<RawAnswer> {
  const bytes = Buffer.from(body);
  const client = app.connect();
  client.send(
    `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  for (let at = 0; at < bytes.length; at += size) {
    client.send(bytes.subarray(at, at + size));
    if (size < bytes.length) await turn();
  }
  return parseAnswer(await client.end());
}

describe("RequestBody", () => {
  const limits = { bodyLimit: 3 * 1024 * 1024 };

  beforeEach(() => {
    path = undefined;
    kept = undefined;
  });

  it("reads the body, and then the arguments in it, after those of the query", async () => {
    await using app = await serve([route("/", Form)]);
    const type = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };
    const answer = await app.fetch("/?a=0", { method: "POST", body: "a=1&a=+2", headers: type });
    expect(await answer.json()).to.deep.equal({ a: ["1", "2"], last: "2", files: [] });
  });

  it("has no arguments unless the body says so, and refuses other charsets", async () => {
    await using app = await serve([route("/", Form)]);
    const send = (type: string): Promise<Response> =>
      app.fetch("/", { method: "POST", body: "a=1", headers: { "Content-Type": type } });
    expect(await (await send("text/plain")).json()).to.include({ last: "none" });
    expectLog(/415 POST .*: the charset of the body is not UTF-8$/);
    expect((await send("application/x-www-form-urlencoded; charset=latin1")).status).to.equal(415);
  });

  describe("a form with files", () => {
    it("gives fields as arguments, and files, small and large", async () => {
      await using app = await serve([route("/", Form)], limits);
      const answer = await app.fetch("/", { method: "POST", body: form("small", megabyte) });
      expect(await answer.json()).to.deep.equal({
        a: ["1", "2"],
        last: "2",
        files: [
          ["f0.bin", 5],
          ["f1.bin", megabyte.length],
        ],
      });
      expect(path).to.be.a("string");
      await until(() => !existsSync(path ?? ""));
    });

    it("may come compressed, and counts unfolded", async () => {
      await using app = await serve([route("/", Form)], limits);
      const encoded = new Response(form(megabyte));
      const type = encoded.headers.get("content-type") ?? "";
      const send = (body: Uint8Array): Promise<Response> =>
        app.fetch("/", { method: "POST", body, headers: { "Content-Type": type, "Content-Encoding": "gzip" } });
      const bytes = Buffer.from(await encoded.arrayBuffer());
      expect(await (await send(gzipSync(bytes))).json()).to.include({ last: "2" });
      expectLog(/413 POST .*: a body of more than 3145728 bytes$/);
      const bomb = Buffer.concat([bytes.subarray(0, -60), Buffer.alloc(30 * 1024 * 1024), bytes.subarray(-60)]);
      expect((await send(gzipSync(bomb))).status).to.equal(413);
    });

    it("is 400 for a file that is not there and was asked for", async () => {
      class Needing extends RequestHandler {
        post(): string {
          return this.getFile("file").filename;
        }
      }
      expectLog(/400 POST .*: Missing argument file$/);
      await using app = await serve([route("/", Needing)]);
      expect((await app.fetch("/", { method: "POST", body: form() })).status).to.equal(400);
      expect(await app.text("/", { method: "POST", body: form("x", "y") })).to.equal("f1.bin");
    });

    it("keeps its files until an async onFinish is done, and says that they are gone afterwards", async () => {
      const seen: boolean[] = [];
      class Watching extends Late {
        override async onFinish(): Promise<void> {
          await turn();
          seen.push(existsSync(path ?? ""));
        }
      }
      await using app = await serve([route("/", Watching)], limits);
      await app.text("/", { method: "POST", body: form(megabyte) });
      await until(() => seen.length > 0 && !existsSync(path ?? ""));
      expect(seen).to.deep.equal([true]);
      expect(() => kept?.stream()).to.throw(RequestNotAvailableError);
    });

    it("leaves a file that was moved, and nothing else", async () => {
      const folder = await mkdtemp(join(tmpdir(), "spec-"));
      Moving.target = join(folder, "mine");
      try {
        await using app = await serve([route("/", Moving)], limits);
        await app.text("/", { method: "POST", body: form(megabyte) });
        expect((await readFile(Moving.target)).length).to.equal(megabyte.length);
        expect(path).to.be.a("string");
        expect(existsSync(path ?? "")).to.equal(false);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it("is removed when the handler fails", async () => {
      expectLog(/Uncaught exception POST[^]*boom/, /500 POST/);
      await using app = await serve([route("/", Failing)], limits);
      expect((await app.fetch("/", { method: "POST", body: form(megabyte) })).status).to.equal(500);
      await until(() => !existsSync(path ?? ""));
    });

    it("is removed when the route's time is up, also while it is read", async () => {
      expectLog(/503 POST .*: no answer within 100 ms$/, /503 POST .*: no answer within 100 ms$/);
      await using app = await serve([route("/", Waiting, undefined, { timeout: 100 }), route("/form", Form)], limits);
      await app.text("/form", { method: "POST", body: form(megabyte) });
      const folder = dirname(path ?? "");
      expect((await app.fetch("/", { method: "POST", body: form(megabyte) })).status).to.equal(503);
      await until(() => readdirSync(folder).length === 0);
      const client = app.connect().send(begun(2_000_000));
      expect(await client.until(/503 /)).to.match(/^HTTP\/1\.1 503/);
      await until(() => readdirSync(folder).length === 0);
      // What still comes goes nowhere.
      client.send(megabyte);
      await app.text("/next");
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it("is removed when the client leaves, before the end of the form and after it", async () => {
      await using app = await serve([route("/", Waiting)], limits);
      const entered = new Promise<void>((resolve) => (Waiting.entered = resolve));
      const controller = new AbortController();
      const answer = app
        .fetch("/", { method: "POST", body: form(megabyte), signal: controller.signal })
        .catch(() => {});
      await entered;
      controller.abort();
      await answer;
      await untilLogged(/499 POST/);
      await until(() => !existsSync(path ?? ""));
      const folder = dirname(path ?? "");
      const client = app.connect().send(begun(2_000_000));
      await until(() => readdirSync(folder).length > 0);
      client.socket.resetAndDestroy();
      await until(() => logged("access").filter((line) => line.startsWith("499 POST")).length === 2);
      await until(() => readdirSync(folder).length === 0);
    });
  });

  const part = (name: string, content = "x"): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
  const end = "--b--\r\n";
  const type = "multipart/form-data; boundary=b";

  /** The request of {@link post} without its end: `length` is announced, and one large file begins. */
  function begun(length: number): string {
    const head = `Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n`;
    return `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n--b\r\n${head}${"x".repeat(200_000)}`;
  }

  describe("a hostile form", () => {
    const rows: [what: string, type: string, body: string | Uint8Array, status: number, size?: number][] = [
      ["without a boundary", "multipart/form-data", part("a") + end, 400],
      ["with an empty boundary", 'multipart/form-data; boundary=""', part("a") + end, 400],
      ["with two boundaries", "multipart/form-data; boundary=b; boundary=c", part("a") + end, 400],
      ["with a boundary of 71 characters", `multipart/form-data; boundary=${"b".repeat(71)}`, part("a") + end, 400],
      [
        "with a boundary of 10,000 characters",
        `multipart/form-data; boundary=${"b".repeat(10_000)}`,
        part("a") + end,
        400,
      ],
      ["with a quoted boundary", 'multipart/form-data; boundary="b"', part("a") + end, 200],
      ["with a quote in the boundary", 'multipart/form-data; boundary="b\\""', part("a") + end, 400],
      ["with a malformed type", "multipart/form-data; boundary=b; x", part("a") + end, 400],
      ["of 10,000 parts", type, part("a").repeat(10_000) + end, 400],
      ["with headers of a megabyte", type, part(`a"\r\nX: ${"y".repeat(1_000_000)}`) + end, 400],
      ["with a file name of 64 KiB", type, part(`file"; filename="${"y".repeat(65_536)}`) + end, 400],
      ["with a path for a file name", type, part('file"; filename="../../../etc/passwd') + end, 200],
      ["with an empty name", type, part("") + end, 400],
      ["without an end", type, part("a"), 400],
      ["with a preamble of 3 MiB", type, megabyte.repeat(3) + part("a") + end, 413],
      ["with a preamble", type, `${"x".repeat(100_000)}\r\n${part("a")}${end}`, 200],
      ["with fields called __proto__", type, part("__proto__") + part("constructor") + end, 200],
      ["one byte at a time", type, part("a") + part('file"; filename="f') + end, 200, 1],
      ["within a form", type, part('a"\r\nContent-Type: multipart/mixed; boundary="c', "--c--") + end, 400],
      ["that is none", type, "garbage", 400],
      ["of nothing but boundaries", type, "--b\r\n".repeat(50_000), 400],
      ["of nothing but line ends", type, "\r\n".repeat(500_000), 400],
      ["of nothing but hyphens", type, "-".repeat(1_000_000), 400],
      ["that is nearly all boundary", type, "\r\n--".repeat(250_000), 400],
    ];
    for (const [what, contentType, body, status, size] of rows) {
      it(`${what} is answered ${status}, with one line in the log at most`, async () => {
        if (status >= 400) expectLog(new RegExp(`access\\] ${status} POST / .*ms: .`));
        await using app = await serve([route("/", Form)], limits);
        const answer = await post(app, contentType, body, size);
        expect(answer.status).to.equal(status);
        expect(logged()).to.have.length(1);
        expect(answer.body).not.to.match(/multipart|boundary|node_modules|src\//);
        if (path !== undefined) expect(existsSync(path)).to.equal(false);
      });
    }
  });
});
