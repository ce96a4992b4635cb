import { STATUS_CODES } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { HTTPError } from "#src/errors.js";
import { readBody } from "#src/http/body.js";
import { httpSettings } from "#src/http/limits.js";
import { ResponseWriter } from "#src/http/response.js";
import { HTTPTransport } from "#src/http/server.js";
import { accepted, chunked, framingRows, get, post, smuggled } from "../faults/framing-rows.js";
import { logged } from "../support/log.js";
import { RawClient, parseAnswer } from "../support/raw-client.js";
import { until } from "../support/until.js";

/**
 * What framing and smuggling come down to: each row is sent byte by byte as it stands here, and must be answered with its
 * status, with one line in the log at most, without a word of how the server is made, and without executing anything that
 * stands behind it. Then another connection must be served. `spec/http/gate.spec.ts` has what the gate itself refuses.
 */

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

  for (const [group, rows] of Object.entries(framingRows)) {
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
