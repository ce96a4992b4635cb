import { once, EventEmitter } from "node:events";
import { expect } from "chai";
import {
  ExecutorContext,
  type HandlerClass,
  HTTPError,
  InlineExecutor,
  type Outcome,
  RequestHandler,
  RunOnExecutor,
  WebSocketClosedError,
  WebSocketHandler,
  type WebSocketOptions,
  route,
} from "waterspout";
import type { StartOptions } from "waterspout/testing";
import { parseAnswer } from "../support/raw-client.js";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { type Served, serve } from "../support/serve.js";
import { sleepSync } from "../support/sleep-sync.js";
import { RawWebSocket, closing, frame, handshake, opcodes } from "../support/websocket-client.js";

/** What hooks of the tests report. */
let events: string[];
let changed: EventEmitter;

function note(event: string): void {
  events.push(event);
  changed.emit("event");
}

/** Settles when so many events were noted. */
async function noted(count: number): Promise<string[]> {
  while (events.length < count) await once(changed, "event");
  return events;
}

/** Sends every message back and notes what happens. */
class Echo extends WebSocketHandler {
  override open(...args: (string | undefined)[]): void | Promise<void> {
    note(`open ${args.join()}`.trim());
  }
  async onMessage(message: string | Uint8Array): Promise<void> {
    await this.writeMessage(message);
  }
  override onClose(): void | Promise<void> {
    note(`close ${this.closeCode ?? ""} ${this.closeReason ?? ""}`.trim());
  }
  override onFinish(outcome: Outcome): void {
    note(outcome);
  }
}

const keep = <T>(handler: T): T => handler;

function serving(handler: HandlerClass = Echo, options: StartOptions = {}): Promise<Served> {
  return serve([route("/ws", handler as never), route("/ws/:room", handler as never)], options);
}

async function opened(app: Served, path = "/ws", fields?: Record<string, string>): Promise<RawWebSocket> {
  return RawWebSocket.open(app.connect(), path, fields);
}

