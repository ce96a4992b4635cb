import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { StartError } from "#src/errors.js";
import { httpSettings } from "#src/http/limits.js";
import { bindSocket } from "#src/process/bound-socket.js";
import { HTTPTransport, type RequestCallback } from "#src/http/server.js";
import { type UpgradeTest, upgradeOf } from "#src/http/upgrade.js";
import { CapturedLog } from "../support/captured-log.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { sleepSync } from "../support/sleep-sync.js";

type Given = Parameters<typeof httpSettings>[0];

describe("HTTPTransport", () => {
  let transport: HTTPTransport;
  let port: number;
  let log: CapturedLog;
  let clients: RawClient[];
  let pending: { message: IncomingMessage; response: ServerResponse }[];
  let arrived: () => void;

  beforeEach(() => {
    log = new CapturedLog();
    clients = [];
    pending = [];
    arrived = () => {};
  });

  afterEach(async () => {
    log.restore();
    for (const client of clients) client.close();
    transport.closeAllConnections();
    await transport.drain();
  });

  async function start(callback: RequestCallback, settings: Given = {}, mayUpgrade?: UpgradeTest): Promise<void> {
    transport = new HTTPTransport(callback, httpSettings({ drainLinger: 50, ...settings }), mayUpgrade);
    ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
  }

  /** Serves by hand: requests wait in `pending` until a spec answers them. */
  const hold: RequestCallback = (message, response) => {
    pending.push({ message, response });
    arrived();
  };

  async function requests(count: number): Promise<void> {
    while (pending.length < count) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
  }

  function connect(): RawClient {
    const client = new RawClient(port);
    clients.push(client);
    return client;
  }

  const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

  describe("#listen", () => {
    it("gives the address, which lasts until the drain", async () => {
      await start(hold);
      expect(transport.address).to.deep.equal({ address: "127.0.0.1", family: "IPv4", port });
      await transport.drain();
      expect(transport.address).to.equal(undefined);
    });

    it("serves once", async () => {
      await start(hold);
      await rejectsWith(transport.listen({ port: 0 }), /serves once/);
      await transport.drain();
      await rejectsWith(transport.listen({ port: 0 }), /serves once/);
    });

    it("says what to change when it cannot", async () => {
      const other = createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const taken = (other.address() as AddressInfo).port;
      transport = new HTTPTransport(hold);
      await rejectsWith(
        transport.listen({ port: taken, host: "127.0.0.1" }),
        new RegExp(`cannot listen on 127\\.0\\.0\\.1:${taken}: another program uses this port.*EADDRINUSE`),
      );
      other.close();
      await rejectsWith(transport.listen({ port: 0, host: "192.0.2.1" }), /no address of this machine.*EADDRNOTAVAIL/);
      await rejectsWith(transport.listen({ port: 65_536 }), /from 0 to 65535/);
      await rejectsWith(transport.listen({ fd: 999 }), /descriptor 999/);
      // None of the failures has used up its one turn.
      ({ port } = await transport.listen({ port: 0, host: "127.0.0.1" }));
    });
  });

  describe("#onClosed", () => {
    /** What was told, in its order. */
    async function startTold(): Promise<unknown[]> {
      const told: unknown[] = [];
      await start((message, response) => {
        hold(message, response, transport);
        return message.url;
      });
      transport.onClosed((work) => told.push(work));
      return told;
    }

    it("tells once of each request that its response is over, with what serves it", async () => {
      const told = await startTold();
      const client = connect().send(get("/1") + get("/2", "Connection: close\r\n"));
      await requests(1);
      expect(told).to.deep.equal([]);
      pending[0]?.response.end();
      await requests(2);
      expect(told).to.deep.equal(["/1"]);
      pending[1]?.response.end();
      await client.end();
      await transport.drain();
      expect(told).to.deep.equal(["/1", "/2"]);
    });

    it("tells when the client has left, of what was being served alone", async () => {
      const told = await startTold();
      connect().send(get("/1") + get("/2"));
      await requests(1);
      const socket = pending[0]?.message.socket;
      clients[0]?.close();
      if (socket?.closed === false) await once(socket, "close");
      await transport.drain();
      expect(told).to.deep.equal(["/1"]);
    });

    it("does not tell of what the server answers itself", async () => {
      const told = await startTold();
      const answers = [
        await exchange(port, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        await exchange(port, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
      ];
      await transport.drain();
      expect(answers.map(({ status }) => status)).to.deep.equal([204, 501]);
      expect(told).to.deep.equal([]);
    });
  });

  describe("the callback", () => {
    it("is answered 500 when it throws, and the process goes on", async () => {
      await start(() => {
        throw new Error("secret");
      });
      const answer = await exchange(port, get("/"));
      expect(answer).to.include({ status: 500, body: "500 Internal Server Error\n" });
      expect(log.lines[0]).to.match(/the request callback failed[^]*secret/);
      expect((await exchange(port, get("/"))).status).to.equal(500);
    });

    it("gets pipelined requests one after the other", async () => {
      await start(hold);
      const client = connect().send(get("/1") + get("/2") + get("/3", "Connection: close\r\n"));
      for (const [index, path] of ["/1", "/2", "/3"].entries()) {
        await requests(index + 1);
        expect(pending.map(({ message }) => message.url)).to.have.length(index + 1);
        expect(pending[index]?.message.url).to.equal(path);
        pending[index]?.response.end(path);
      }
      expect((await client.end()).match(/\r\n\r\n\/[123]/g)).to.deep.equal(["\r\n\r\n/1", "\r\n\r\n/2", "\r\n\r\n/3"]);
    });

    it("gets many pipelined requests without reading ahead for ever", async () => {
      let served = 0;
      await start((_message, response) => {
        served += 1;
        response.end();
      });
      const client = connect().send(get("/").repeat(5_000) + get("/", "Connection: close\r\n"));
      const answers = (await client.end()).match(/HTTP\/1\.1 200/g);
      expect(served).to.equal(5_001);
      expect(answers).to.have.length(5_001);
    });

    it("gets pipelined requests a few in each turn of the loop, so that others are served meanwhile", async () => {
      let inTurn = 0;
      let most = 0;
      await start((_message, response) => {
        most = Math.max(most, ++inTurn);
        response.end();
      });
      const watch = (): void => {
        inTurn = 0;
        turning = setImmediate(watch);
      };
      let turning = setImmediate(watch);
      await connect()
        .send(get("/").repeat(1_000) + get("/", "Connection: close\r\n"))
        .end();
      clearImmediate(turning);
      expect(most).to.be.within(2, 40);
    });

    it("gets nothing that stands behind Connection: close", async () => {
      await start(hold);
      const client = connect().send(get("/1", "Connection: close\r\n") + get("/2"));
      await requests(1);
      pending[0]?.response.end("one");
      expect(await client.end()).to.match(/one$/);
      expect(pending).to.have.length(1);
      expect(log.lines).to.deep.equal([]);
    });

    it("gets nothing behind an answer that closes", async () => {
      await start(hold);
      const client = connect().send(get("/1") + get("/2"));
      await requests(1);
      pending[0]?.response.writeHead(200, { Connection: "close" }).end("one");
      await client.end();
      expect(pending).to.have.length(1);
    });
  });

  describe("malformed requests", () => {
    it("answers the requests before the fault, then the fault", async () => {
      await start(hold);
      const client = connect().send(`${get("/1")}BREW /2 HTTP/1.1\r\n\r\n`);
      await requests(1);
      pending[0]?.response.end("one");
      expect(await client.end()).to.match(/^HTTP\/1\.1 200[^]*one[^]*HTTP\/1\.1 501/);
      expect(log.lines).to.have.length(1);
    });

    it("answers a hundred requests before the fault, in their order, then the fault", async () => {
      await start((message, response) => response.end(message.url));
      const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
      const client = connect().send(`${paths.map((path) => get(path)).join("")}BREW / HTTP/1.1\r\n\r\n`);
      const text = await client.end();
      expect(text.match(/(?<=\r\n\r\n)\/\d+/g)).to.deep.equal(paths);
      expect(text.match(/HTTP\/1\.1 \d+/g)?.slice(-2)).to.deep.equal(["HTTP/1.1 200", "HTTP/1.1 501"]);
    });

    it("logs one line for a client that goes on sending", async () => {
      await start(hold);
      const client = connect();
      client.send("BREW / HTTP/1.1\r\n\r\n");
      await client.until(/501/);
      for (let i = 0; i < 100; i++) client.send("more of it\r\n".repeat(100));
      await client.end();
      expect(log.lines).to.have.length(1);
    });

    it("is silent about resets and half a request", async () => {
      await start(hold);
      const client = await connect().connected();
      client.send(get("/"));
      await requests(1);
      client.socket.resetAndDestroy();
      // Not `once`: it would reject with the reset.
      await new Promise((resolve) => pending[0]?.message.socket.on("close", resolve));
      expect(log.lines).to.deep.equal([]);
    });
  });

  describe("timeouts", () => {
    const quick = { headersTimeout: 60, requestTimeout: 60, connectionsCheckingInterval: 20 };

    it("answers slow headers with 408, and logs it", async () => {
      await start(hold, quick);
      const text = await connect().send("GET / HTTP/1.1\r\nHost").end();
      expect(text).to.match(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close/);
      expect(log.lines).to.have.length(1);
    });

    it("closes a connection that sends nothing without a word", async () => {
      await start(hold, quick);
      expect(await connect().end()).to.equal("");
      expect(log.lines).to.deep.equal([]);
    });

    it("closes idle connections after keepAliveTimeout", async () => {
      await start((_message, response) => response.end("ok"), { keepAliveTimeout: 30 });
      expect(await connect().send(get("/")).end()).to.match(/ok$/);
    });

    it("says how long keepAliveTimeout is, in whole seconds", async () => {
      await start((_message, response) => response.end("ok"), { keepAliveTimeout: 5_000 });
      const client = connect().send(get("/"));
      expect(await client.until(/ok$/)).to.match(/\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n/);
    });

    it("does not close by keepAliveTimeout what is answered or is sending its next request", async () => {
      await start(hold, { keepAliveTimeout: 200 });
      const [client, witness] = [connect(), connect()];
      client.send(get("/1"));
      await requests(1);
      // Others come and go by the timeout meanwhile.
      for (let count = 2; count < 4; count++) {
        const other = connect().send(get("/"));
        await requests(count);
        pending[count - 1]?.response.end("other");
        await other.end();
      }
      pending[0]?.response.end("first");
      await client.until(/first$/);
      for (const piece of ["GET ", "/2 ", "HTTP/1.1", "\r\nHost:", " a\r", "\n"]) {
        client.send(piece);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      client.send("Connection: close\r\n\r\n");
      await requests(4);
      pending[3]?.response.end("second");
      expect(await client.end()).to.match(/second$/);
      expect(witness.socket.closed).to.equal(false);
    });

    it("does not count the time of the answer", async () => {
      await start(hold, quick);
      const client = connect().send(get("/", "Connection: close\r\n"));
      await requests(1);
      // Another connection has to run into the timeout, while this one goes on.
      await connect().send("GET").end();
      pending[0]?.response.end("late");
      expect(await client.end()).to.match(/late$/);
    });
  });

  describe("with a test for upgrades", () => {
    const upgrade = get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    const mayUpgrade = ({ headers }: IncomingMessage): boolean => headers.upgrade === "websocket";

    /** Takes what it may and answers the rest. */
    const taking: RequestCallback = (message, response) => {
      const found = upgradeOf(message);
      if (found === undefined) return response.end("plain");
      found.take();
      return message.socket.end(`HTTP/1.1 101 ${message.url}\r\n\r\n${found.head.toString()}`);
    };

    it("ignores Upgrade without one", async () => {
      await start((_message, response) => response.end("plain"));
      expect(await connect().send(upgrade).until(/plain/)).to.match(/^HTTP\/1\.1 200/);
    });

    it("lets go of the connection, behind the gate", async () => {
      await start(taking, {}, mayUpgrade);
      expect(await connect().send(`${upgrade}head`).end()).to.equal("HTTP/1.1 101 /ws\r\n\r\nhead");
      expect((await exchange(port, upgrade.replace("Host: a", "Host: a/b"))).status).to.equal(400);
    });

    it("serves as any request what the test does not let through, with its body, and keeps the connection", async () => {
      await start(
        (message, response) => {
          message.setEncoding("utf8").on("data", (chunk: string) => response.write(chunk));
          message.on("end", () => response.end(";"));
        },
        {},
        mayUpgrade,
      );
      const h2c = get("/1", "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n");
      const client = connect().send(`${h2c}body`);
      await client.until(/body[^]*;/);
      const answer = await client.send(get("/2", "Connection: close\r\n")).end();
      expect(answer.match(/HTTP\/1\.1 200/g)).to.have.length(2);
      expect(answer).to.include("body");
    });

    it("serves one that stands behind a request as if it had not asked, in its turn", async () => {
      await start(hold, {}, mayUpgrade);
      const client = connect().send(get("/1") + upgrade);
      await requests(1);
      pending[0]?.response.end("first");
      await requests(2);
      expect(upgradeOf(pending[1]?.message as IncomingMessage)).to.equal(undefined);
      pending[1]?.response.end("second");
      expect(await client.until(/second/)).to.match(/first[^]*HTTP\/1\.1 200 OK[^]*second/);
    });

    it("answers one that nobody takes as any request, however long the answer, and closes", async () => {
      await start(hold, {}, mayUpgrade);
      const client = connect().send(upgrade);
      await requests(1);
      const large = Buffer.alloc(4_000_000, "x");
      const { response } = pending[0] as (typeof pending)[number];
      if (!response.write(large)) await once(response, "drain");
      response.end("end");
      const answer = await client.end();
      expect(answer).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*end\r\n0\r\n\r\n$/);
      expect(answer.length).to.be.above(large.length);
    });

    it("sees a client leave before anybody has taken its connection, whatever it has sent", async () => {
      await start(hold, {}, mayUpgrade);
      const client = connect().send(`${upgrade}too early`);
      await requests(1);
      const { response } = pending[0] as (typeof pending)[number];
      const closed = once(response, "close");
      client.close();
      await closed;
      expect(response.writableFinished).to.equal(false);
    });

    it("neither closes a connection that was taken in a drain's linger nor counts it as a request that was cut", async () => {
      await start(
        (message) => {
          upgradeOf(message)?.take();
          message.socket.write("taken");
          arrived();
        },
        { gracePeriod: 200, drainLinger: 1 },
        mayUpgrade,
      );
      const client = connect().send(upgrade);
      await client.until(/taken/);
      const drained = transport.drain();
      expect(transport.connections).to.equal(1);
      expect(await drained).to.deep.equal({ expired: 0, cut: 0 });
      expect(transport.requests).to.equal(1);
    });
  });

  describe("#pauseAccepting", () => {
    const answer: RequestCallback = (_message, response) => response.end("ok");

    /** Another socket on the port, as a primary would send it. */
    async function handleAt(at: number): Promise<object> {
      const handle = await bindSocket({ port: at, host: "127.0.0.1" });
      if (handle === undefined) throw new Error("there is no handle");
      return handle;
    }

    it("closes the socket, serves the connections that are open, and listens again on the next", async () => {
      await start(answer);
      const client = connect().send(get("/1"));
      await client.until(/ok$/);
      transport.pauseAccepting();
      expect(transport.address).to.deep.include({ port });
      client.received = "";
      await client.send(get("/2")).until(/ok$/);
      const refused = connect();
      await refused.end();
      expect(refused.error).to.equal("ECONNREFUSED");
      transport.resumeAccepting(await handleAt(port));
      await connect().send(get("/3")).until(/ok$/);
    });

    it("does not put off the timeouts of requests", async () => {
      await start(answer, { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 300 });
      const client = connect().send("GET / HT");
      await client.connected();
      while (client.received === "") {
        transport.pauseAccepting();
        transport.resumeAccepting(await handleAt(port));
        await new Promise(setImmediate);
      }
      expect(await client.end()).to.match(/^HTTP\/1\.1 408 /);
    });

    it("drains while it is paused", async () => {
      await start(answer);
      transport.pauseAccepting();
      expect(await transport.drain()).to.deep.equal({ expired: 0, cut: 0 });
      expect(transport.address).to.equal(undefined);
    });
  });

  describe("#onConnections", () => {
    it("tells each connection that is accepted or closed, after it has been counted", async () => {
      await start(hold);
      const told: (boolean | number)[] = [];
      const twice = new Promise<void>((resolve) => {
        transport.onConnections((accepted) => {
          told.push(accepted, transport.connections);
          if (!accepted) resolve();
        });
      });
      connect().send(get("/"));
      await requests(1);
      expect(told).to.deep.equal([true, 1]);
      clients[0]?.close();
      await twice;
      expect(told).to.deep.equal([true, 1, false, 0]);
    });
  });

  describe("#drain", () => {
    it("is over at once without connections, and can be called twice", async () => {
      await start(hold, { drainLinger: 10_000, gracePeriod: 20_000 });
      const first = transport.drain();
      expect(transport.drain()).to.equal(first);
      expect(transport.draining).to.equal(true);
      expect(await first).to.deep.equal({ expired: 0, cut: 0 });
    });

    it("may be called before listen", async () => {
      transport = new HTTPTransport(hold);
      expect(await transport.drain()).to.deep.equal({ expired: 0, cut: 0 });
    });

    it("waits for requests in flight and answers them with Connection: close", async () => {
      await start(hold);
      const client = connect().send(get("/"));
      await requests(1);
      const drained = transport.drain();
      pending[0]?.response.end("answer");
      expect(await client.end()).to.match(/Connection: close[^]*answer$/);
      expect(await drained).to.deep.equal({ expired: 0, cut: 0 });
    });

    it("waits for all that is pipelined, of which the last answer has Connection: close", async () => {
      let draining: Promise<unknown> | undefined;
      await start((message, response) => {
        if (message.url === "/10") draining = transport.drain();
        response.end(message.url);
      });
      const client = connect().send(Array.from({ length: 100 }, (_, index) => get(`/${index}`)).join(""));
      const text = await client.end();
      expect(text.match(/HTTP\/1\.1 200/g)).to.have.length(100);
      expect(text.match(/Connection: close/g)).to.have.length(1);
      expect(text).to.match(/Connection: close[^]*\/99$/);
      expect(await draining).to.deep.equal({ expired: 0, cut: 0 });
    });

    it("stops accepting", async () => {
      await start(hold);
      connect().send(get("/"));
      await requests(1);
      void transport.drain();
      while (transport.address !== undefined) await new Promise(setImmediate);
      const late = new RawClient(port);
      await late.end();
      expect(late.error).to.equal("ECONNREFUSED");
    });

    it("answers what arrives on an idle connection during the linger", async () => {
      await start((_message, response) => response.end("ok"), { drainLinger: 5_000 });
      const client = connect().send(get("/1"));
      await client.until(/keep-alive[^]*ok$/);
      const drained = transport.drain();
      client.send(get("/2"));
      expect(await client.end()).to.match(/Connection: close[^]*ok$/);
      expect(await drained).to.deep.equal({ expired: 0, cut: 0 });
    });

    it("answers what has arrived by the end of the linger, even if the loop was busy then", async () => {
      await start((_message, response) => response.end("ok"), { drainLinger: 100 });
      const client = connect().send(get("/1"));
      await client.until(/keep-alive[^]*ok$/);
      const drained = transport.drain();
      while (transport.address !== undefined) await new Promise(setImmediate);
      client.send(get("/2"));
      sleepSync(200);
      expect(await client.end()).to.match(/Connection: close[^]*ok$/);
      await drained;
    });

    it("closes idle connections after the linger, also those that become idle later", async () => {
      await start(hold);
      const [idle, streaming] = [await connect().connected(), connect().send(get("/"))];
      await requests(1);
      pending[0]?.response.write("first");
      await streaming.until(/first/);
      const drained = transport.drain();
      await idle.end();
      pending[0]?.response.end();
      expect(await streaming.end()).to.match(/keep-alive[^]*\r\n0\r\n\r\n$/);
      expect(await drained).to.deep.equal({ expired: 0, cut: 0 });
      expect(transport.connections).to.equal(0);
    });

    it("does not cut an answer that is still being sent when the linger ends", async () => {
      await start((_message, response) => response.end(Buffer.alloc(16 * 1024 * 1024, "a")), { drainLinger: 20 });
      const client = connect().send(get("/"));
      client.socket.pause();
      const idle = await connect().connected();
      const drained = transport.drain();
      await idle.end();
      client.socket.resume();
      expect(await client.end()).to.have.length.above(16 * 1024 * 1024);
      expect(await drained).to.deep.equal({ expired: 0, cut: 0 });
    });

    describe("at the end of the grace period", () => {
      const short = { drainLinger: 10, gracePeriod: 60 };

      it("answers 503 to what is not answered, tells so, and closes", async () => {
        const works: unknown[] = [];
        await start((message, response) => {
          hold(message, response, transport);
          return message.url;
        }, short);
        transport.onExpired((work) => works.push(work));
        const asking = [connect().send(get("/1")), connect().send(get("/2") + get("/3"))];
        await requests(2);
        expect(await transport.drain()).to.deep.equal({ expired: 2, cut: 0 });
        expect(works).to.deep.equal(["/1", "/2"]);
        for (const client of asking) {
          expect(await client.end()).to.match(
            /^HTTP\/1\.1 503 [^]*Connection: close\r\n[^]*503 Service Unavailable\n$/,
          );
          expect(client.received.match(/HTTP\/1\.1/g), "nothing that waits is served").to.have.length(1);
        }
      });

      it("leaves the answer to whoever gives it when told", async () => {
        await start((message, response) => {
          hold(message, response, transport);
          return response;
        }, short);
        transport.onExpired((work) => (work as ServerResponse).writeHead(500).end("by the application"));
        const client = connect().send(get("/"));
        await requests(1);
        expect(await transport.drain()).to.deep.equal({ expired: 1, cut: 0 });
        expect(await client.end()).to.match(/^HTTP\/1\.1 500 [^]*by the application/);
      });

      it("cuts off an answer that has begun", async () => {
        await start(hold, short);
        const client = connect().send(get("/"));
        await requests(1);
        pending[0]?.response.write("first");
        await client.until(/first/);
        expect(await transport.drain()).to.deep.equal({ expired: 0, cut: 1 });
        expect(await client.end()).not.to.match(/\r\n0\r\n\r\n$/);
      });

      it("answers a request whose body does not come, and closes a connection on which nothing does", async () => {
        await start(hold, short);
        const half = connect().send(get("/", "Content-Length: 10\r\n")).send("half");
        const headless = connect().send("GET / HT");
        const silent = await connect().connected();
        await requests(1);
        expect(await transport.drain()).to.deep.include({ expired: 1 });
        expect(await half.end()).to.match(/^HTTP\/1\.1 503 /);
        await Promise.all([headless.end(), silent.end()]);
        expect(silent.received).to.equal("");
      });

      it("does not wait for a client that does not take its answer", async () => {
        await start((_message, response) => response.end(Buffer.alloc(64 * 1024 * 1024)), short);
        const client = connect().send(get("/"));
        client.socket.pause();
        await once(client.socket, "connect");
        while (transport.connections === 0) await turn();
        expect(await transport.drain()).to.deep.equal({ expired: 0, cut: 1 });
      });
    });

    it("is ended by closeAllConnections", async () => {
      await start(hold);
      connect().send(get("/"));
      await requests(1);
      const drained = transport.drain();
      transport.closeAllConnections();
      expect(await drained).to.deep.equal({ expired: 0, cut: 1 });
    });
  });
});

async function rejectsWith(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).to.be.instanceOf(StartError).with.property("message").that.matches(message);
}
