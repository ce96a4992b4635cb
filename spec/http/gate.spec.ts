import { expect } from "chai";
import { refusalOf } from "#src/http/gate.js";
import { httpSettings } from "#src/http/limits.js";
import { HTTPTransport } from "#src/http/server.js";
import { CapturedLog } from "../support/captured-log.js";
import { exchange } from "../support/raw-client.js";

const settings = httpSettings();

describe("refusalOf", () => {
  it("lets an ordinary request through", () => {
    expect(refusalOf("GET", "/", "1.1", ["Host", "a", "Accept", "*/*"], settings)).to.equal(undefined);
  });

  it("counts fields and bytes, the limits included", () => {
    const fields = (count: number): string[] => ["Host", "a", ...Array.from({ length: 2 * (count - 1) }, () => "x")];
    expect(refusalOf("GET", "/", "1.1", fields(100), settings)).to.equal(undefined);
    expect(refusalOf("GET", "/", "1.1", fields(101), settings)?.status).to.equal(431);
    const big = (bytes: number): string[] => ["Host", "a", "X", "y".repeat(bytes - "Host: a\r\nX: \r\n".length)];
    expect(refusalOf("GET", "/", "1.1", big(16_384), settings)).to.equal(undefined);
    expect(refusalOf("GET", "/", "1.1", big(16_385), settings)?.status).to.equal(431);
  });

  it("counts the request line, the limit included", () => {
    const target = (line: number): string => `/${"a".repeat(line - "GET / HTTP/1.1".length)}`;
    expect(refusalOf("GET", target(8_192), "1.1", ["Host", "a"], settings)).to.equal(undefined);
    expect(refusalOf("GET", target(8_193), "1.1", ["Host", "a"], settings)?.status).to.equal(414);
  });

  it("names the reason", () => {
    expect(refusalOf("GET", "/", "1.1", [], settings)?.reason).to.equal("no Host");
  });
});

const get = (fields: string): string => `GET /p HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`;
const post = (fields: string, body = ""): string =>
  `POST /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n${body}`;
const from = (line: string): string => `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`;

