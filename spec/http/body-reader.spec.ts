import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { ClientClosedError, Finish, HTTPError } from "#src/errors.js";
import { type BodyLimits, type BodySink, rejectBody, takeOverTimeout } from "#src/http/body-reader.js";
import { consumeBody } from "#src/http/body.js";
import { httpSettings } from "#src/http/limits.js";
import { ResponseWriter } from "#src/http/response.js";
import { HTTPTransport } from "#src/http/server.js";
import { logged } from "../support/log.js";
import { RawClient } from "../support/raw-client.js";
import { until } from "../support/until.js";

const megabyte = 1024 * 1024;
const head = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const next = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

describe("BodyReader", () => {
  let transport: HTTPTransport;
  let client: RawClient;
  /** Of the first request. */
  let message: IncomingMessage;

  afterEach(async () => {
    client.close();
    transport.closeAllConnections();
    await transport.drain();
  });

  /** Serves by `work`, whose result or error's name is the answer. */
  async function start(
    work: (message: IncomingMessage, writer: ResponseWriter) => Promise<unknown>,
    settings: Parameters<typeof httpSettings>[0] = {},
  ): Promise<void> {
    transport = new HTTPTransport(
      (incoming, response, host) => {
        message ??= incoming;
        const writer = new ResponseWriter(response, host);
        if (incoming.url === "/next") return void writer.finish("next");
        const answer = (text: string): void => {
          if (!writer.finished && !writer.clientGone) void writer.finish(text);
        };
        return void work(incoming, writer).then(
          (result) => answer(`ok ${String(result)}`),
          (error: Error) => answer(`${error.name} ${error.message}`),
        );
      },
      httpSettings({ drainLinger: 0, closeLinger: 100, ...settings }),
    );
    const { port } = await transport.listen({ port: 0, host: "127.0.0.1" });
    client = await new RawClient(port).connected();
  }

  const read =
    (limits: BodyLimits, sink: BodySink) =>
    (incoming: IncomingMessage): Promise<void> =>
      consumeBody(incoming, limits, sink);

  beforeEach(() => {
    message = undefined as unknown as IncomingMessage;
  });

  it("holds the client back while the sink is busy, and loses nothing", async () => {
    const body = Buffer.alloc(24 * megabyte, "a");
    let release: (() => void) | undefined;
    let held: (() => void) | undefined;
    const holding = new Promise<void>((resolve) => (held = resolve));
    let size = 0;
    const sink = (chunk: Buffer): Promise<void> | undefined => {
      size += chunk.length;
      if (release !== undefined) return undefined;
      held?.();
      return new Promise((resolve) => (release = resolve));
    };
    await start(async (incoming) => {
      await consumeBody(incoming, { limit: body.length }, sink);
      return size;
    });
    client.send(head(`Content-Length: ${body.length}\r\n`)).send(body);
    await holding;
    // Time enough for all of it to come, if it were let.
    for (let i = 0; i < 2_000; i++) await turn();
    expect(size).to.be.below(megabyte);
    release?.();
    expect(await client.until(/ok \d+/)).to.include(`ok ${body.length}`);
  });

  for (const [how, sink] of [
    [
      "throws",
      () => {
        throw new Error("enough");
      },
    ],
    ["rejects", () => Promise.reject(new Error("enough"))],
  ] as [string, BodySink][]) {
    for (const coding of ["", "Content-Encoding: gzip\r\n"]) {
      it(`ends with the error of a sink that ${how}${coding === "" ? "" : ", of a compressed body too"}`, async () => {
        const body = coding === "" ? Buffer.alloc(10_000) : gzipSync(Buffer.alloc(10_000));
        await start(read({ limit: megabyte }, sink));
        client.send(head(`${coding}Content-Length: ${body.length}\r\n`)).send(body);
        await client.until(/Error enough/);
        expect(await client.send(next).end()).to.match(/next$/);
      });
    }
  }

  it("goes on behind an answer whose sink rejects after it", async () => {
    let reject: ((error: Error) => void) | undefined;
    await start(async (incoming, writer) => {
      const reading = consumeBody(incoming, { limit: megabyte }, () => new Promise((_, fail) => (reject = fail)));
      await until(() => reject !== undefined);
      void writer.finish("early");
      rejectBody(incoming, new Finish());
      reject?.(new Error("late"));
      await reading;
    });
    client.send(head("Content-Length: 100000\r\n")).send(Buffer.alloc(50_000));
    await client.until(/early/);
    expect(await client.send(Buffer.alloc(50_000)).send(next).end()).to.match(/early[^]*next$/);
  });

  it("gives a sink that is busy at the end of the body its time", async () => {
    const sink = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
    await start((incoming) => consumeBody(incoming, { limit: megabyte, timeout: 50 }, sink));
    client.send(`${head("Content-Length: 5\r\n")}hello`);
    expect(await client.until(/ok undefined$/)).to.include("200 OK");
  });

  it("lets the rest of a body flow when the sink says that the request is answered", async () => {
    await start(async (incoming, writer) => {
      await consumeBody(incoming, { limit: megabyte }, () => {
        void writer.finish("early");
        throw new Finish();
      });
    });
    client.send(head("Content-Length: 100000\r\n")).send(Buffer.alloc(50_000));
    await client.until(/early/);
    expect(await client.send(Buffer.alloc(50_000)).send(next).end()).to.match(/early[^]*next$/);
  });

  it("fails when the client leaves while the sink holds what has come", async () => {
    let entered: (() => void) | undefined;
    const entering = new Promise<void>((resolve) => (entered = resolve));
    let outcome: Promise<void> | undefined;
    await start((incoming) => {
      outcome = consumeBody(incoming, { limit: megabyte }, () => {
        entered?.();
        return new Promise(() => {});
      });
      return outcome;
    });
    client.send(head("Content-Length: 6\r\n")).send("hello");
    await entering;
    client.close();
    expect(await outcome?.catch((error: unknown) => error)).to.be.instanceOf(ClientClosedError);
  });

  it("waits for the sink at the end of a body that has come whole before it was read", async () => {
    let release: (() => void) | undefined;
    let ended = false;
    await start((incoming) => {
      incoming.once("end", () => (ended = true));
      return consumeBody(incoming, { limit: megabyte }, () => new Promise((resolve) => (release = resolve))).then(
        () => ended,
      );
    });
    client.send(`${head("Content-Length: 5\r\n")}hello`);
    await until(() => ended && release !== undefined);
    for (let i = 0; i < 20; i++) await turn();
    expect(client.received).to.equal("");
    release?.();
    expect(await client.until(/ok true/)).to.include("ok true");
  });

  it("fails when the client has left before it begins", async () => {
    const outcomes: unknown[] = [];
    await start(async (incoming) => {
      incoming.pause();
      client.close();
      await new Promise((resolve) => incoming.once("close", resolve));
      outcomes.push(await consumeBody(incoming, { limit: megabyte }, () => {}).catch((error: unknown) => error));
    });
    client.send(head("Content-Length: 5\r\n")).send("hello");
    await once(client.socket, "close");
    await until(() => outcomes.length > 0);
    expect(outcomes[0]).to.be.instanceOf(ClientClosedError);
  });

  it("fails with what went wrong before it begins", async () => {
    await start((incoming) => {
      rejectBody(incoming, new HTTPError(400, "a fault"));
      return consumeBody(incoming, { limit: megabyte }, () => {});
    });
    client.send(head("Content-Length: 5\r\n"));
    await client.until(/HTTPError HTTP 400: a fault/);
  });

  describe("the timeout", () => {
    const quick = { headersTimeout: 40, requestTimeout: 40, connectionsCheckingInterval: 10 };

    it("is 408 when the body is not there in time", async () => {
      await start(read({ limit: 10, timeout: 30 }, () => {}));
      client.send(head("Content-Length: 5\r\n"));
      await client.until(/HTTPError HTTP 408: no whole body within 30 ms/);
    });

    it("takes the place of the server's", async () => {
      await start((incoming) => {
        takeOverTimeout(incoming);
        return consumeBody(incoming, { limit: 10, timeout: 0 }, () => {});
      }, quick);
      client.send(head("Content-Length: 5\r\n"));
      // Another connection that comes later runs into the server's timeout: then it is past for this one as well.
      const other = new RawClient(client.socket.remotePort as number).send(head("Content-Length: 5\r\n").slice(0, 20));
      expect(await other.end()).to.match(/408/);
      expect(await client.send("hello").until(/ok/)).to.match(/^HTTP\/1\.1 200/);
      expect(logged().filter((line) => !line.includes("408 unparsed"))).to.deep.equal([]);
      // The next request on the same connection has the server's clock again.
      expect(await client.send("POST / HTTP/1.1\r\nHo").end()).to.match(/408 Request Timeout/);
    });
  });
});