describe("WebSocketHandler", () => {
  beforeEach(() => {
    events = [];
    changed = new EventEmitter();
  });

  it("opens with the path's arguments, answers messages in their kind, and closes in order", async () => {
    await using app = await serving();
    const socket = await opened(app, "/ws/lobby");
    expect(parseAnswer(socket.client.received).headers).to.include({
      upgrade: "websocket",
      connection: "Upgrade",
      // Of the RFC's own example.
      "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    });
    expect(await socket.text("é").nextText()).to.equal("é");
    const { opcode, payload } = await socket.send(opcodes.binary, Buffer.from([0, 255])).next();
    expect([opcode, ...payload]).to.deep.equal([opcodes.binary, 0, 255]);
    expect(await socket.send(opcodes.close, closing(4000, "bye")).nextClose()).to.equal("4000 bye");
    await socket.client.end();
    expect(await noted(3)).to.deep.equal(["open lobby", "close 4000 bye", "completed"]);
    expect(logged("access")).to.have.length(1);
    expect(logged("access")[0]).to.match(/^101 GET \/ws\/lobby \(127\.0\.0\.1\) \d+\.\d\dms$/);
  });

  it("has request, cookies, user and injected services in its hooks, and sends what prepare has set with the 101", async () => {
    class Greeter extends WebSocketHandler<string> {
      override async prepare(): Promise<void> {
        await Promise.resolve();
        this.currentUser = this.getCookie("user");
        this.setCookie("seen", "1");
        this.setHeader("X-Room", this.getArgument("room"));
      }
      override async open(): Promise<void> {
        await this.writeMessage({ user: this.currentUser, room: this.getArgument("room"), tag: "</script>" });
      }
      onMessage(): void {}
    }
    await using app = await serving(Greeter);
    const socket = await opened(app, "/ws?room=7", { Cookie: "user=ann" });
    expect(parseAnswer(socket.client.received).headers).to.include({
      "x-room": "7",
      "set-cookie": "seen=1; Path=/; HttpOnly; SameSite=Lax",
      "x-content-type-options": "nosniff",
    });
    expect(await socket.nextText()).to.equal('{"user":"ann","room":"7","tag":"<\\/script>"}');
  });

  it("loses nothing of a client that sends before it is let in, and holds it back", async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    class Late extends Echo {
      override async prepare(): Promise<void> {
        note("prepare");
        await gate;
      }
    }
    await using app = await serving(Late);
    const client = app.connect().send(handshake("/ws"));
    await noted(1);
    const long = Array.from({ length: 20_000 }, (_, index) => index).join(" ");
    client.send(frame(opcodes.text, long));
    await new Promise((resolve) => setTimeout(resolve, 50));
    go();
    expect(await client.until(/19998 19999$/)).to.include("0 1 2 3 4");
  });

  it("is refused by prepare and by middleware with an answer as any, and leaves the process serving", async () => {
    class Guarded extends Echo {
      override prepare(): void {
        if (this.getArgument("token", "") !== "right") throw new HTTPError(401, "no token");
      }
    }
    await using app = await serving(Guarded, {
      middleware: [
        (handler, next) => {
          if (handler.getArgument("banned", "") === "") return next();
          handler.setStatus(403);
          return "banned";
        },
      ],
    });
    expectLog(/401 GET \/ws .*: no token$/, /403 GET \/ws\?banned=1/);
    const refused = parseAnswer(await app.connect().send(handshake("/ws")).end());
    expect(refused.status).to.equal(401);
    expect(refused.headers).to.include({ connection: "close" });
    expect(parseAnswer(await app.connect().send(handshake("/ws?banned=1")).end())).to.deep.include({
      status: 403,
      body: "banned",
    });
    await (await opened(app, "/ws?token=right")).text("x").nextText();
    expect(events).to.deep.equal(["error", "completed", "open"]);
  });

  it("is opened when middleware is done, which sees 101, sets headers behind it, or answers otherwise", async () => {
    await using app = await serving(Echo, {
      middleware: [
        async (handler, next) => {
          await next();
          const refuses = handler.getArgument("refuse", "") !== "";
          handler.setHeader("X-Status", handler.getStatus());
          if (refuses) handler.sendError(403);
        },
      ],
    });
    const socket = await opened(app);
    expect(parseAnswer(socket.client.received).headers).to.include({ "x-status": "101" });
    expect(await socket.text("x").nextText()).to.equal("x");
    expectLog(/access\] 403 GET \/ws\?refuse=1/);
    expect(parseAnswer(await app.connect().send(handshake("/ws?refuse=1")).end()).status).to.equal(403);
    expect(events.slice(0, 2)).to.deep.equal(["open", "completed"]);
  });

  it("is closed with 1011 when middleware fails behind it", async () => {
    await using app = await serving(Echo, {
      middleware: [
        async (handler, next) => {
          await next();
          if (handler.request.path === "/next") return;
          await handler.finish();
          throw new Error("behind it");
        },
      ],
    });
    const socket = await opened(app);
    expectLog(/Uncaught exception GET \/ws [^]*behind it/);
    expect(await socket.nextClose()).to.equal("1011");
    socket.client.close();
    expect(await noted(2)).to.deep.equal(["close", "error"]);
  });

  it("delivers one message at a time, after open, and holds back a client that sends faster", async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let most = 0;
    let running = 0;
    class Slow extends Echo {
      override async open(): Promise<void> {
        await gate;
        note("open");
      }
      override async onMessage(message: string): Promise<void> {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running -= 1;
        if (message === "last") await this.writeMessage("done");
      }
    }
    await using app = await serving(Slow);
    const socket = await opened(app);
    const chunk = "x".repeat(60_000);
    for (let i = 0; i < 200; i++) socket.text(chunk);
    // What the operating system's buffers do not hold waits at the client.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.client.socket.writableLength).to.be.above(4_000_000);
    expect(events).to.deep.equal([]);
    go();
    expect(await socket.text("last").nextText()).to.equal("done");
    expect(most).to.equal(1);
  });

  it("delivers what was sent before a close, then runs onClose", async () => {
    class Noting extends Echo {
      override async onMessage(message: string): Promise<void> {
        await new Promise(setImmediate);
        note(message);
      }
    }
    await using app = await serving(Noting);
    const socket = await opened(app);
    socket.text("1").text("2").text("3").send(opcodes.close);
    expect(await socket.nextClose()).to.equal("");
    expect(await noted(6)).to.deep.equal(["open", "1", "2", "3", "close", "completed"]);
  });

  it("delivers nothing that comes behind its own close, and pings nobody who has left", async () => {
    class Closing extends Echo {
      static readonly websocket: WebSocketOptions = { pingInterval: 50, pingTimeout: 20 };
      override onMessage(message: string): Promise<void> {
        note(message);
        this.close(4000);
        return Promise.resolve();
      }
    }
    await using app = await serving(Closing);
    const socket = await opened(app);
    expect(await socket.text("1").nextClose()).to.equal("4000");
    socket.text("2").send(opcodes.close, closing(4000));
    expect(await noted(4)).to.deep.equal(["open", "1", "close 4000", "completed"]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(logged("general")).to.deep.equal([]);
  });

  it("aborts the signal when the client leaves, and runs onClose when the hook has ended", async () => {
    class Waiting extends Echo {
      override async onMessage(): Promise<void> {
        note("waiting");
        await once(this.signal, "abort");
        note("aborted");
        await this.writeMessage("nobody");
      }
    }
    await using app = await serving(Waiting);
    const socket = await opened(app);
    socket.text("x");
    await noted(2);
    socket.client.close();
    expect(await noted(5)).to.deep.equal(["open", "waiting", "aborted", "close", "clientClosed"]);
  });

  describe("an error in a hook", () => {
    it("is one line of the log and a close with 1011, and what waits is dropped", async () => {
      class Failing extends Echo {
        override onMessage(message: string): Promise<void> {
          note(message);
          throw new Error("on purpose");
        }
      }
      await using app = await serving(Failing);
      const socket = await opened(app);
      expectLog(/Uncaught exception GET \/ws \(127\.0\.0\.1\)[^]*on purpose/);
      expect(await socket.text("1").text("2").nextClose()).to.equal("1011");
      socket.send(opcodes.close, closing(1011));
      expect(await noted(4)).to.deep.equal(["open", "1", "close 1011", "error"]);
    });

    it("in open or onClose ends the socket alike; onClose still runs", async () => {
      class Failing extends Echo {
        override open(): Promise<void> {
          return Promise.reject(new Error("in open"));
        }
        override onClose(): void {
          note("close");
          throw new Error("in close");
        }
      }
      await using app = await serving(Failing);
      const socket = await opened(app);
      expectLog(/Uncaught exception GET \/ws [^]*in open/, /Uncaught exception GET \/ws [^]*in close/);
      expect(await socket.nextClose()).to.equal("1011");
      socket.client.close();
      expect(await noted(2)).to.deep.equal(["close", "error"]);
    });

    it("that was foreseen says its reason, and closes with 1008 or 1013", async () => {
      class Refusing extends Echo {
        override onMessage(status: string): Promise<void> {
          throw new HTTPError(Number(status), "told so");
        }
      }
      await using app = await serving(Refusing);
      expectLog(/closed 1008 GET \/ws \(127\.0\.0\.1\): told so$/, /closed 1013 GET \/ws \(127\.0\.0\.1\): told so$/);
      expect(await (await opened(app)).text("403").nextClose()).to.equal("1008");
      expect(await (await opened(app)).text("503").nextClose()).to.equal("1013");
    });
  });

  describe("#writeMessage", () => {
    it("sends text, bytes and JSON, and each as the other kind when asked to", async () => {
      class Kinds extends WebSocketHandler {
        override async open(): Promise<void> {
          await this.writeMessage("a");
          await this.writeMessage("b", true);
          await this.writeMessage(Buffer.from("c"));
          await this.writeMessage(Buffer.from("d"), false);
          await this.writeMessage([1]);
        }
        onMessage(): void {}
      }
      await using app = await serving(Kinds);
      const socket = await opened(app);
      const frames = [];
      for (let i = 0; i < 5; i++) frames.push(await socket.next());
      expect(frames.map(({ opcode, payload }) => `${opcode} ${payload.toString()}`)).to.deep.equal([
        "1 a",
        "2 b",
        "2 c",
        "1 d",
        "1 [1]",
      ]);
    });

    it("refuses what is no message, before anything is sent", async () => {
      class Wrong extends WebSocketHandler {
        override open(): void {
          for (const wrong of [5, null, undefined, new Error("x"), Promise.resolve()]) {
            expect(() => this.writeMessage(wrong as never)).to.throw(/message|JSON|throw it/);
          }
          expect(() => this.writeMessage(Buffer.from([255]), false)).to.throw(/not UTF-8/);
          expect(() => this.ping("x".repeat(126))).to.throw(/at most 125 bytes/);
          for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
            expect(() => this.close(code), String(code)).to.throw(/close: the code is/);
          }
          expect(() => this.close(1000, "é".repeat(62))).to.throw(/at most 123 bytes/);
          this.close(3000, "done");
        }
        onMessage(): void {}
      }
      await using app = await serving(Wrong);
      expect(await (await opened(app)).nextClose()).to.equal("3000 done");
    });

    it("rejects with WebSocketClosedError on a closed socket, unreported if nobody asks", async () => {
      let handler!: Kept;
      class Kept extends Echo {
        override open(): void {
          handler = keep(this);
          note("open");
        }
      }
      await using app = await serving(Kept);
      const socket = await opened(app);
      socket.client.close();
      await noted(3);
      void handler.writeMessage("unreported");
      const error: unknown = await handler.writeMessage("x").catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(WebSocketClosedError);
      expect(() => handler.ping()).to.throw(WebSocketClosedError);
      handler.close(1000);
    });

    it("settles when the client takes it, and cuts off who does not read while others send", async () => {
      let handler!: Flood;
      class Flood extends Echo {
        static readonly websocket: WebSocketOptions = { maxBuffer: 500_000 };
        override open(): void {
          handler = keep(this);
          note("open");
        }
      }
      await using app = await serving(Flood);
      const socket = await opened(app);
      await noted(1);
      socket.client.socket.pause();
      const chunk = "x".repeat(100_000);
      // The kernel takes some; then one waits.
      let waiting: Promise<void> | undefined;
      for (let i = 0; i < 1000 && waiting === undefined; i++) {
        const sent = handler.writeMessage(chunk);
        const first = await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 50, "waits"))]);
        if (first === "waits") waiting = sent;
      }
      expect(waiting, "something waits").to.be.instanceOf(Promise);
      const outcomes = Promise.allSettled(Array.from({ length: 20 }, () => handler.writeMessage(chunk)));
      await untilLogged(/closed \(127\.0\.0\.1\): the client reads more slowly than its messages come$/);
      expect((await outcomes).at(-1)).to.include({ status: "rejected" });
      expect(await noted(3)).to.deep.equal(["open", "close", "clientClosed"]);
    });
  });

  it("is not ended by the route's timeout, which is for the handshake alone", async () => {
    class Limited extends Echo {
      override async prepare(): Promise<void> {
        if (this.getArgument("slow", "") !== "") await once(this.signal, "abort");
      }
      override async onMessage(): Promise<void> {
        await this.writeMessage(`${await this.timeLeft()} ${this.signal.aborted}`);
      }
      @RunOnExecutor()
      async timeLeft(): Promise<string> {
        return String(ExecutorContext.current()?.deadline);
      }
    }
    const executors = { default: new InlineExecutor() };
    await using app = await serve([route("/ws", Limited, undefined, { timeout: 100 })], { executors });
    const socket = await opened(app);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await socket.text("x").nextText()).to.equal("undefined false");
    expectLog(/503 GET \/ws\?slow=1 .*: no answer within 100 ms$/);
    expect(await app.connect().send(handshake("/ws?slow=1")).end()).to.match(/^HTTP\/1\.1 503 /);
  });

  it("names, in development, a hook that holds the event loop, before and behind an await", async () => {
    class Holding extends Echo {
      override async onMessage(message: string): Promise<void> {
        if (message === "behind") await new Promise(setImmediate);
        sleepSync(250);
      }
    }
    await using app = await serving(Holding, { blockedLoopThreshold: 150 });
    expectLog(/Holding\.onMessage held the event loop for \d+ ms \(.*websocket-handler\.spec/);
    (await opened(app)).text("before");
    await untilLogged(/Holding\.onMessage held/);
    class Behind extends Holding {}
    await using other = await serving(Behind, { blockedLoopThreshold: 150 });
    expectLog(/Behind\.onMessage held the event loop for \d+ ms behind an await/);
    (await opened(other)).text("behind");
    await untilLogged(/Behind\.onMessage held/);
  });

  it("has no line in the log where there is no access log", async () => {
    await using app = await serving(Echo, { accessLog: false });
    await (await opened(app)).text("x").nextText();
    expect(logged()).to.deep.equal([]);
  });

  it("answers pings by itself, and tells of pings and pongs", async () => {
    class Pinging extends Echo {
      override open(): void {
        this.ping("data");
      }
      override onPing(data: Uint8Array): void {
        note(`ping ${Buffer.from(data).toString()}`);
      }
      override onPong(data: Uint8Array): void {
        note(`pong ${Buffer.from(data).toString()}`);
      }
    }
    await using app = await serving(Pinging);
    const socket = await opened(app);
    const ping = await socket.next();
    expect([ping.opcode, ping.payload.toString()]).to.deep.equal([opcodes.ping, "data"]);
    socket.send(opcodes.pong, "data").send(opcodes.ping, "mine");
    const pong = await socket.next();
    expect([pong.opcode, pong.payload.toString()]).to.deep.equal([opcodes.pong, "mine"]);
    expect(await noted(2)).to.deep.equal(["pong data", "ping mine"]);
  });

  it("chooses a subprotocol of those that are offered", async () => {
    class Choosing extends Echo {
      override selectSubprotocol(offered: readonly string[]): string | undefined {
        note(offered.join("|"));
        return offered.find((name) => name !== "v1");
      }
      override open(): void {
        note(String(this.selectedSubprotocol));
      }
    }
    await using app = await serving(Choosing);
    const socket = await opened(app, "/ws", { "Sec-WebSocket-Protocol": "v1, v2" });
    expect(parseAnswer(socket.client.received).headers).to.include({ "sec-websocket-protocol": "v2" });
    const plain = await opened(app);
    expect(parseAnswer(plain.client.received).headers).not.to.have.property("sec-websocket-protocol");
    expect(await noted(4)).to.deep.equal(["v1|v2", "v2", "", "undefined"]);
  });
});

