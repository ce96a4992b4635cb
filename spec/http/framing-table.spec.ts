import { STATUS_CODES } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { readBody } from "#src/http/body.js";
import { httpSettings } from "#src/http/limits.js";
import { ResponseWriter } from "#src/http/response.js";
import { HTTPTransport } from "#src/http/server.js";
import { logged } from "../support/log.js";
import { RawClient, parseAnswer } from "../support/raw-client.js";
import { until } from "../support/until.js";

/**
 * What framing and smuggling come down to: each row is sent byte by byte as it stands here, and must be answered with its
 * status, with one line in the log at most, without a word of how the server is made, and without executing anything that
 * stands behind it. Then another connection must be served. `spec/http/gate.spec.ts` has what the gate itself refuses.
 */

const hello = "5\r\nhello\r\n0\r\n\r\n";
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const get = (fields = "", path = "/p"): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string, body = ""): string => `POST /p HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const chunked = (body: string): string => post("Transfer-Encoding: chunked\r\n", body);
const sized = (size: string): string => chunked(`${size}\r\nhello\r\n0\r\n\r\n`);
const line = (text: string): string => `${text}\r\nHost: a\r\n\r\n`;

type Row = readonly [what: string, bytes: string, status: number];

/** Transfer codings in disguise: whoever takes one for chunked and whoever does not see two different requests. */
const codings: Row[] = [
  [
    "chunked and a length",
    post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", `5c\r\n${smuggled}0\r\n\r\n`),
    400,
  ],
  ["a length and chunked", post("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", `0\r\n\r\n${smuggled}`), 400],
  ["a vertical tab before chunked", post("Transfer-Encoding: \x0bchunked\r\n", hello), 400],
  ["a form feed before chunked", post("Transfer-Encoding: \x0cchunked\r\n", hello), 400],
  ["a NUL before chunked", post("Transfer-Encoding: \0chunked\r\n", hello), 400],
  ["a tab behind chunked", post("Transfer-Encoding: chunked\t\r\n", hello), 400],
  ["chunked in quotes", post('Transfer-Encoding: "chunked"\r\n', hello), 501],
  ["chunked with a parameter", post("Transfer-Encoding: chunked;x=y\r\n", hello), 501],
  ["chunked behind a comma", post("Transfer-Encoding: ,chunked\r\n", hello), 501],
  ["chunked before a comma", post("Transfer-Encoding: chunked,\r\n", hello), 400],
  ["chunked on a folded line", post("Transfer-Encoding:\r\n chunked\r\n", hello), 400],
  ["a space before the colon", post("Transfer-Encoding : chunked\r\n", hello), 400],
  ["chunked behind a bare line feed", post("X: y\nTransfer-Encoding: chunked\r\n", hello), 400],
  ["chunked behind a bare carriage return", post("X: y\rTransfer-Encoding: chunked\r\n", hello), 400],
  ["chunked and identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", hello), 400],
  ["identity and chunked", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", hello), 501],
];

const lengths: Row[] = [
  ...["-0", "0x5", "5_0", "5 5", "5, 10", "1e1", "5.0", "99999999999999999999", "٥"].map((length): Row => [
    `a length of ${length}`,
    post(`Content-Length: ${length}\r\n`, "hello"),
    400,
  ]),
  ["a length of 2^53 + 1", post("Content-Length: 9007199254740993\r\n"), 413],
];

const chunks: Row[] = [
  ...["+5", "0x5", "-1", "FFFFFFFFFFFFFFFFF", " 5", "5 ", "5,", "", "5;", "5 ;x", "5;a\0", "5;a\rb", "5;a\nb"].map(
    (size): Row => [`a chunk size of ${JSON.stringify(size)}`, sized(size), 400],
  ),
  ["a chunk size that ends in a line feed", chunked("5\nhello\r\n0\r\n\r\n"), 400],
  ["chunk data without a line end", chunked("5\r\nhello0\r\n\r\n"), 400],
  ["chunk data that ends in a line feed", chunked("5\r\nhello\n0\r\n\r\n"), 400],
  ["chunk data that is longer than its size", chunked("5\r\nhello, you\r\n0\r\n\r\n"), 400],
  ["a chunk extension of 64 KiB", sized(`5;${"x".repeat(65_536)}`), 413],
  ["chunk extensions of 500 KiB together", chunked(`${`1;${"x".repeat(1_000)}\r\na\r\n`.repeat(500)}0\r\n\r\n`), 413],
  ["a length in the trailers", chunked("0\r\nContent-Length: 7\r\n\r\n"), 400],
  ["a transfer coding in the trailers", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400],
  ["trailers of 30 KiB", chunked(`0\r\nX: ${"y".repeat(30_000)}\r\n\r\n`), 431],
];

const controls = [...Array.from({ length: 32 }, (_, code) => code), 127].filter((code) => ![9, 10, 13].includes(code));

const fields: Row[] = [
  ["a bare carriage return", get("X: y\rz\r\n"), 400],
  ["two carriage returns", get("X: y\r\r\n"), 400],
  ["a name that is empty", get(": y\r\n"), 400],
  ["a name with a bracket", get("X[: y\r\n"), 400],
  ["a name beyond ASCII", get("X\xe9: y\r\n"), 400],
  ["a first line that begins with a space", "GET /p HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n", 400],
  ...controls.map((code): Row => [`character ${code} in a value`, get(`X: y${String.fromCharCode(code)}z\r\n`), 400]),
  ["expectations beside 100-continue", post("Expect: 100-continue, x\r\nContent-Length: 5\r\n", "hello"), 417],
  ["100-continue twice", post("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n", "hello"), 417],
];

const lines: Row[] = [
  ["a method in lower case", line("get /p HTTP/1.1"), 501],
  ["a tab behind the method", line("GET\t/p HTTP/1.1"), 501],
  ["a space in the target", line("GET /p q HTTP/1.1"), 400],
  ["a control character in the target", line("GET /p\x01 HTTP/1.1"), 400],
  ["a byte beyond ASCII in the target", line("GET /p\xff HTTP/1.1"), 400],
  ["version 1.10", line("GET /p HTTP/1.10"), 400],
  ["version 11", line("GET /p HTTP/11"), 505],
  ["a protocol in lower case", line("GET /p http/1.1"), 400],
  ["a space behind the version", line("GET /p HTTP/1.1 "), 400],
  ["an https target without TLS", line("GET https://a/p HTTP/1.1"), 421],
  ["CONNECT with a body behind it", `CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`, 501],
];

/** What is odd and yet clear: it is served, once. */
const accepted: readonly (readonly [what: string, bytes: string, answer: string])[] = [
  ["chunked in any case", post("Transfer-Encoding: cHuNkEd\r\n", hello), "POST /p a hello"],
  ["white space around chunked", post("Transfer-Encoding: \t chunked  \r\n", hello), "POST /p a hello"],
  ["white space around a length", post("Content-Length:   5  \r\n", "hello"), "POST /p a hello"],
  ["leading zeros of a chunk size", sized("0000000005"), "POST /p a hello"],
  ["chunk extensions", sized('5;a=b;c="d"'), "POST /p a hello"],
  ["trailers, which are dropped", chunked("5\r\nhello\r\n0\r\nHost: b\r\nX-Y: z\r\n\r\n"), "POST /p a hello"],
  ["empty lines before the request", `\r\n\r\n${get()}`, "GET /p a "],
  ["bytes of Latin-1 in a value", get("X: \xe9\r\n"), "GET /p a "],
  ["a body of GET, whole", `${get(`Content-Length: ${smuggled.length}\r\n`)}${smuggled}`, `GET /p a ${smuggled}`],
  [
    "an expectation in HTTP/1.0",
    "POST /p HTTP/1.0\r\nHost: a\r\nExpect: x\r\nContent-Length: 2\r\n\r\nhi",
    "POST /p a hi",
  ],
  [
    "an offer of HTTP/2",
    get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"),
    "GET /p a ",
  ],
];

const signs = /node|llhttp|HPE_|\.[jt]s\b|\bat |waterspout|v?\d+\.\d+\.\d+|\/work|secret/i;

describe("the framing of requests", () => {
  let transport: HTTPTransport;
  let port: number;
  let served: string[];

  /** Answers with method, target, `Host` and body; `/smuggled` must never come here. */
  before(async () => {
    transport = new HTTPTransport(
      (message, response, host) => {
        const writer = new ResponseWriter(response, host);
        served.push(`${message.method} ${message.url}`);
        readBody(message, { limit: 1_000 }).then(
          (body) =>
            writer.finish(`${message.method} ${message.url} ${message.headers.host} ${body.toString("latin1")}`),
          (error: Error) => {
            if (!(error instanceof HTTPError)) return undefined;
            writer.setStatus(error.status);
            return writer.finish();
          },
        );
      },
      httpSettings({
        drainLinger: 0,
        closeLinger: 50,
        headersTimeout: 300,
        requestTimeout: 300,
        connectionsCheckingInterval: 20,
      }),
    );
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  });

  beforeEach(() => {
    served = [];
  });

  after(async () => {
    transport.closeAllConnections();
    await transport.drain();
  });

  async function othersAreServed(): Promise<void> {
    const client = new RawClient(port).send(get("Connection: close\r\n", "/other"));
    expect(parseAnswer(await client.end())).to.include({ status: 200, body: "GET /other a " });
  }

  for (const [group, rows] of Object.entries({ codings, lengths, chunks, fields, lines })) {
    describe(group, () => {
      for (const [what, bytes, status] of rows) {
        it(`${what}: ${status}`, async () => {
          const client = new RawClient(port);
          // What follows must never be executed, whatever the server takes for the end of the row.
          const text = await client.send(bytes).send(smuggled).end();
          client.close();
          const answer = parseAnswer(text);
          expect(answer.status, text).to.equal(status);
          expect(text.match(/HTTP\/1\.1 /g)).to.have.length(1);
          expect(answer.headers["connection"]).to.equal("close");
          expect(answer.statusLine).to.equal(`HTTP/1.1 ${status} ${STATUS_CODES[status]}`);
          expect(text).not.to.match(signs);
          expect(served.filter((request) => request !== "POST /p")).to.deep.equal([]);
          expect(logged().length).to.be.at.most(1);
          await othersAreServed();
        });
      }
    });
  }

  describe("what is odd and clear", () => {
    for (const [what, bytes, body] of accepted) {
      it(`${what}: 200`, async () => {
        const client = new RawClient(port).send(bytes);
        await client.until(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n(?:GET|POST)/);
        // The connection is in step: what follows is the next request, and nothing else is.
        await client.send(get("Connection: close\r\n", "/next")).until(/GET \/next a |HTTP\/1\.0|Connection: close/);
        client.close();
        expect(parseAnswer(client.received).body.startsWith(body), client.received).to.equal(true);
        expect(served[0]).to.equal(body.split(" ").slice(0, 2).join(" "));
        expect(served).to.not.include("GET /smuggled");
        expect(logged()).to.deep.equal([]);
      });
    }
  });

  it("does not execute what stands behind an expectation that is refused", async () => {
    const client = new RawClient(port);
    const refused = post("Expect: x\r\nContent-Length: 0\r\n");
    expect(await client.send(refused + smuggled).end()).to.match(/^HTTP\/1\.1 417 [^]*417 Expectation Failed\n$/);
    expect(served).to.deep.equal([]);
  });

  it("does not reflect what TRACE and CONNECT send", async () => {
    for (const request of ["TRACE /p HTTP/1.1", "CONNECT secret:443 HTTP/1.1"]) {
      const client = new RawClient(port).send(`${request}\r\nHost: a\r\nCookie: secret\r\n\r\n`);
      expect(await client.end()).to.not.match(/secret/);
    }
  });

  it("sends no 1xx to HTTP/1.0", async () => {
    const request = "POST /p HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";
    expect(await new RawClient(port).send(request).end()).to.match(/^HTTP\/1\.1 200 /);
  });

  it("answers HEAD with the headers of GET and nothing else", async () => {
    const ask = async (method: string): Promise<ReturnType<typeof parseAnswer>> => {
      const request = `${method} /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      return parseAnswer(await new RawClient(port).send(request).end());
    };
    const [head, whole] = [await ask("HEAD"), await ask("GET")];
    expect(head).to.include({ status: 200, body: "" });
    expect(head.headers).to.have.all.keys(Object.keys(whole.headers));
    // The answer names the method, which is longer by one.
    expect(Number(head.headers["content-length"])).to.equal(whole.body.length + 1);
  });

  it("sends the whole answer to a client that closes its side behind the request", async () => {
    const client = new RawClient(port, { allowHalfOpen: true });
    client.send(get());
    client.socket.end();
    expect(await client.end()).to.match(/200 OK[^]*GET \/p a $/);
  });

  describe("a connection that breaks", () => {
    const places: readonly (readonly [where: string, bytes: string])[] = [
      ["before a byte", ""],
      ["in the request line", "GET /p"],
      ["in the headers", "GET /p HTTP/1.1\r\nHost: a\r\nX"],
      ["in a body with a length", post("Content-Length: 10\r\n", "hello")],
      ["in a chunk size", chunked("5")],
      ["in a chunk", chunked("5\r\nhe")],
      ["between chunks", chunked("5\r\nhello\r\n")],
      ["in the trailers", chunked("5\r\nhello\r\n0\r\nX: y")],
    ];
    for (const [where, bytes] of places) {
      for (const how of ["FIN", "RST"] as const) {
        it(`${where}, by ${how}, is never taken for a whole request and leaves no line but one`, async () => {
          const open = transport.connections;
          const client = await new RawClient(port).connected();
          client.send(bytes);
          if (bytes !== "") await until(() => transport.connections > open);
          for (let i = 0; i < 10; i++) await turn();
          if (how === "FIN") client.socket.end();
          else client.socket.resetAndDestroy();
          await until(() => transport.connections === open);
          client.close();
          expect(client.received).to.not.match(/ 200 /);
          expect(served.length).to.equal(bytes.startsWith("POST") ? 1 : 0);
          expect(logged().length).to.be.at.most(1);
          await othersAreServed();
        });
      }
    }
  });
});
