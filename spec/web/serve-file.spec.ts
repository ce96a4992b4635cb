import { readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, truncateSync, utimesSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { HTTPError, type StaticFileArguments, StaticFileHandler, route } from "waterspout";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.js";
import { expectLog, untilLogged } from "../support/log.js";
import { type RawAnswer, RawClient, parseAnswer } from "../support/raw-client.js";
import { type Served, get, serve } from "../support/serve.js";
import { ServedProgram } from "../support/served-program.js";

const numberIn = (file: string, pattern: RegExp): number => Number(pattern.exec(readFileSync(file, "utf8"))?.[1]);
const residentBytes = (pid: number): number => numberIn(`/proc/${pid}/status`, /VmRSS:\s+(\d+)/) * 1024;
const bytesRead = (pid: number): number => numberIn(`/proc/${pid}/io`, /rchar: (\d+)/);
const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

describe("a served file", () => {
  let folder: TemporaryFolder;
  let app: Served;

  before(async () => {
    folder = temporaryFolder({
      "public/a.txt": "0123456789",
      "public/é ?#%.txt": "odd name",
      "public/empty": "",
      "public/large.bin": large,
      "public/index.html": "<p>root",
      "public/sub/index.html": "<p>sub",
      "public/bare/x.txt": "x",
      "public/.env": "secret",
      "secret.txt": "secret",
    });
    symlinkSync("../secret.txt", `${folder.path}/public/out.txt`);
    utimesSync(`${folder.path}/public/a.txt`, 0, 1_700_000_000);
    app = await served({ defaultFilename: "index.html" });
  });
  after(async () => {
    await app[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  class Noted extends StaticFileHandler {
    override setExtraHeaders(path: string): void {
      if (path === "sub/") throw new HTTPError(418);
      this.setHeader("X-Path", encodeURIComponent(path));
    }
  }

  function served(args: Partial<StaticFileArguments> = {}): Promise<Served> {
    const path = `${folder.path}/public`;
    return serve([route("/f/*", StaticFileHandler, { path, ...args }), route("/noted/*", Noted, { path, ...args })], {
      accessLog: false,
    });
  }

  async function ask(path: string, ...fields: string[]): Promise<RawAnswer> {
    return parseAnswer(
      await app
        .connect()
        .send(get(path, ...fields))
        .end(),
    );
  }

  /** Open descriptors of the folder's files. */
  function openFiles(): string[] {
    return readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        const target = readlinkSync(`/proc/self/fd/${fd}`);
        return target.startsWith(folder.path) ? [target] : [];
      } catch {
        return [];
      }
    });
  }

  /** Nothing tells when a descriptor is closed; the mocha timeout is the deadline. */
  async function allClosed(): Promise<void> {
    while (openFiles().length > 0) await delay(5);
  }

  it("comes with its type, length, validators and what clients may do with it", async () => {
    const { status, headers, body } = await ask("/f/a.txt");
    expect([status, body]).to.deep.equal([200, "0123456789"]);
    expect(headers).to.include({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "10",
      "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
      "accept-ranges": "bytes",
      "cache-control": "no-cache",
    });
    expect(headers["etag"]).to.match(/^"[\w-]+"$/);
    expect(headers).not.to.have.property("vary");
  });

  it("may be large, empty or oddly named", async () => {
    const answer = await app.fetch("/f/large.bin");
    expect(answer.headers.get("content-length")).to.equal(String(large.length));
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), large)).to.equal(0);
    const empty = await ask("/f/empty");
    expect([empty.status, empty.headers["content-length"], empty.body]).to.deep.equal([200, "0", ""]);
    expect((await ask("/f/%C3%A9%20%3F%23%25.txt")).body).to.equal("odd name");
    await allClosed();
  });

  it("answers HEAD with the same headers, and is not opened for it", async () => {
    for (const path of ["/f/a.txt", "/f/large.bin", "/f/empty"]) {
      const got = await ask(path);
      const client = app.connect().send(get(path, "Range: bytes=0-1").replace("GET", "HEAD"));
      const head = parseAnswer(await client.end());
      expect([head.status, head.body]).to.deep.equal([200, ""]);
      expect({ ...head.headers, date: "" }).to.deep.equal({ ...got.headers, date: "" });
    }
    await allClosed();
  });

  it("is 405 for a method that would change it", async () => {
    const answer = await app.fetch("/f/a.txt", { method: "PUT", body: "x" });
    expect([answer.status, answer.headers.get("allow")]).to.deep.equal([405, "GET, HEAD, OPTIONS"]);
  });

  describe("that is not there, or not for clients", () => {
    for (const path of [
      "/f/nothing",
      "/f/../secret.txt",
      "/f/..%2fsecret.txt",
      "/f/%2e%2e/secret.txt",
      "/f/%2e%2e%2fsecret.txt",
      "/f/%252e%252e/secret.txt",
      "/f/..%5csecret.txt",
      "/f/..\\secret.txt",
      "/f/%c0%ae%c0%ae/secret.txt",
      "/f/....//secret.txt",
      "/f//etc/passwd",
      "/f/%2fetc/passwd",
      "/f/file:///etc/passwd",
      "/f/C:/secret.txt",
      "/f/./a.txt",
      "/f/sub/../a.txt",
      "/f//a.txt",
      "/f/a.txt/",
      "/f/a.txt/x",
      "/f/a.txt%00",
      "/f/a.txt%20",
      "/f/a.txt.",
      "/f/A.txt",
      "/f/a.txt;x",
      "/f/sub%2findex.html",
      "/f/sub%5cindex.html",
      "/f/out.txt",
      "/f/.env",
      "/f/%2eenv",
      "/f/bare",
      "/f/bare/",
      "/f/%",
      "/f/%ZZ",
      "/f/%E0%A4",
      "/f/%ED%A0%80",
      "/f/%0d%0aX:1",
    ]) {
      it(`is refused: ${path}`, async () => {
        const answer = await ask(path);
        if (answer.status === 400) expectLog(/400 GET .*: a malformed path/);
        else expect(answer.status).to.equal(404);
        expect(JSON.stringify(answer)).not.to.match(/secret|root:|0123/);
      });
    }
  });

  describe("that is a folder", () => {
    it("is its default file, by a path with a slash", async () => {
      expect((await ask("/f/")).body).to.equal("<p>root");
      const { status, headers, body } = await ask("/f/sub/");
      expect([status, headers["content-type"], body]).to.deep.equal([200, "text/html; charset=utf-8", "<p>sub"]);
    });

    it("is redirected to that path, on this site", async () => {
      const { status, headers } = await ask("/f/sub?a=%2F");
      expect([status, headers["location"]]).to.deep.equal([301, "/f/sub/?a=%2F"]);
      await using own = await serve(
        [route(/(?:.*)\/(sub)/, StaticFileHandler, { path: `${folder.path}/public`, defaultFilename: "index.html" })],
        {
          accessLog: false,
        },
      );
      for (const path of ["//evil.test/sub", "//evil.test/..;/sub", "/%5Cevil.test/sub"]) {
        const answer = parseAnswer(await own.connect().send(get(path)).end());
        const { location = "/" } = answer.headers;
        expect(new URL(location, "http://site.test").host, path).to.equal("site.test");
      }
    });
  });

  describe("asked for with a condition", () => {
    it("is 304 when the client has it", async () => {
      const { headers } = await ask("/f/a.txt");
      for (const field of [
        `If-None-Match: ${headers["etag"]}`,
        `If-None-Match: "x", W/${headers["etag"]}`,
        "If-None-Match: *",
        `If-Modified-Since: ${headers["last-modified"]}`,
        "If-Modified-Since: Fri, 31 Dec 2999 23:59:59 GMT",
      ]) {
        const answer = await ask("/f/a.txt", field);
        expect([answer.status, answer.body, answer.headers["etag"]], field).to.deep.equal([304, "", headers["etag"]]);
        expect(answer.headers).to.include({ "cache-control": "no-cache" });
        expect(answer.headers).not.to.have.any.keys("content-type", "content-length");
      }
      await allClosed();
    });

    it("is sent when it has changed, or the condition is none", async () => {
      for (const field of [
        'If-None-Match: "x"',
        "If-None-Match: unquoted",
        `If-None-Match: ${'"x",'.repeat(1000)}`,
        "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT",
        "If-Modified-Since: garbage",
      ]) {
        expect((await ask("/f/a.txt", field)).status, field).to.equal(200);
      }
      const { headers } = await ask("/f/a.txt");
      const both = await ask("/f/a.txt", 'If-None-Match: "x"', `If-Modified-Since: ${headers["last-modified"]}`);
      expect(both.status).to.equal(200);
    });

    it("is 412 when it is not what the client takes it for", async () => {
      expect((await ask("/f/a.txt", 'If-Match: "x"')).status).to.equal(412);
      expect((await ask("/f/a.txt", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT")).status).to.equal(412);
    });
  });

  describe("asked for in part", () => {
    const part = async (field: string, ...more: string[]): Promise<unknown[]> => {
      const { status, headers, body } = await ask("/f/a.txt", field, ...more);
      return [status, headers["content-range"], headers["content-length"], body];
    };

    it("gives one range", async () => {
      expect(await part("Range: bytes=0-0")).to.deep.equal([206, "bytes 0-0/10", "1", "0"]);
      expect(await part("Range: bytes=2-4")).to.deep.equal([206, "bytes 2-4/10", "3", "234"]);
      expect(await part("Range: bytes=7-")).to.deep.equal([206, "bytes 7-9/10", "3", "789"]);
      expect(await part("Range: bytes=-2")).to.deep.equal([206, "bytes 8-9/10", "2", "89"]);
      expect(await part("Range: bytes=0-")).to.deep.equal([206, "bytes 0-9/10", "10", "0123456789"]);
      expect(await part("Range: bytes=5-99999999999999999999")).to.deep.equal([206, "bytes 5-9/10", "5", "56789"]);
    });

    it("gives one range of a large file", async () => {
      const answer = await app.fetch("/f/large.bin", { headers: { Range: "bytes=1000-200999" } });
      expect([answer.status, answer.headers.get("content-length")]).to.deep.equal([206, "200000"]);
      expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), large.subarray(1000, 201_000))).to.equal(0);
    });

    it("is 416 outside of it", async () => {
      for (const field of ["bytes=10-", "bytes=-0", "bytes=99999999999999999999-"]) {
        const { status, headers } = await ask("/f/a.txt", `Range: ${field}`);
        expect([status, headers["content-range"]], field).to.deep.equal([416, "bytes */10"]);
      }
    });

    it("gives the whole for what is malformed, and for several ranges", async () => {
      const many = `bytes=${Array.from({ length: 1000 }, (_, index) => `${index}-${index}`).join(",")}`;
      for (const field of [
        "bytes=abc",
        "bytes=9-1",
        "bytes=0x1-2",
        "items=0-1",
        "bytes=0-0,2-2",
        "bytes=0-,0-,0-",
        many,
      ]) {
        expect(await part(`Range: ${field}`), field.slice(0, 20)).to.deep.equal([200, undefined, "10", "0123456789"]);
      }
    });

    it("gives it to the one who has this very file, else the whole", async () => {
      const { headers } = await ask("/f/a.txt");
      const { etag, "last-modified": modified } = headers;
      for (const [field, status] of [
        [etag, 206],
        [modified, 206],
        [`W/${etag}`, 200],
        ['"x"', 200],
        ["Tue, 14 Nov 2023 22:13:21 GMT", 200],
        ["garbage", 200],
      ] as const) {
        expect((await part("Range: bytes=0-1", `If-Range: ${field}`))[0], field).to.equal(status);
      }
      expect((await part("Range: bytes=0-1", `If-None-Match: ${etag}`))[0]).to.equal(304);
    });
  });

  describe("asked for by its version", () => {
    it("may be kept for ever, if it is that version", async () => {
      await using own = await serve(
        [route("/f/*", StaticFileHandler, { path: `${folder.path}/public`, cacheControl: "max-age=60" })],
        {
          accessLog: false,
        },
      );
      const cached = async (query: string): Promise<string | null> =>
        (await own.fetch(`/f/a.txt${query}`)).headers.get("cache-control");
      const version =
        "bb96c2fc40d2d54617d6f276febe571f623a8dadf0b734855299b0e107fda32cf6b69f2da32b36445d73690b93cbd0f7bfc20e0f7f28553d2a4428f23b716e90";
      expect(await cached(`?v=${version}`)).to.equal("public, max-age=31536000, immutable");
      expect(await cached("?v=of-another-deployment")).to.equal("max-age=60");
      expect(await cached("?v=")).to.equal("max-age=60");
      expect(await cached("?x=1")).to.equal("max-age=60");
    });
  });

  describe("with compressed ones beside it", () => {
    let compressed: TemporaryFolder;
    let own: Served;

    before(async () => {
      compressed = temporaryFolder({
        "app.js": "script".repeat(100),
        "app.js.br": brotliCompressSync("script".repeat(100)),
        "app.js.gz": gzipSync("script".repeat(100)),
        "index.html": "page",
        "index.html.gz": gzipSync("page"),
        "old.js": "new",
        "old.js.gz": gzipSync("old"),
        "only.js": "plain",
      });
      utimesSync(`${compressed.path}/old.js.gz`, 0, 1);
      const args = { path: compressed.path, defaultFilename: "index.html", precompressed: true };
      own = await serve([route("/*", StaticFileHandler, args)], { accessLog: false });
    });
    after(async () => {
      await own[Symbol.asyncDispose]();
      compressed[Symbol.dispose]();
    });

    const asked = async (path: string, accept: string, ...fields: string[]): Promise<RawAnswer> =>
      parseAnswer(
        await own
          .connect()
          .send(get(path, `Accept-Encoding: ${accept}`, ...fields))
          .end(),
      );

    it("is the best that the client takes and that is there", async () => {
      for (const [path, accept, coding] of [
        ["/app.js", "gzip, br", "br"],
        ["/app.js", "gzip", "gzip"],
        ["/app.js", "br;q=0.1, gzip;q=0.9", "gzip"],
        ["/app.js", "identity", undefined],
        ["/app.js", "identity, br;q=0.5", undefined],
        ["/app.js", "", undefined],
        ["/", "gzip, br", "gzip"],
        ["/old.js", "gzip", undefined],
        ["/only.js", "gzip", undefined],
      ] as const) {
        const { status, headers } = await asked(path, accept);
        expect([status, headers["content-encoding"], headers["vary"]], `${path} ${accept}`).to.deep.equal([
          200,
          coding,
          "Accept-Encoding",
        ]);
      }
    });

    it("has the type of the original, and validators of its own", async () => {
      const gzip = await asked("/app.js", "gzip");
      const brotli = await asked("/app.js", "br");
      const plain = await asked("/app.js", "");
      expect(gunzipSync(Buffer.from(gzip.body, "latin1")).toString()).to.equal("script".repeat(100));
      expect(gzip.headers["content-type"]).to.equal("text/javascript; charset=utf-8");
      expect(new Set([gzip, brotli, plain].map(({ headers }) => headers["etag"])).size).to.equal(3);
      const again = await asked("/app.js", "gzip", `If-None-Match: ${gzip.headers["etag"]}`);
      expect([again.status, again.headers["vary"]]).to.deep.equal([304, "Accept-Encoding"]);
      const part = await asked("/app.js", "gzip", "Range: bytes=0-1");
      expect([part.status, part.body, part.headers["content-encoding"]]).to.deep.equal([206, "\x1f\x8b", "gzip"]);
    });
  });

  it("has the headers that a subclass adds", async () => {
    expect((await ask("/noted/a.txt")).headers).to.include({ "x-path": "a.txt" });
    expect((await ask("/noted/sub/")).status).to.equal(418);
    await allClosed();
  });

  it("is closed when the client leaves in the middle", async () => {
    const path = folder.write("public/huge.bin", "");
    truncateSync(path, 200_000_000);
    const client = app.connect();
    client.socket.pause();
    client.send(get("/f/huge.bin"));
    while (openFiles().length === 0) await delay(5);
    client.close();
    await allClosed();
  });

  it("takes no more memory than a few pieces while the client does not read", async () => {
    truncateSync(folder.write("public/gigabyte.bin", ""), 1024 ** 3);
    const file = new URL("./fixtures/static-program.js", import.meta.url);
    await using own = new ServedProgram(file, [`${folder.path}/public`]);
    const { port } = new URL(await own.url("/"));
    const { pid } = own.program;
    await own.get("/a.txt");
    const before = residentBytes(pid);
    const client = new RawClient(Number(port));
    client.socket.pause();
    client.send(get("/gigabyte.bin"));
    // It reads ahead until the kernel's buffers are full, and then no more.
    for (let read = -1; read !== bytesRead(pid) || read === 0; await delay(100)) read = bytesRead(pid);
    expect(bytesRead(pid)).to.be.below(100_000_000);
    expect(residentBytes(pid) - before).to.be.below(16_000_000);
    client.close();
    await own.stop();
  });

  it("that becomes shorter while it is sent is cut off", async () => {
    expectLog(/the answer cannot be sent: .*content-length/i);
    const path = folder.write("public/shrinking.bin", "");
    truncateSync(path, 100_000_000);
    const client = app.connect();
    client.socket.pause();
    client.send(get("/f/shrinking.bin"));
    while (openFiles().length === 0) await delay(5);
    truncateSync(path, 1000);
    client.socket.resume();
    const received = await client.end();
    expect(received.length).to.be.below(100_000_000);
    await untilLogged(/the answer cannot be sent/);
    expect(statSync(path).size).to.equal(1000);
    await allClosed();
  });
});