/** What is sent, and the status that must come back; 200 is given by a callback that answers everything. */
const rows: [name: string, bytes: string, status: number][] = [
  ["one Host", get("Host: a.example:80\r\n"), 200],
  ["a Host in another case", get("hOsT: a\r\n"), 200],
  ["no Host", get(""), 400],
  ["no Host in HTTP/1.0", "GET /p HTTP/1.0\r\n\r\n", 200],
  ["a malformed Host in HTTP/1.0", "GET /p HTTP/1.0\r\nHost: a/b\r\n\r\n", 400],
  ["two Hosts", get("Host: a\r\nHost: b\r\n"), 400],
  ["the same Host twice", get("Host: a\r\nhost: a\r\n"), 400],
  ["an empty Host", get("Host:\r\n"), 400],
  ["a list of Hosts", get("Host: a, b\r\n"), 400],
  ["a Host with userinfo", get("Host: u@a\r\n"), 400],
  ["a Host with a path", get("Host: a/b\r\n"), 400],
  ["a Host with a port out of range", get("Host: a:99999\r\n"), 400],
  ["a Host with a port that is no number", get("Host: a:8x\r\n"), 400],
  ["an unclosed bracket in Host", get("Host: [::1\r\n"), 400],
  ["a control character in Host", get("Host: a\x01b\r\n"), 400],
  ["two Content-Types", post("Content-Type: a/b\r\nContent-Type: a/c\r\nContent-Length: 0\r\n"), 400],
  ["two Authorizations", get("Host: a\r\nAuthorization: Basic YQ==\r\nauthorization: Basic Yg==\r\n"), 400],
  ["Content-Length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400],
  ["two Content-Lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "a"), 400],
  ["the same Content-Length twice", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400],
  ["a list in Content-Length", post("Content-Length: 1, 1\r\n", "a"), 400],
  ["a sign in Content-Length", post("Content-Length: +1\r\n", "a"), 400],
  ["a leading zero in Content-Length", post("Content-Length: 01\r\n", "a"), 400],
  ["an empty Content-Length", post("Content-Length:\r\n"), 400],
  ["an empty Transfer-Encoding", post("Transfer-Encoding:\r\nContent-Length: 1\r\n", "a"), 400],
  ["chunked", post("Transfer-Encoding: Chunked\r\n", "1\r\na\r\n0\r\n\r\n"), 200],
  ["gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "1\r\na\r\n0\r\n\r\n"), 501],
  ["chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n", "1\r\na\r\n0\r\n\r\n"), 400],
  ["chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400],
  ["xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501],
  ["identity", post("Transfer-Encoding: identity\r\n"), 501],
  ["chunked in HTTP/1.0", "POST /p HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["Content_Length", post("Content_Length: 5\r\n"), 400],
  ["Transfer_Encoding", post("transfer_encoding: chunked\r\n"), 400],
  ["another name with an underscore", get("Host: a\r\nmy_header: b\r\n"), 200],
  ["HTTP/2.0", from("GET /p HTTP/2.0"), 505],
  ["HTTP/1.2", from("GET /p HTTP/1.2"), 505],
  ["HTTP/0.9", from("GET /p HTTP/0.9"), 505],
  ["no version", "GET /p\r\n\r\n", 505],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ["GET *", from("GET * HTTP/1.1"), 400],
  ["OPTIONS *", from("OPTIONS * HTTP/1.1"), 204],
  ["CONNECT", from("CONNECT a:443 HTTP/1.1"), 501],
  ["TRACE", from("TRACE /p HTTP/1.1"), 501],
  ["an unknown method", from("BREW /p HTTP/1.1"), 501],
  ["absolute-form", from("GET http://b.example/p HTTP/1.1"), 200],
  ["absolute-form with userinfo", from("GET http://u@b/p HTTP/1.1"), 400],
  ["absolute-form without a host", from("GET http:///p HTTP/1.1"), 400],
  ["another scheme", from("GET ftp://b/p HTTP/1.1"), 400],
  ["a fragment", from("GET /p#x HTTP/1.1"), 400],
  ["a target without a slash", from("GET p HTTP/1.1"), 400],
  ["a request line above the limit", from(`GET /${"a".repeat(9_000)} HTTP/1.1`), 414],
  ["a request line above all limits", from(`GET /${"a".repeat(40_000)} HTTP/1.1`), 414],
  ["header fields above the limit", get(`Host: a\r\nX: ${"y".repeat(17_000)}\r\n`), 431],
  ["header fields above all limits", get(`Host: a\r\nX: ${"y".repeat(40_000)}\r\n`), 431],
  ["100 fields", get(`Host: a\r\n${"X: y\r\n".repeat(98)}`), 200],
  ["101 fields", get(`Host: a\r\n${"X: y\r\n".repeat(99)}`), 431],
  ["1,000 fields", get(`Host: a\r\n${"X: y\r\n".repeat(1_000)}`), 431],
  ["a name with a space before the colon", get("Host : a\r\n"), 400],
  ["a folded value", get("Host: a\r\nX: b\r\n c\r\n"), 400],
  ["a bare line feed", "GET /p HTTP/1.1\nHost: a\n\n", 400],
  ["a NUL in a value", get("Host: a\r\nX: \0\r\n"), 400],
  ["a line without a colon", get("Host: a\r\nabc\r\n"), 400],
  ["an unknown expectation", post("Expect: 200-ok\r\nContent-Length: 1\r\n", "a"), 417],
  ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 501],
  ["garbage", "\x00\x01\x02\x03\r\n\r\n", 501],
];

describe("HTTPTransport's gate", () => {
  let transport: HTTPTransport;
  let port: number;
  let log: CapturedLog;
  let served: string[];

  before(async () => {
    transport = new HTTPTransport(
      (message, response) => {
        served.push(message.url ?? "");
        response.end("ok");
      },
      httpSettings({ drainLinger: 0 }),
    );
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  });

  beforeEach(() => {
    served = [];
    log = new CapturedLog();
  });

  afterEach(() => log.restore());

  after(() => transport.drain());

  for (const [name, bytes, status] of rows) {
    it(`answers ${name} with ${status}`, async () => {
      const answer = await exchange(port, bytes);
      expect(answer.status).to.equal(status);
      expect(answer.headers["connection"]).to.equal("close");
      expect(served).to.have.length(status === 200 ? 1 : 0);
      expect(log.lines).to.have.length(status < 300 ? 0 : 1);
      if (status >= 300) expect(answer.headers["content-length"]).to.equal(String(answer.body.length));
    });
  }

  it("answers a refused request with its status and nothing else", async () => {
    const answer = await exchange(port, get("Host: a/b\r\n"));
    expect(answer.body).to.equal("400 Bad Request\n");
    expect(answer.headers).to.have.all.keys("connection", "content-type", "content-length", "date");
    expect(log.lines[0]).to.match(/ general\] 400 GET \/p \(127\.0\.0\.1\): malformed Host$/);
  });

  it("answers what cannot be parsed in the same way", async () => {
    const answer = await exchange(port, from("BREW /p HTTP/1.1"));
    expect(answer.body).to.equal("501 Not Implemented\n");
    expect(log.lines[0]).to.match(/501 unparsed request \(127\.0\.0\.1\): HPE_INVALID_METHOD$/);
  });

  it("sends no body in answer to a refused HEAD", async () => {
    const answer = await exchange(port, "HEAD /p HTTP/1.1\r\n\r\n");
    expect(answer).to.include({ status: 400, body: "" });
  });

  it("names the methods in the answer to OPTIONS *", async () => {
    const answer = await exchange(port, from("OPTIONS * HTTP/1.1"));
    expect(answer.headers["allow"]).to.include("GET, HEAD, POST");
  });

  it("executes nothing that stands behind a refused request", async () => {
    const answer = await exchange(port, `GET /first HTTP/1.1\r\n\r\n${get("Host: a\r\n")}`);
    expect(answer.status).to.equal(400);
    expect(served).to.deep.equal([]);
  });

  it("does not let a target fill the log or forge a line", async () => {
    await exchange(port, get(`Host: a/b\r\n`).replace("/p", `/${"p".repeat(5_000)}`));
    expect(log.lines[0]).to.have.length.below(350);
  });
});
