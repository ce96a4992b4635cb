import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { RequestWatcher } from "#src/context.js";
import { CancelledError, HTTPError } from "#src/errors.js";
import { defaultHTTPSettings } from "#src/http/limits.js";
import { type ForwardedOrigin, HTTPServerRequest } from "#src/http/request.js";
import { Exchange } from "#src/web/exchange.js";
import { RawClient } from "../support/raw-client.js";

/** One request as a server gets it. */
async function exchanged(
  head: string,
  body: (exchange: Exchange, client: RawClient) => void | Promise<void>,
  origin?: ForwardedOrigin,
): Promise<void> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new RawClient((server.address() as AddressInfo).port);
  try {
    client.send(head);
    const [message, response] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
    const [path = "", query = ""] = (message.url ?? "").split("?");
    const request = new HTTPServerRequest(message, { path, query }, origin);
    const host = { settings: defaultHTTPSettings, sending: () => {}, draining: false, onDrain: () => () => {} };
    const exchange = new Exchange(message, response, request, host);
    response.once("close", () => exchange.closed());
    await body(exchange, client);
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
}

const head = (line: string, ...fields: readonly string[]): string =>
  [`${line} HTTP/1.1`, "Host: x", ...fields, "", ""].join("\r\n");

describe("Exchange", () => {
  it("has no signal before somebody asks, and then one that has aborted already if it is late", async () => {
    await exchanged(head("GET /"), (exchange) => {
      const reason = new HTTPError(503);
      exchange.abort(reason);
      exchange.abort(new HTTPError(500));
      expect(exchange.signal.aborted).to.equal(true);
      expect(exchange.signal.reason).to.equal(reason);
      expect(exchange.signal).to.equal(exchange.signal);
    });
  });

  it("tells its watchers why it ends, once, and those no more that have left", async () => {
    await exchanged(head("GET /"), (exchange) => {
      const told: Error[] = [];
      const [watcher, gone] = [1, 2].map(() => ({ requestEnded: (why: Error) => void told.push(why) })) as [
        RequestWatcher,
        RequestWatcher,
      ];
      for (const each of [watcher, gone]) exchange.watch(each);
      exchange.unwatch(gone);
      expect(exchange.ended).to.equal(undefined);
      const reason = new HTTPError(503);
      exchange.abort(reason);
      exchange.abort(new HTTPError(500));
      expect(told).to.deep.equal([reason]);
      expect(exchange.ended).to.equal(reason);
    });
  });

  it("tells once that the client has left", async () => {
    await exchanged(head("GET /"), async (exchange, client) => {
      let told = 0;
      const left = new Promise<void>((resolve) => {
        exchange.onClientClosed = () => {
          told += 1;
          resolve();
        };
      });
      client.close();
      await left;
      exchange.clientLeft();
      expect([told, exchange.outcome]).to.deep.equal([1, "clientClosed"]);
      expect(exchange.signal.reason).to.be.instanceOf(CancelledError);
    });
  });

  it("does not count a client that leaves after the answer", async () => {
    await exchanged(head("GET /"), async (exchange, client) => {
      void exchange.response.finish("x");
      await client.until(/x$/);
      client.close();
      await once(exchange.message.socket, "close");
      expect(exchange.outcome).to.equal("completed");
    });
  });

  it("does not count a client that leaves while the end of its answer is on the way", async () => {
    await exchanged(head("GET /"), async (exchange, client) => {
      client.socket.pause();
      const closed = new Promise((resolve) => exchange.message.socket.once("close", resolve));
      void exchange.response.finish(Buffer.alloc(32 * 1024 * 1024));
      client.close();
      await closed;
      expect([exchange.outcome, exchange.signal.aborted]).to.deep.equal(["completed", false]);
    });
  });

  it("is called what a trusted proxy says when that is sane", async () => {
    const named = head("GET /", "X-Request-Id: a:b/c");
    const taken = ({ requestId }: Exchange): void => void expect(requestId).to.equal("a:b/c");
    await exchanged(named, taken, {});
    const random = (exchange: Exchange): void => {
      expect(exchange.requestId)
        .to.match(/^[0-9a-f-]{36}$/)
        .and.equal(exchange.requestId);
    };
    for (const id of ["a b", "a\u00e9", "x".repeat(129)]) {
      await exchanged(head("GET /", `X-Request-Id: ${id}`), random, {});
    }
    await exchanged(named, random);
  });
});
