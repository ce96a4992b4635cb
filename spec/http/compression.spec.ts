import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import * as zlib from "node:zlib";
import { expect } from "chai";
import {
  type CompressOptions,
  Application,
  ConfigurationError,
  RequestHandler,
  StaticFileHandler,
  route,
} from "waterspout";
import { temporaryFolder } from "../support/folder.js";
import { type Served, get, serve } from "../support/serve.js";

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const long = "some text that repeats itself. ".repeat(200);

class Text extends RequestHandler {
  get(): string {
    this.setHeader("Content-Type", this.getArgument("type", "text/plain"));
    if (this.getArgument("coded", "") !== "") this.setHeader("Content-Encoding", "x-own");
    if (this.getArgument("control", "") !== "") this.setHeader("Cache-Control", "no-transform");
    this.setStatus(Number(this.getArgument("status", "200")));
    for (const name of ["Vary", "Etag", "Accept-Ranges"]) {
      const value = this.getArgument(name, "");
      if (value !== "") this.setHeader(name, value);
    }
    return long.slice(0, Number(this.getArgument("size", "6000")));
  }
}

/** Gives a piece whenever it is told to. */
class Pieces extends RequestHandler {
  static more = (): void => {};
  static ended = false;
  async *get(): AsyncGenerator<string> {
    try {
      for (let index = 0; index < 3; index++) {
        yield `piece ${index};`;
        await new Promise<void>((resolve) => (Pieces.more = resolve));
      }
    } finally {
      Pieces.ended = true;
    }
  }
}

class News extends RequestHandler {
  get(): Promise<void> {
    const events = this.events();
    void events.send("open");
    return events.ended();
  }
}

class Endless extends RequestHandler {
  static flushed = 0;
  static outcome = "";
  *get(): Generator<string> {
    const noise = Array.from({ length: 20_000 }, (_, index) => String.fromCharCode(33 + ((index * index) % 90))).join(
      "",
    );
    for (;;) {
      Endless.flushed++;
      yield noise;
    }
  }
  override onFinish(outcome: string): void {
    Endless.outcome = outcome;
  }
}

