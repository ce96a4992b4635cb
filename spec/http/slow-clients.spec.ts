import { expect } from "chai";
import { readBody } from "#src/http/body.js";
import { ClientClosedError, HTTPError } from "#src/errors.js";
import { httpSettings } from "#src/http/limits.js";
import { ResponseWriter } from "#src/http/response.js";
import { HTTPTransport } from "#src/http/server.js";
import { logged } from "../support/log.js";
import { RawClient, parseAnswer } from "../support/raw-client.js";
import { until } from "../support/until.js";

/** Many clients that are slow on purpose, against short timeouts: all are cut, and whoever is not slow is served meanwhile. */
describe("slow clients", () => {
  const many = 200;
  const large = Buffer.alloc(32 * 1024 * 1024);
  let transport: HTTPTransport;
  let port: number;
  let clients: RawClient[];

  beforeEach(async () => {
    clients = [];
    transport = new HTTPTransport(
      (message, response, host) => {
        const writer = new ResponseWriter(response, host);
        // To hash so much for each would hold the others up.
        if (message.url === "/large") writer.tagger = undefined;
        if (message.url === "/large") return void writer.finish(large);
        readBody(message, { limit: 1_000 }).then(
          () => writer.finish("ok"),
          (error: Error) => {
            if (error instanceof ClientClosedError) return undefined;
            writer.setStatus((error as HTTPError).status);
            return writer.finish();
          },
        );
        return undefined;
      },
      httpSettings({
        drainLinger: 0,
        closeLinger: 50,
        // A client that a busy machine keeps from its first byte for so long would be closed without a word.
        headersTimeout: 1_000,
        requestTimeout: 1_000,
        sendTimeout: 200,
        connectionsCheckingInterval: 50,
      }),
    );
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    transport.closeAllConnections();
    await transport.drain();
  });

  /** Connections that all send the same and nothing more. */
  function crowd(bytes: string, size = many): RawClient[] {
    const crowded = Array.from({ length: size }, () => new RawClient(port).send(bytes));
    clients.push(...crowded);
    return crowded;
  }

  async function othersAreServed(): Promise<void> {
    const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    expect(parseAnswer(await new RawClient(port).send(request).end())).to.include({ status: 200, body: "ok" });
  }

  for (const [what, bytes] of [
    ["headers that never end", "GET / HTTP/1.1\r\nHost: a\r\nX: y"],
    ["a body that never ends", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx"],
    ["a chunk that never ends", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx"],
  ] as const) {
    it(`with ${what} get 408, each with one line in the log at most`, async () => {
      const slow = crowd(bytes);
      await othersAreServed();
      for (const client of slow) expect(parseAnswer(await client.end()).status).to.equal(408);
      expect(logged().length).to.be.at.most(many);
      await othersAreServed();
    });
  }

  it("that send nothing at all are closed without a word", async () => {
    const silent = crowd("");
    await othersAreServed();
    for (const client of silent) expect(await client.end()).to.equal("");
    expect(logged()).to.deep.equal([]);
  });

  it("that stop reading are cut, with one line in the log each", async () => {
    const stalled = crowd("", 5);
    for (const client of stalled) {
      client.socket.pause();
      client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    await othersAreServed();
    const cut = (): number => logged().filter((line) => line.includes("has stopped taking the answer")).length;
    await until(() => cut() === stalled.length, 30_000);
    expect(logged()).to.have.length(stalled.length);
    await until(() => transport.connections === 0);
    await othersAreServed();
  });
});
