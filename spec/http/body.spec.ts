import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { ClientClosedError, HTTPError } from "#src/errors.js";
import { bodyAtHand, readBody } from "#src/http/body.js";
import { httpSettings } from "#src/http/limits.js";
import { ResponseWriter } from "#src/http/response.js";
import { HTTPTransport } from "#src/http/server.js";
import { CapturedLog } from "../support/captured-log.js";
import { exchange, parseAnswer, RawClient } from "../support/raw-client.js";

const limit = 1_000;
const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";

function withLength(body: string | Uint8Array, fields = "", length = body.length): Buffer {
  return Buffer.concat([Buffer.from(`${head}${fields}Content-Length: ${length}\r\n\r\n`), Buffer.from(body)]);
}

function chunked(...chunks: string[]): string {
  const sizes = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `${head}Transfer-Encoding: chunked\r\n\r\n${sizes.join("")}`;
}

describe("readBody", () => {
  let transport: HTTPTransport;
  let port: number;
  let log: CapturedLog;
  /** How the reading of the only request of a spec ended. */
  let outcome: Promise<Buffer>;
  let began: Promise<IncomingMessage>;

  /** Answers with the length of the body, or with the status of the error. */
  async function start(settings: Parameters<typeof httpSettings>[0] = {}): Promise<void> {
    let begin: (message: IncomingMessage) => void;
    began = new Promise((resolve) => {
      begin = resolve;
    });
    transport = new HTTPTransport(
      (message, response, host) => {
        const writer = new ResponseWriter(response, host);
        outcome = readBody(message, { limit });
        begin(message);
        outcome.then(
          (body) => writer.finish(`${body.length} bytes: ${body.toString().slice(0, 20)}`),
          (error: Error) => {
            if (error instanceof ClientClosedError) return undefined;
            writer.setStatus((error as HTTPError).status);
            return writer.finish(error.message);
          },
        );
      },
      httpSettings({ drainLinger: 0, closeLinger: 200, ...settings }),
    );
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  }

  beforeEach(() => {
    log = new CapturedLog();
  });

  afterEach(async () => {
    log.restore();
    await transport.drain();
  });

  const rows: [name: string, bytes: string | Uint8Array, status: number, body: string | RegExp][] = [
    ["a body with a length", withLength("hello"), 200, "5 bytes: hello"],
    ["a chunked body", `${chunked("hel", "lo")}0\r\n\r\n`, 200, "5 bytes: hello"],
    ["a body in three pieces", `${chunked("he", "l", "lo")}0\r\n\r\n`, 200, "5 bytes: hello"],
    ["no body", `${head}\r\n`, 200, "0 bytes: "],
    ["an empty body", withLength(""), 200, "0 bytes: "],
    ["a body at the limit", withLength("a".repeat(limit)), 200, /^1000 bytes/],
    ["a body above the limit", withLength("a".repeat(limit + 1)), 413, /more than 1000 bytes/],
    ["a chunked body above the limit", `${chunked("a".repeat(600), "a".repeat(401))}0\r\n\r\n`, 413, /1000/],
    ["an announced body that never comes", withLength("", "", 2_000_000_000), 413, /1000/],
    ["gzip", withLength(gzipSync("hello"), "Content-Encoding: GZIP\r\n"), 200, "5 bytes: hello"],
    ["x-gzip", withLength(gzipSync("hello"), "Content-Encoding: x-gzip\r\n"), 200, "5 bytes: hello"],
    ["deflate", withLength(deflateSync("hello"), "Content-Encoding: deflate\r\n"), 200, "5 bytes: hello"],
    ["br", withLength(brotliCompressSync("hello"), "Content-Encoding: br\r\n"), 200, "5 bytes: hello"],
    ["identity", withLength("hello", "Content-Encoding: identity\r\n"), 200, "5 bytes: hello"],
    ["raw deflate", withLength(deflateRawSync("hello"), "Content-Encoding: deflate\r\n"), 400, /broken compressed/],
    ["truncated gzip", withLength(gzipSync("hello").subarray(0, -9), "Content-Encoding: gzip\r\n"), 400, /broken/],
    ["a wrong checksum", withLength(damaged(gzipSync("hello")), "Content-Encoding: gzip\r\n"), 400, /broken/],
    ["a gzip bomb", withLength(gzipSync(Buffer.alloc(500_000)), "Content-Encoding: gzip\r\n"), 413, /1000/],
    ["two codings", withLength(gzipSync("hello"), "Content-Encoding: gzip, gzip\r\n"), 415, /content coding/],
    ["two fields of coding", withLength("x", "Content-Encoding: gzip\r\nContent-Encoding: br\r\n"), 415, /coding/],
    ["an unknown coding", withLength("hello", "Content-Encoding: zstd\r\n"), 415, /content coding/],
    ["a malformed chunk size", `${chunked("abc")}+5\r\nhello\r\n0\r\n\r\n`, 400, /HPE_INVALID_CHUNK_SIZE/],
    [
      "chunk extensions that are longer than 16 KiB together",
      `${head}Transfer-Encoding: chunked\r\n\r\n${`1;${"x".repeat(1_000)}\r\na\r\n`.repeat(150)}0\r\n\r\n`,
      413,
      /chunk extensions/,
    ],
    [
      "a body in chunks of one byte",
      `${chunked(...Array.from({ length: limit }, () => "a"))}0\r\n\r\n`,
      200,
      /^1000 bytes/,
    ],
    ["compressed data that unfolds to nothing", emptyBlocks(limit + 1), 413, /more than 1000 bytes/],
    ["trailers", `${chunked("abc")}0\r\nHost: b\r\nAuthorization: c\r\n\r\n`, 200, "3 bytes: abc"],
    ["framing in trailers", `${chunked("abc")}0\r\nContent-Length: 7\r\n\r\n`, 400, /CONTENT_LENGTH/],
  ];
  for (const [name, bytes, status, body] of rows) {
    it(`answers ${name} with ${status}`, async () => {
      await start();
      const answer = await exchange(port, bytes);
      expect(answer.status).to.equal(status);
      if (typeof body === "string") expect(answer.body).to.equal(body);
      else expect(answer.body).to.match(body);
      expect(log.lines).to.deep.equal([]);
    });
  }

  it("rejects with ClientClosedError when the body ends early, by FIN or by RST", async () => {
    for (const leave of ["end", "resetAndDestroy"] as const) {
      await start();
      const client = new RawClient(port).send(withLength("abc", "", 10));
      await began;
      client.socket[leave]();
      const error = await outcome.catch((failure: unknown) => failure);
      expect(error).to.be.instanceOf(ClientClosedError);
      expect(log.lines).to.deep.equal([]);
      if (leave === "end") await transport.drain();
    }
  });

  it("sends 100 Continue when the body is wanted, not before", async () => {
    await start();
    const client = new RawClient(port).send(`${head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    expect(await client.send("hello").end()).to.match(/200 OK[^]*5 bytes: hello$/);
  });

  it("answers an expected body above the limit without 100 Continue", async () => {
    await start();
    const answer = await exchange(port, `${head}Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n`);
    expect(answer).to.include({ status: 413 });
    expect(answer.headers["connection"]).to.equal("close");
  });

  it("answers 408 when the body does not come in time", async () => {
    await start({ requestTimeout: 60, headersTimeout: 50, connectionsCheckingInterval: 20 });
    const answer = await exchange(port, withLength("abc", "", 10));
    expect(answer.status).to.equal(408);
    expect(log.lines).to.deep.equal([]);
  });

  it("lets a client that is busy sending see its 413", async () => {
    await start();
    const client = new RawClient(port);
    const many = Buffer.alloc(5_000_000, "a");
    const sent = client.send(withLength(many)).end();
    expect(parseAnswer(await sent)).to.include({ status: 413 });
    client.close();
  });

  it("reads at most the rest of one limit after a refusal", async () => {
    await start({ bodyLimit: 10_000, closeLinger: 5_000 });
    const client = new RawClient(port).send(chunked("a".repeat(2_000)));
    await client.until(/413/);
    const message = await began;
    client.send(`4e20\r\n${"a".repeat(20_000)}\r\n`);
    await once(message.socket, "close");
    client.close();
  });
});

describe("bodyAtHand", () => {
  let transport: HTTPTransport;
  let port: number;
  let taken: unknown;
  let message: IncomingMessage;

  beforeEach(async () => {
    transport = new HTTPTransport(
      (incoming, response, host) => {
        if (incoming.url !== "/next") take(incoming);
        void new ResponseWriter(response, host).finish(incoming.url === "/next" ? "next" : "ok");
      },
      httpSettings({ drainLinger: 0, closeLinger: 100 }),
    );
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  });

  afterEach(async () => {
    await transport.drain();
  });

  function take(incoming: IncomingMessage): void {
    message = incoming;
    try {
      taken = bodyAtHand(incoming, limit)?.toString();
    } catch (error) {
      taken = error;
    }
  }

  const open = "POST / HTTP/1.1\r\nHost: a\r\n";
  const next = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

  it("is what came with the head, and the request is over then", async () => {
    const answers = await new RawClient(port).send(`${open}Content-Length: 3\r\n\r\nabc${next}`).end();
    expect(answers).to.match(/ok[^]*next$/);
    expect(taken).to.equal("abc");
    expect([message.readableEnded, message.readableLength]).to.deep.equal([true, 0]);
  });

  it("is all of one that was sent in several pieces at once", async () => {
    const body = "a".repeat(limit);
    const client = await new RawClient(port).connected();
    client.socket.cork();
    client.send(`${open}Content-Length: ${limit}\r\n\r\n`).send(body.slice(0, 1)).send(body.slice(1)).send(next);
    client.socket.uncork();
    await client.end();
    expect(taken).to.equal(body);
  });

  it("is all of one that came in several pieces", () => {
    const incoming = new IncomingMessage(new Socket());
    incoming.headers = { "content-length": "5" };
    incoming.complete = true;
    // As node's parser gives it when the socket was read several times.
    for (const piece of ["a", "bc", "de"]) incoming.push(Buffer.from(piece));
    incoming.push(null);
    expect(bodyAtHand(incoming, 5)?.toString()).to.equal("abcde");
    expect([incoming.readableEnded, incoming.readableLength]).to.deep.equal([true, 0]);
  });

  it("is undefined for what is still to come, in chunks, or coded", async () => {
    for (const [fields, body] of [
      ["Content-Length: 4\r\n", "abc"],
      ["Transfer-Encoding: chunked\r\n", "0\r\n\r\n"],
      ["Content-Encoding: gzip\r\nContent-Length: 3\r\n", "abc"],
    ] as const) {
      taken = "nothing asked";
      const client = new RawClient(port).send(`${open}${fields}\r\n${body}`);
      await client.until(/ok$/);
      client.close();
      expect(taken).to.equal(undefined);
    }
  });

  it("is undefined for what somebody else listens to, who gets it as ever", async () => {
    let seen = "";
    const watch = (event: unknown): void => {
      (event as { request: IncomingMessage }).request.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    };
    subscribe("http.server.request.start", watch);
    const client = new RawClient(port).send(`${open}Content-Length: 3\r\n\r\nabc`);
    await client.until(/ok$/);
    client.close();
    unsubscribe("http.server.request.start", watch);
    expect([taken, seen]).to.deep.equal([undefined, "abc"]);
  });

  it("is undefined for one whose client is to be told to send it, though it has not waited", async () => {
    const client = new RawClient(port).send(`${open}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`);
    await client.until(/ok$/);
    client.close();
    expect(taken).to.equal(undefined);
  });

  it("is refused above the limit, and the connection goes on, for all of it was read", async () => {
    const body = "a".repeat(limit + 1);
    const answers = await new RawClient(port).send(`${open}Content-Length: ${body.length}\r\n\r\n${body}${next}`).end();
    expect(answers).to.match(/ok[^]*next$/);
    expect(taken).to.be.instanceOf(HTTPError).with.property("status", 413);
  });
});

describe("a body that nobody reads", () => {
  let transport: HTTPTransport;
  let port: number;

  beforeEach(async () => {
    transport = new HTTPTransport(
      (_message, response, host) => {
        void new ResponseWriter(response, host).finish("ok");
      },
      httpSettings({ drainLinger: 0, bodyLimit: 1_000 }),
    );
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  });

  afterEach(async () => {
    await transport.drain();
  });

  const next = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

  it("is drained when its length is within the limit, and the connection goes on", async () => {
    const client = new RawClient(port).send(
      `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${"a".repeat(1_000)}`,
    );
    expect(await client.send(next).end()).to.match(/200 OK[^]*keep-alive[^]*ok[^]*200 OK[^]*close[^]*ok$/);
  });

  for (const [name, fields, body] of [
    ["is longer", "Content-Length: 1001\r\n", "a".repeat(1_001)],
    ["has no announced length", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"],
  ] as const) {
    it(`closes the connection when it ${name}, and runs nothing behind it`, async () => {
      const client = new RawClient(port).send(`DELETE / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body.slice(0, -1)}`);
      await client.until(/ok$/);
      const text = await client.send(body.slice(-1)).send(next).end();
      expect(text.match(/HTTP\/1\.1 /g)).to.have.length(1);
      expect(parseAnswer(text)).to.deep.include({ status: 200, body: "ok" });
      expect(parseAnswer(text).headers["connection"]).to.equal("close");
    });
  }

  it("is nobody's matter when all of it was read with its head: the connection goes on", async () => {
    const client = new RawClient(port).send(
      `DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n${"a".repeat(1_001)}${next}`,
    );
    expect(await client.end()).to.match(/keep-alive[^]*ok[^]*close[^]*ok$/);
  });
});

/** A chunked gzip body with this many bytes of stored blocks that hold nothing. */
function emptyBlocks(length: number): Buffer {
  const block = Buffer.from([0, 0, 0, 0xff, 0xff]);
  const body = Buffer.concat([gzipSync("").subarray(0, 10), Buffer.alloc(length, block)]);
  const size = `${body.length.toString(16)}\r\n`;
  const fields = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
  return Buffer.concat([Buffer.from(head + fields + size), body, Buffer.from("\r\n0\r\n\r\n")]);
}

/** The same bytes with another checksum. */
function damaged(gzip: Buffer): Buffer {
  gzip.writeUInt32LE(0, gzip.length - 8);
  return gzip;
}
