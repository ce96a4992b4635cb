import { once } from "node:events";
import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGzip, gunzipSync } from "node:zlib";
import { expect } from "chai";
import { ClientClosedError } from "#src/errors.js";
import { BodyCoder } from "#src/http/body-coder.js";
import { RawClient } from "../support/raw-client.js";
import { until } from "../support/until.js";

describe("BodyCoder", () => {
  let server: Server;
  let client: RawClient;
  let response: ServerResponse;
  let told: number;

  beforeEach(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    client = new RawClient((server.address() as AddressInfo).port);
    client.send("GET / HTTP/1.0\r\n\r\n");
    [, response] = (await once(server, "request")) as [unknown, ServerResponse];
    told = 0;
  });

  afterEach(() => {
    client.close();
    server.close();
  });

  const made = (): { gzip: ReturnType<typeof createGzip>; coder: BodyCoder } => {
    const gzip = createGzip({ level: 0 });
    return { gzip, coder: new BodyCoder(gzip, response, () => told++) };
  };

  it("sends what was written so that it can be decoded, and ends the answer", async () => {
    const { coder } = made();
    await coder.write("one ");
    await coder.write("");
    coder.end("two");
    const text = await client.end();
    expect(gunzipSync(Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1")).toString()).to.equal("one two");
  });

  it("waits for a client that does not read, says so, and goes on when it does", async () => {
    const { gzip, coder } = made();
    client.socket.pause();
    const block = Buffer.alloc(1_000_000);
    const writing = (async () => {
      for (let count = 0; count < 60; count++) await coder.write(block);
      coder.end("");
    })();
    await until(() => gzip.isPaused());
    expect(told).to.be.above(0);
    client.socket.resume();
    await writing;
    expect((await client.end()).length).to.be.above(60_000_000);
  });

  it("rejects what waits, and what comes, when the client leaves; nothing of zlib's is left", async () => {
    const { gzip, coder } = made();
    client.socket.pause();
    const waiting = (async () => {
      for (;;) await coder.write(Buffer.alloc(1_000_000));
    })().catch((error: unknown) => error);
    await until(() => gzip.isPaused());
    client.socket.resetAndDestroy();
    expect(await waiting).to.be.instanceOf(ClientClosedError);
    expect(await coder.write("late").catch((error: unknown) => error)).to.be.instanceOf(ClientClosedError);
    await until(() => gzip.destroyed);
  });

  it("cuts the connection when zlib fails, so that the answer does not look whole", async () => {
    const { gzip, coder } = made();
    await coder.write("one");
    gzip.destroy(new Error("out of memory"));
    await client.end();
    expect(response.writableFinished && response.writableEnded).to.equal(false);
  });
});