describe("compress", () => {
  let app: Served;
  const folder = temporaryFolder({ "large.txt": long.repeat(30), "small.txt": long });

  before(async () => {
    const handlers = [
      route("/", Text),
      route("/pieces", Pieces),
      route("/news", News),
      route("/endless", Endless),
      route("/f/*", StaticFileHandler, { path: folder.path }),
    ];
    app = await serve(handlers, { compress: true, accessLog: false });
  });
  after(async () => {
    await app[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
    const asking = request(app.url + path, { method, headers, agent: false }).end();
    const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
  }

  for (const [accept, coding, decode] of [
    ["gzip", "gzip", zlib.gunzipSync],
    ["br", "br", zlib.brotliDecompressSync],
    ["gzip, deflate, br", "br", zlib.brotliDecompressSync],
    ["br;q=0.4, gzip;q=0.9", "gzip", zlib.gunzipSync],
    ["*", "br", zlib.brotliDecompressSync],
  ] as const) {
    it(`codes in ${coding} for ${accept}`, async () => {
      const { headers, body } = await ask("/", { "Accept-Encoding": accept });
      expect(headers).to.include({ "content-encoding": coding, vary: "Accept-Encoding" });
      expect(headers).not.to.have.property("content-length");
      expect(decode(body).toString()).to.equal(long.slice(0, 6000));
      expect(body.length).to.be.below(500);
      expect(headers.etag).to.match(/^W\/"[0-9a-f]{40}"$/);
    });
  }

  for (const accept of ["", "identity", "gzip;q=0", "gzip;q=0.5, identity", "compress", "identity;q=0"]) {
    it(`sends it as it is for ${JSON.stringify(accept)}`, async () => {
      const { headers, body } = await ask("/", accept === "" ? {} : { "Accept-Encoding": accept });
      expect(headers).to.include({ "content-length": "6000", vary: "Accept-Encoding" });
      expect(headers).not.to.have.property("content-encoding");
      expect([body.length, headers.etag?.startsWith('"')]).to.deep.equal([6000, true]);
    });
  }

  it("leaves what is short, coded already, not text, or not to be changed", async () => {
    const accept = { "Accept-Encoding": "gzip" };
    const coding = async (query: string): Promise<unknown[]> => {
      const { headers } = await ask(`/?${query}`, accept);
      return [headers["content-encoding"], headers.vary];
    };
    expect(await coding("size=1023")).to.deep.equal([undefined, "Accept-Encoding"]);
    expect(await coding("size=1024")).to.deep.equal(["gzip", "Accept-Encoding"]);
    expect(await coding("coded=1")).to.deep.equal(["x-own", undefined]);
    expect(await coding("control=1")).to.deep.equal([undefined, undefined]);
    expect(await coding("type=image/png")).to.deep.equal([undefined, undefined]);
    expect(await coding("type=application/hal%2Bjson;a=b")).to.deep.equal(["gzip", "Accept-Encoding"]);
  });

  it("leaves answers without a body, and parts", async () => {
    for (const query of ["status=204&size=0", "status=304&size=0", "status=206"]) {
      const { headers } = await ask(`/?${query}`, { "Accept-Encoding": "gzip" });
      expect([headers["content-encoding"], headers.vary], query).to.deep.equal([undefined, undefined]);
    }
  });

  it("adds to the handler's own Vary, weakens its tag, and offers no ranges", async () => {
    const coded = async (query: string): Promise<IncomingHttpHeaders> => {
      const { headers } = await ask(`/?${query}`, { "Accept-Encoding": "gzip" });
      expect(headers["content-encoding"], query).to.equal("gzip");
      return headers;
    };
    expect((await coded("Vary=Origin")).vary).to.equal("Origin, Accept-Encoding");
    expect((await coded("Vary=accept-encoding")).vary).to.equal("accept-encoding");
    expect((await coded("Vary=*")).vary).to.equal("*");
    expect((await coded("Etag=%22own%22")).etag).to.equal('W/"own"');
    expect((await coded("Etag=W/%22own%22")).etag).to.equal('W/"own"');
    expect(await coded("Accept-Ranges=bytes")).not.to.have.property("accept-ranges");
  });

  it("codes everything with a threshold of 0", async () => {
    await using all = await serve([route("/", Text)], { compress: { threshold: 0 } });
    const answer = await all.fetch("/?size=0", { headers: { "Accept-Encoding": "gzip" } });
    expect([answer.headers.get("content-encoding"), await answer.text()]).to.deep.equal(["gzip", ""]);
  });

  it("codes even what is short for who refuses it as it is", async () => {
    const { headers, body } = await ask("/?size=5", { "Accept-Encoding": "gzip, identity;q=0" });
    expect([headers["content-encoding"], zlib.gunzipSync(body).toString()]).to.deep.equal(["gzip", "some "]);
  });

  it("answers conditions and HEAD as without it", async () => {
    const accept = { "Accept-Encoding": "gzip" };
    const { etag = "" } = (await ask("/", accept)).headers;
    const again = await ask("/", { ...accept, "If-None-Match": etag });
    expect([again.status, again.headers.etag, again.headers.vary, again.body.length]).to.deep.equal([
      304,
      etag,
      "Accept-Encoding",
      0,
    ]);
    expect(again.headers).not.to.have.property("content-encoding");
    const head = await ask("/", accept, "HEAD");
    expect(head.headers).to.include({ "content-encoding": "gzip", etag, vary: "Accept-Encoding" });
    expect(head.headers).not.to.have.property("content-length");
  });

  it("sends each piece of a stream so that it can be read at once", async () => {
    const asking = request(`${app.url}/pieces`, { headers: { "Accept-Encoding": "gzip" }, agent: false }).end();
    const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
    expect(response.headers["content-encoding"]).to.equal("gzip");
    const decoded = response.pipe(zlib.createGunzip()).setEncoding("utf8");
    let text = "";
    for (let index = 0; index < 3; index++) {
      while (!text.includes(`piece ${index};`)) text += String((await once(decoded, "data"))[0]);
      Pieces.more();
    }
    await once(decoded, "end");
    expect(text).to.equal("piece 0;piece 1;piece 2;");
  });

  it("sends events at once", async () => {
    const asking = request(`${app.url}/news`, { headers: { "Accept-Encoding": "br" }, agent: false }).end();
    const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
    expect(response.headers).to.include({ "content-encoding": "br", "content-type": "text/event-stream" });
    const [event] = (await once(response.pipe(zlib.createBrotliDecompress()), "data")) as [Buffer];
    expect(event.toString()).to.equal("data: open\n\n");
    response.destroy();
  });

  it("waits for a client that does not read, and ends when it leaves", async () => {
    const client = app.connect();
    client.socket.pause();
    client.send(get("/endless", "Accept-Encoding: gzip"));
    let before = -1;
    while (Endless.flushed === 0 || before !== Endless.flushed) {
      before = Endless.flushed;
      for (let index = 0; index < 2000; index++) await turn();
    }
    expect(Endless.flushed).to.be.below(200_000);
    client.close();
    while (Endless.outcome === "") await turn();
    expect(Endless.outcome).to.equal("clientClosed");
  });

  it("codes static files, but no part of one", async () => {
    const accept = { "Accept-Encoding": "gzip" };
    for (const [name, text] of [
      ["large.txt", long.repeat(30)],
      ["small.txt", long],
    ] as const) {
      const whole = await ask(`/f/${name}`, accept);
      expect(whole.headers["content-encoding"], name).to.equal("gzip");
      expect(whole.headers.etag).to.match(/^W\//);
      expect(zlib.gunzipSync(whole.body).toString() === text).to.equal(true);
      const part = await ask(`/f/${name}`, { ...accept, Range: "bytes=5-8" });
      expect([part.status, part.headers["content-encoding"], part.body.toString()]).to.deep.equal([
        206,
        undefined,
        "text",
      ]);
    }
  });

  it("is off by default", async () => {
    await using plain = await serve([route("/", Text)]);
    const { headers } = await plain.fetch("/");
    expect([headers.get("content-encoding"), headers.get("vary")]).to.deep.equal([null, null]);
  });

  for (const [what, compress, message] of [
    ["a threshold below zero", { threshold: -1 }, /threshold is a whole number of bytes, got -1/],
    ["types that are no RegExp", { types: "text" }, /types is a RegExp/],
    ["types that remember", { types: /x/g }, /without the flags g and y/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const construct = () => new Application({ handlers: [], compress: compress as unknown as CompressOptions });
      expect(construct).to.throw(ConfigurationError, message);
    });
  }
});
