import { once } from "node:events";
import { IncomingMessage, type RequestListener, type Server, createServer } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { finished } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { isWatched, passOver } from "#src/http/unread-message.js";
import { RawClient } from "../support/raw-client.js";

describe("isWatched", () => {
  it("is whether somebody takes what comes of a message, or waits for its end", () => {
    const watching = (watch: (message: IncomingMessage) => unknown): boolean => {
      const message = new IncomingMessage(new Socket());
      watch(message);
      return isWatched(message);
    };
    const nothing = (): void => {};
    expect(watching(nothing)).to.equal(false);
    expect(watching((message) => message.on("error", nothing))).to.equal(false);
    for (const event of ["data", "end", "close"]) {
      expect(
        watching((message) => message.on(event, nothing)),
        event,
      ).to.equal(true);
    }
    expect(watching((message) => message.pause())).to.equal(true);
    expect(watching((message) => finished(message, nothing))).to.equal(true);
  });
});

describe("passOver", () => {
  let server: Server;
  let client: RawClient;
  let messages: IncomingMessage[];
  let events: string[];

  beforeEach(() => {
    messages = [];
    events = [];
  });

  afterEach(() => {
    client.close();
    server.close();
  });

  async function serve(listener: RequestListener): Promise<void> {
    server = createServer((message, response) => {
      messages.push(message);
      for (const event of ["end", "close", "error"]) message.on(event, () => events.push(event));
      listener(message, response);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    client = new RawClient((server.address() as AddressInfo).port);
  }

  /** Three requests, of which two come at once. */
  async function request(): Promise<void> {
    const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    await client.send(get).until(/(?:answer 1)$/);
    await client.send(get + get).until(/answer 2[^]*answer 3$/);
  }

  function expectOver(): void {
    expect(
      messages.map(({ readableEnded, destroyed, complete }) => [readableEnded, destroyed, complete]),
    ).to.deep.equal(Array.from({ length: 3 }, () => [true, true, true]));
    expect(events).to.deep.equal([]);
    // Node forgets a request that was read; an idle connection would hold one that was not.
    const parsers = messages.map(({ socket }) => Reflect.get(socket, "parser") as { readonly incoming: unknown });
    expect(parsers.map(({ incoming }) => incoming)).to.deep.equal([null, null, null]);
  }

  it("takes a request for read that is answered while its header section is told, and the next is served", async () => {
    await serve((message, response) => {
      passOver(message);
      response.end(`answer ${messages.length}`);
    });
    await request();
    await turn();
    expectOver();
  });

  it("does so for one that is answered later", async () => {
    await serve((message, response) => {
      const text = `answer ${messages.length}`;
      setImmediate(() => {
        passOver(message);
        response.end(text);
      });
    });
    await request();
    await turn();
    expectOver();
  });

  it("has no part in what Node tells of the connection's end", async () => {
    let closed = 0;
    await serve((message, response) => {
      response.on("close", () => (closed += 1));
      passOver(message);
      response.write("begun");
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").until(/begun/);
    const [socket] = messages.map((message) => message.socket);
    client.close();
    await once(socket as NonNullable<typeof socket>, "close");
    await turn();
    expect(closed).to.equal(1);
  });
});
