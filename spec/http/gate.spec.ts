import { expect } from "chai";
import { refusalOf } from "#src/http/gate.js";
import { httpSettings } from "#src/http/limits.js";
import { HTTPTransport } from "#src/http/server.js";
import { from, gateRows, get } from "../faults/gate-rows.js";
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

  for (const [name, bytes, status] of gateRows) {
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
