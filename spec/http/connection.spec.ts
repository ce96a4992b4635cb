import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Connection, type ConnectionOwner } from "#src/http/connection.js";
import { httpSettings } from "#src/http/limits.js";
import { HTTPTransport } from "#src/http/server.js";
import { RawClient } from "../support/raw-client.js";

/** Notes what it is told. */
class Owner implements ConnectionOwner {
  draining = false;
  readonly notes: string[] = [];

  serve({ url = "" }: IncomingMessage): unknown {
    this.notes.push(`serve ${url}`);
    return url;
  }

  closed(work: unknown): void {
    this.notes.push(`closed ${String(work)}`);
  }

  expire({ url = "" }: IncomingMessage, response: ServerResponse): void {
    this.notes.push(`expire ${url}`);
    Object.assign(response, { headersSent: true });
  }

  refuse(_: Socket, { reason }: { readonly reason: string }): void {
    this.notes.push(`refuse: ${reason}`);
  }
}

const fault = { status: 400, reason: "a fault" };

describe("Connection", () => {
  let owner: Owner;
  let connection: Connection;

  beforeEach(() => {
    owner = new Owner();
    connection = connect();
  });

  function connect(): Connection {
    const socket = Object.assign(new EventEmitter(), {
      writable: true,
      bytesRead: 0,
      destroySoon: () => {},
      isPaused: () => false,
    });
    return new Connection(socket as unknown as Socket, owner);
  }

  /** A request without a body; gives what the connection is told of its end by. */
  function receive(url: string, over = connection, headers = {}, flowing: boolean | null = null): ServerResponse {
    const response = { headersSent: false, shouldKeepAlive: true } as ServerResponse;
    over.receive({ url, headers, complete: true, readableFlowing: flowing } as IncomingMessage, response);
    return response;
  }

  it("serves a request when all is read that comes in the same turn of the loop, in order", async () => {
    const other = connect();
    receive("/one");
    receive("/other", other);
    expect(owner.notes).to.deep.equal([]);
    expect([connection.idle, connection.busy]).to.deep.equal([false, true]);
    await turn();
    expect(owner.notes).to.deep.equal(["serve /one", "serve /other"]);
  });

  it("serves a chunked one at once, so that its framing is counted as it comes in", () => {
    receive("/chunked", connection, { "transfer-encoding": "chunked" });
    expect(owner.notes).to.deep.equal(["serve /chunked"]);
  });

  it("serves one at once whose body flows to somebody already, and would be gone later", () => {
    receive("/watched", connection, {}, true);
    expect(owner.notes).to.deep.equal(["serve /watched"]);
  });

  it("serves a pipelined one when the answer before it has gone", async () => {
    const response = receive("/one");
    receive("/two");
    await turn();
    expect(owner.notes).to.deep.equal(["serve /one"]);
    connection.settle(response);
    expect(owner.notes).to.deep.equal(["serve /one", "closed /one", "serve /two"]);
  });

  it("serves one whose client has left before its turn, and tells so", async () => {
    const response = receive("/one");
    connection.lost();
    connection.settle(response);
    expect(owner.notes).to.deep.equal(["closed undefined"]);
    await turn();
    expect(owner.notes).to.deep.equal(["closed undefined", "serve /one", "closed /one"]);
  });

  it("does not serve one that was answered before its turn, because the server ends", async () => {
    receive("/one");
    expect(connection.expire()).to.equal(true);
    await turn();
    expect(owner.notes).to.deep.equal(["expire /one"]);
  });

  it("announces the end of the connection when the server drains in between", async () => {
    const response = receive("/one");
    owner.draining = true;
    await turn();
    expect(response.shouldKeepAlive).to.equal(false);
  });

  it("answers a fault that came behind a request when that one is answered", async () => {
    const response = receive("/one");
    connection.fail(fault);
    await turn();
    expect(owner.notes).to.deep.equal(["serve /one"]);
    connection.settle(response);
    expect(owner.notes).to.deep.equal(["serve /one", "closed /one", "refuse: a fault"]);
  });

  it("keeps the asynchronous context in which each request was parsed, as tracers need it", async () => {
    const context = new AsyncLocalStorage<string>();
    const enter = (event: unknown): void =>
      context.enterWith((event as { request: IncomingMessage }).request.url ?? "");
    subscribe("http.server.request.start", enter);
    const seen: unknown[] = [];
    const transport = new HTTPTransport(
      ({ url }, response) => {
        seen.push([url, context.getStore()]);
        response.end();
      },
      httpSettings({ drainLinger: 0 }),
    );
    const { port } = await transport.listen({ port: 0, host: "127.0.0.1" });
    const clients = ["/one", "/two", "/three"].map((url) =>
      new RawClient(port).send(`GET ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
    );
    await Promise.all(clients.map((client) => client.end()));
    unsubscribe("http.server.request.start", enter);
    await transport.drain();
    expect(seen).to.have.deep.members(["/one", "/two", "/three"].map((url) => [url, url]));
  });
});