// Plain requests of the same server are served as ever.
describe("a server with WebSockets", () => {
  it("serves plain routes, upgrades of other kinds and upgrades to plain routes as if they had not asked", async () => {
    class Plain extends RequestHandler {
      get(): string {
        return "plain";
      }
      async post(): Promise<string> {
        return this.request.body.toString();
      }
    }
    events = [];
    changed = new EventEmitter();
    await using app = await serve([route("/plain", Plain), route("/ws", Echo)]);
    const h2c = handshake("/plain", { Upgrade: "h2c" });
    const post = handshake("/plain", { "Content-Length": "4", Connection: "close, Upgrade" }).replace("GET", "POST");
    // Node drops what stands in one packet behind an upgrade that it ignores.
    const client = app.connect().send(h2c);
    await client.until(/plain/);
    const answers = await client.send(`${post}body`).end();
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).to.have.length(2);
    expect(answers)
      .to.include("plain")
      .and.match(/\r\n\r\nbody$/);
    const upgrade = parseAnswer(await app.connect().send(handshake("/plain")).end());
    expect(upgrade).to.include({ status: 200, body: "plain" });
    expectLog(/404 GET \/none/);
    expect(parseAnswer(await app.connect().send(handshake("/none")).end()).status).to.equal(404);
  });
});
