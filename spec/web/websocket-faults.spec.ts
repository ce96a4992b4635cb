import { deflateRawSync } from "node:zlib";
import { expect } from "chai";
import { WebSocketHandler, type WebSocketOptions, route } from "waterspout";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { type RawAnswer, parseAnswer } from "../support/raw-client.js";
import { type Served, serve } from "../support/serve.js";
import { RawWebSocket, closing, frame, handshake, opcodes } from "../support/websocket-client.js";

class Echo extends WebSocketHandler {
  static readonly websocket: WebSocketOptions = { maxMessageSize: 100_000, closeTimeout: 300 };
  async onMessage(message: string | Uint8Array): Promise<void> {
    await this.writeMessage(message);
  }
}

class Deflating extends Echo {
  static override readonly websocket: WebSocketOptions = { maxMessageSize: 100_000, compression: true };
}

/** What clients do that is not allowed, and what they get. After each the server goes on: see `serve`. */
describe("WebSocketHandler, of clients that break the rules,", () => {
  let app: Served;

  beforeEach(async () => {
    app = await serve([route("/ws", Echo), route("/deflate", Deflating)]);
  });

  afterEach(() => app[Symbol.asyncDispose]());

  const opened = (path = "/ws", fields?: Record<string, string>): Promise<RawWebSocket> =>
    RawWebSocket.open(app.connect(), path, fields);

  /** The answer to a handshake that is refused, on a connection that goes on unless the answer says otherwise. */
  async function refused(bytes: string): Promise<RawAnswer> {
    return parseAnswer(
      await app
        .connect()
        .send(bytes)
        .until(/\r\n\r\n/),
    );
  }

  describe("in the handshake", () => {
    const faults: [name: string, status: number, bytes: string][] = [
      ["no Upgrade", 400, handshake("/ws", { Upgrade: undefined, Connection: undefined })],
      ["another protocol", 400, handshake("/ws", { Upgrade: "h2c" })],
      ["several protocols", 400, handshake("/ws", { Upgrade: "websocket, h2c" })],
      ["a Connection without Upgrade", 400, handshake("/ws", { Connection: "keep-alive" })],
      ["no version", 426, handshake("/ws", { "Sec-WebSocket-Version": undefined })],
      ["a version of a draft", 426, handshake("/ws", { "Sec-WebSocket-Version": "8" })],
      ["a version that is no number", 426, handshake("/ws", { "Sec-WebSocket-Version": "13, 13" })],
      ["no key", 400, handshake("/ws", { "Sec-WebSocket-Key": undefined })],
      ["a key that is too short", 400, handshake("/ws", { "Sec-WebSocket-Key": "AAAA" })],
      ["a key that is no base64", 400, handshake("/ws", { "Sec-WebSocket-Key": "!GhlIHNhbXBsZSBub25jZQ==" })],
      ["a body", 400, `${handshake("/ws", { "Content-Length": "2" })}hi`],
      ["a chunked body", 400, `${handshake("/ws", { "Transfer-Encoding": "chunked" })}0\r\n\r\n`],
      ["a malformed subprotocol", 400, handshake("/ws", { "Sec-WebSocket-Protocol": "a,,b" })],
      ["a subprotocol twice", 400, handshake("/ws", { "Sec-WebSocket-Protocol": "a, b, a" })],
      ["malformed extensions", 400, handshake("/deflate", { "Sec-WebSocket-Extensions": "permessage-deflate;=" })],
      ["HTTP/1.0", 400, handshake("/ws").replace("HTTP/1.1", "HTTP/1.0")],
      ["POST", 405, handshake("/ws", { "Content-Length": "0" }).replace("GET", "POST")],
      ["HEAD", 400, handshake("/ws").replace("GET", "HEAD")],
    ];

    for (const [name, status, bytes] of faults) {
      it(`${name} is ${status}, with one line`, async () => {
        expectLog(new RegExp(`access\\] ${status} (GET|POST|HEAD) /`));
        const answer = await refused(bytes);
        expect(answer.status).to.equal(status);
        if (status === 426) expect(answer.headers).to.include({ "sec-websocket-version": "13", upgrade: "websocket" });
        if (status === 405) expect(answer.headers).to.have.property("allow");
      });
    }

    it("2,000 fields are 431, and a long line of subprotocols is 400 in no time", async () => {
      const many = handshake("/ws").replace("\r\n\r\n", `\r\n${"a: b\r\n".repeat(2000)}\r\n`);
      expect(await refused(many)).to.include({ status: 431 });
      expectLog(/access\] 400 GET/);
      const long = `a${" ".repeat(8000)}b`;
      expect(await refused(handshake("/ws", { "Sec-WebSocket-Protocol": long }))).to.include({ status: 400 });
    });

    it("two Hosts, a malformed one and none are refused by the gate", async () => {
      for (const host of ["a\r\nHost: b", "a/b", undefined]) {
        expect(await refused(handshake("/ws", { Host: host }))).to.include({ status: 400 });
      }
      expect(logged("access")).to.deep.equal([]);
      expect(logged("general")).to.have.length(3);
    });

    it("one that stands behind another request is 400, in its turn", async () => {
      expectLog(/access\] 400 GET \/ws .*behind another request/);
      const client = app.connect().send(`GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n${handshake("/ws")}`);
      expect(await client.until(/400 Bad Request/)).to.match(/^HTTP\/1\.1 200 OK[^]*served[^]*HTTP\/1\.1 400/);
    });

    it("bytes that come too early are the first frames", async () => {
      const client = app.connect().send(Buffer.concat([Buffer.from(handshake("/ws")), frame(opcodes.text, "early")]));
      expect(await client.until(/early$/)).to.match(/^HTTP\/1\.1 101 /);
    });
  });

  describe("of another origin", () => {
    const from = (Origin: string, Host = "example.com:8888"): Promise<RawAnswer> =>
      refused(handshake("/ws", { Host, Origin }));

    it("is 403, with one line, for whatever is not the host that was asked for", async () => {
      const strangers = [
        "http://evil.com",
        "http://example.com",
        "http://example.com:88",
        "http://sub.example.com:8888",
        "http://example.com:8888.evil.com",
        "http://example.com:8888@evil.com",
        "null",
        "",
        "file://",
        "garbage",
      ];
      for (const origin of strangers) {
        expectLog(/access\] 403 GET \/ws .*: Cross origin websockets not allowed$/);
        expect((await from(origin)).status, origin).to.equal(403);
      }
    });

    it("is let in from the same host, whatever the scheme, and with a port that goes without saying", async () => {
      expect((await from("http://example.com:8888")).status).to.equal(101);
      expect((await from("https://EXAMPLE.com:8888", "Example.com:8888")).status).to.equal(101);
      expect((await from("https://example.com", "example.com:443")).status).to.equal(101);
      expect((await from("http://example.com", "example.com")).status).to.equal(101);
      expect((await from("http://[::1]:8888", "[::1]:8888")).status).to.equal(101);
    });
  });

  it("of another origin is let in by cors with credentials, by a trusted proxy's host, and by an override; a promise is no yes", async () => {
    class Open extends Echo {
      override checkOrigin(origin: string): boolean {
        return origin.endsWith(".example.com");
      }
    }
    class Promising extends Echo {
      override checkOrigin(): boolean {
        return Promise.resolve(true) as unknown as boolean;
      }
    }
    await using other = await serve([route("/ws", Echo), route("/open", Open), route("/promise", Promising)], {
      cors: { origins: ["https://friend.org"], credentials: true },
      trustedProxies: ["127.0.0.1"],
    });
    const status = async (path: string, fields: Record<string, string>): Promise<number> =>
      parseAnswer(
        await other
          .connect()
          .send(handshake(path, fields))
          .until(/\r\n\r\n/),
      ).status;
    expectLog(/403 GET \/ws/, /403 GET \/open/, /403 GET \/promise/);
    expect(await status("/ws", { Origin: "https://friend.org" })).to.equal(101);
    expect(await status("/ws", { Origin: "https://stranger.org" })).to.equal(403);
    expect(await status("/ws", { Origin: "https://site.org", "X-Forwarded-Host": "site.org" })).to.equal(101);
    expect(await status("/open", { Origin: "https://a.example.com" })).to.equal(101);
    expect(await status("/open", { Origin: "https://localhost" })).to.equal(403);
    expect(await status("/promise", { Origin: "https://localhost" })).to.equal(403);
  });

  it("by another host is refused by allowedHosts", async () => {
    await using other = await serve([route("/ws", Echo)], { allowedHosts: ["localhost", "127.0.0.1"] });
    expectLog(/421 GET \/ws/);
    const answer = await other
      .connect()
      .send(handshake("/ws", { Host: "evil.com" }))
      .end();
    expect(parseAnswer(answer).status).to.equal(421);
  });

  describe("in frames", () => {
    const faults: [name: string, code: number, frames: Buffer][] = [
      ["an unmasked frame", 1002, frame(opcodes.text, "x", { masked: false })],
      ["a reserved bit", 1002, frame(opcodes.text, "x", { rsv: 4 })],
      ["the second reserved bit", 1002, frame(opcodes.text, "x", { rsv: 2 })],
      ["the third reserved bit", 1002, frame(opcodes.text, "x", { rsv: 1 })],
      ["a reserved bit of a ping", 1002, frame(opcodes.ping, "x", { rsv: 4 })],
      ["a reserved opcode", 1002, frame(3, "x")],
      ["a reserved control frame", 1002, frame(11, "x")],
      ["a ping that is too long", 1002, frame(opcodes.ping, "x".repeat(126))],
      ["a ping in fragments", 1002, frame(opcodes.ping, "x", { fin: false })],
      ["a continuation of nothing", 1002, frame(opcodes.continuation, "x")],
      ["a message within another", 1002, Buffer.concat([frame(1, "x", { fin: false }), frame(1, "y")])],
      ["a close with code 1005", 1002, frame(opcodes.close, closing(1005))],
      ...[0, 999, 1004, 1006, 1015, 1016, 2000, 2999, 5000, 65535].map((code): [string, number, Buffer] => [
        `a close with code ${code}`,
        1002,
        frame(opcodes.close, closing(code)),
      ]),
      ["a close in fragments", 1002, frame(opcodes.close, closing(1000), { fin: false })],
      ["a close that is too long", 1002, frame(opcodes.close, Buffer.concat([closing(1000), Buffer.alloc(124, "x")]))],
      [
        "a character that two frames do not make up",
        1007,
        Buffer.concat([frame(1, Buffer.from([0xe2, 0x82]), { fin: false }), frame(0, "x")]),
      ],
      ["half of a surrogate pair", 1007, frame(opcodes.text, Buffer.from([0xed, 0xa0, 0x80]))],
      ["a close of one byte", 1002, frame(opcodes.close, "x")],
      ["text that is not UTF-8", 1007, frame(opcodes.text, Buffer.from([0xff]))],
      ["a reason that is not UTF-8", 1007, frame(opcodes.close, Buffer.from([3, 232, 0xff]))],
      ["a message that is too long", 1009, frame(opcodes.binary, Buffer.alloc(100_001))],
      ["fragments that are too long together", 1009, fragments(2, "x".repeat(60_000))],
      ["a message in 1,025 frames", 1008, fragments(1025, "x")],
    ];

    for (const [name, code, bytes] of faults) {
      it(`${name} closes with ${code}, and is one line`, async () => {
        const socket = await opened();
        socket.client.send(bytes);
        expect(await socket.nextClose()).to.equal(String(code));
        await untilLogged(/closed \(127\.0\.0\.1\): the client broke the protocol: /);
        // It does not answer, and is cut off.
        await socket.client.end();
        expect(logged().filter((line) => !line.startsWith("101 "))).to.have.length(1);
      });
    }

    it("a length of 2^62 closes with 1009 before any of it is taken", async () => {
      const socket = await opened();
      socket.client.send(Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
      expect(await socket.nextClose()).to.match(/^10(09|02)$/);
    });

    it("a bomb of 50 MB in 50 KB closes with 1009 and takes no memory", async () => {
      const socket = await opened("/deflate", { "Sec-WebSocket-Extensions": "permessage-deflate" });
      expect(parseAnswer(socket.client.received).headers["sec-websocket-extensions"]).to.include("permessage-deflate");
      const bomb = deflateRawSync(Buffer.alloc(50_000_000));
      const before = process.memoryUsage().rss;
      socket.send(opcodes.binary, bomb, { rsv: 4 });
      expect(await socket.nextClose()).to.equal("1009");
      expect(process.memoryUsage().rss - before).to.be.below(30_000_000);
    });

    it("garbage in a compressed frame closes the socket", async () => {
      const socket = await opened("/deflate", { "Sec-WebSocket-Extensions": "permessage-deflate" });
      socket.send(opcodes.binary, Buffer.alloc(100, 255), { rsv: 4 });
      expect(await socket.nextClose()).to.match(/^100[27]$/);
    });
  });

  it("a message in fragments is one, with pings between them, empty ones, and a character in two of them", async () => {
    const socket = await opened();
    const [head, tail] = [Buffer.from("a\u20ac").subarray(0, 2), Buffer.from("a\u20ac").subarray(2)];
    socket.client.send(
      Buffer.concat([
        frame(opcodes.text, head, { fin: false }),
        frame(opcodes.ping, "1"),
        frame(opcodes.continuation, "", { fin: false }),
        frame(opcodes.ping, ""),
        frame(opcodes.continuation, tail),
      ]),
    );
    const answers = [await socket.next(), await socket.next(), await socket.next()];
    expect(answers.map(({ opcode, payload }) => [opcode, payload.toString()])).to.deep.equal([
      [opcodes.pong, "1"],
      [opcodes.pong, ""],
      [opcodes.text, "a\u20ac"],
    ]);
  });

  it("compressed messages go both ways", async () => {
    const socket = await opened("/deflate", { "Sec-WebSocket-Extensions": "permessage-deflate" });
    const text = "compress me ".repeat(500);
    socket.send(opcodes.text, deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4), { rsv: 4 });
    const answer = await socket.next();
    expect(answer.payload.length).to.be.below(200);
    const plain = await opened();
    expect(await plain.text(text).nextText()).to.equal(text);
  });

  describe("in how much they send and take", () => {
    it("pings without end and answers that nobody reads are the end, within bounded memory", async () => {
      const socket = await opened();
      socket.client.socket.pause();
      const closed = socket.client.end();
      const pings = Buffer.concat(Array.from({ length: 2000 }, () => frame(opcodes.ping, "x".repeat(125))));
      const before = process.memoryUsage().rss;
      // The kernel's buffers take some megabytes of pongs.
      const flood = setInterval(() => socket.client.socket.writableLength < 1_000_000 && socket.client.send(pings), 1);
      await closed;
      clearInterval(flood);
      expect(process.memoryUsage().rss - before).to.be.below(100_000_000);
    });

    it("a client that takes nothing is cut off by the server's sendTimeout", async () => {
      class Sending extends WebSocketHandler {
        override async open(): Promise<void> {
          for (;;) await this.writeMessage(Buffer.alloc(100_000));
        }
        onMessage(): void {}
      }
      await using other = await serve([route("/ws", Sending)], { sendTimeout: 200, connectionsCheckingInterval: 50 });
      const socket = await RawWebSocket.open(other.connect(), "/ws");
      socket.client.socket.pause();
      await untilLogged(/closed \(127\.0\.0\.1\): the client has stopped taking the answer/);
    });

    it("a peer that has vanished is found by a ping, one that is alive is not", async () => {
      class Pinged extends Echo {
        static override readonly websocket: WebSocketOptions = { pingInterval: 100, pingTimeout: 50 };
      }
      await using other = await serve([route("/ws", Pinged)]);
      const alive = await RawWebSocket.open(other.connect(), "/ws");
      // It reads nothing and so answers nothing, as if its network were gone.
      const gone = await RawWebSocket.open(other.connect(), "/ws");
      const ended = gone.client.end();
      for (let i = 0; i < 3; i++) {
        const ping = await alive.next();
        expect(ping.opcode).to.equal(opcodes.ping);
        alive.send(opcodes.pong, ping.payload);
      }
      await ended;
      expect(
        logged("general").filter((line) => line.includes("no sign of life within 50 ms of a ping")),
      ).to.have.length(1);
      expect(await alive.text("still here").nextText()).to.equal("still here");
    });

    it("one that does not answer a close is cut off after closeTimeout", async () => {
      class Closing extends Echo {
        static override readonly websocket: WebSocketOptions = { closeTimeout: 100 };
        override async onMessage(): Promise<void> {
          this.close(4001, "enough");
          await this.writeMessage("too late").catch(() => {});
        }
      }
      await using other = await serve([route("/ws", Closing)]);
      const socket = await RawWebSocket.open(other.connect(), "/ws");
      expect(await socket.text("x").text("y").nextClose()).to.equal("4001 enough");
      await socket.client.end();
    });
  });
});

/** One message in so many frames. */
function fragments(count: number, payload: string): Buffer {
  const middle = Array.from({ length: count - 2 }, () => frame(opcodes.continuation, payload, { fin: false }));
  return Buffer.concat([frame(opcodes.text, payload, { fin: false }), ...middle, frame(opcodes.continuation, payload)]);
}
