import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ConfigurationError,
  RequestHandler,
  type StopReport,
  ThreadPoolExecutor,
  WebSocketHandler,
  route,
} from "waterspout";
import { type RunningApplication, startApplication } from "waterspout/testing";
import { temporaryFolder } from "../support/folder.js";
import { expectLog, logged } from "../support/log.js";
import { RawClient } from "../support/raw-client.js";
import { startProgram } from "../support/program.js";
import { ServedProgram } from "../support/served-program.js";
import { serve } from "../support/serve.js";
import { until } from "../support/until.js";
import { RawWebSocket, closing, handshake, opcodes } from "../support/websocket-client.js";
import { story } from "./fixtures/socket-program.js";

const program = new URL("./fixtures/socket-program.js", import.meta.url);

class Echo extends WebSocketHandler {
  async onMessage(message: string | Uint8Array): Promise<void> {
    await this.writeMessage(message);
  }
}

describe("WebSockets", () => {
  const clients: RawClient[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  async function opened(url: string, path = "/ws"): Promise<RawWebSocket> {
    const client = new RawClient(Number(new URL(url).port));
    clients.push(client);
    return RawWebSocket.open(client, path);
  }

  describe("and what is injected", () => {
    let app: RunningApplication;

    beforeEach(async () => {
      story.length = 0;
      app = await startApplication(program, { executors: { default: new ThreadPoolExecutor({ maxThreads: 1 }) } });
    });

    afterEach(() => app.stop());

    it("keeps services of the connection until it has ended, and runs executor methods of services and of itself", async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "state");
      const first = await opened(app.url);
      expect(await first.nextText()).to.equal(`${process.pid} session 1`);
      const second = await opened(app.url);
      expect(await second.nextText()).to.equal(`${process.pid} session 2`);
      expect(await first.text("abc").nextText()).to.equal("ABC");
      first.send(opcodes.close, closing(1000));
      expect(await first.nextClose()).to.equal("1000");
      await until(() => story.includes("disposed"));
      expect(story).to.deep.equal(["made", "made", "closed session 1", "disposed"]);
      // Its task is cancelled as that of a request whose client leaves.
      second.text(`sleep ${file}`);
      await until(() => read(file) === "runs");
      second.client.close();
      await until(() => read(file).startsWith("cancelled"));
      expect(read(file)).to.equal("cancelled true");
      await until(() => story.length === 6);
      expect(story.slice(4)).to.deep.equal(["closed session 2", "disposed"]);
      expect(logged("application")).to.deep.equal([]);
    });

    it("lives through an error in a hook", async () => {
      const socket = await opened(app.url);
      await socket.nextText();
      expectLog(/Uncaught exception GET \/ws [^]*on purpose/);
      expect(await socket.text("fail").nextClose()).to.equal("1011");
      const next = await opened(app.url);
      await next.nextText();
      expect(await next.text("on").nextText()).to.equal("ON");
    });
  });

  describe("in a drain", () => {
    const running = (more: object = {}): Promise<RunningApplication> =>
      startApplication({ handlers: [route("/ws", Echo), route("/plain", Plain)], ...more });

    async function timed(stopping: Promise<StopReport>): Promise<StopReport & { took: number }> {
      const started = performance.now();
      return { ...(await stopping), took: performance.now() - started };
    }

    it("are served through the linger, then closed with 1001; those that answer are no matter", async () => {
      const app = await running({ drainLinger: 200 });
      const socket = await opened(app.url);
      const stopped = timed(app.stop());
      expect(await socket.text("still").nextText()).to.equal("still");
      expect(await socket.nextClose()).to.equal("1001 going away");
      socket.send(opcodes.close, closing(1001));
      await socket.client.end();
      const { took, ...report } = await stopped;
      expect(took).to.be.within(150, 5_000);
      expect(Object.values(report).every((number) => number === 0)).to.equal(true);
    });

    it("are answered what they have asked before, and a hook that takes too long is not waited for", async () => {
      const waiting: (() => void)[] = [];
      class Working extends Echo {
        override async onMessage(message: string): Promise<void> {
          await new Promise<void>((resolve) => waiting.push(resolve));
          await this.writeMessage(message);
        }
      }
      const app = await running({ handlers: [route("/ws", Working)], websocket: { closeTimeout: 300 } });
      const [quick, stuck] = [await opened(app.url), await opened(app.url)];
      quick.text("answered");
      await until(() => waiting.length === 1);
      stuck.text("never");
      await until(() => waiting.length === 2);
      const stopped = app.stop();
      // The drain has begun by then.
      await new Promise((resolve) => setTimeout(resolve, 50));
      waiting[0]?.();
      expect(await quick.nextText()).to.equal("answered");
      for (const socket of [quick, stuck]) {
        expect(await socket.nextClose()).to.equal("1001 going away");
        socket.send(opcodes.close, closing(1001));
      }
      waiting[1]?.();
      expect(await stopped).to.include({ cutSockets: 0 });
    });

    it("are cut off when they do not answer, long before the gracePeriod, and counted", async () => {
      const app = await running({ gracePeriod: 60_000, websocket: { closeTimeout: 100 } });
      const socket = await opened(app.url);
      const other = await opened(app.url);
      expectLog(/not all was done when the server stopped: 2 WebSockets were cut off$/);
      const { took, ...report } = await timed(app.stop());
      expect(took).to.be.below(10_000);
      expect(report).to.deep.include({ cutSockets: 2, cutRequests: 0, expiredRequests: 0 });
      expect(await socket.nextClose()).to.equal("1001 going away");
      await Promise.all([socket.client.end(), other.client.end()]);
    });

    it("are cut off at the end of the gracePeriod at the latest", async () => {
      const app = await running({ gracePeriod: 200, drainLinger: 150, websocket: { closeTimeout: 60_000 } });
      const socket = await opened(app.url);
      expectLog(/1 WebSocket was cut off$/);
      expect(await app.stop()).to.include({ cutSockets: 1, cutRequests: 0 });
      expect(await socket.nextClose()).to.equal("1001 going away");
    });

    it("are not opened any more: 503", async () => {
      const app = await running({ drainLinger: 300 });
      const client = new RawClient(Number(new URL(app.url).port));
      clients.push(client);
      await client.send("GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n").until(/plain/);
      const stopped = app.stop();
      expectLog(/503 GET \/ws .*: the server ends$/);
      expect(await client.send(handshake("/ws")).end()).to.match(/HTTP\/1\.1 503 /);
      await stopped;
    });

    it("have their hooks waited for, and no longer than the gracePeriod", async () => {
      const done: string[] = [];
      class Slow extends Echo {
        override async onClose(): Promise<void> {
          await new Promise((resolve) => setTimeout(resolve, 100));
          done.push("closed");
        }
      }
      class Stuck extends Echo {
        override onClose(): Promise<void> {
          return new Promise(() => {});
        }
      }
      for (const handler of [Slow, Stuck]) {
        const app = await running({ handlers: [route("/ws", handler)], gracePeriod: 400 });
        const socket = await opened(app.url);
        const stopped = app.stop();
        await socket.nextClose();
        socket.client.close();
        await stopped;
      }
      expect(done).to.deep.equal(["closed"]);
    });
  });

  it("are told to go at a reload, and the program ends at once when it is told to", async function () {
    this.timeout(60_000);
    await using served = new ServedProgram(program, ["serve", "2"]);
    const url = await served.url("");
    const socket = await opened(url);
    const pid = /^\d+/.exec(await socket.nextText())?.[0];
    served.program.kill("SIGHUP");
    expect(await socket.nextClose()).to.equal("1001 going away");
    socket.send(opcodes.close, closing(1001));
    await socket.client.end();
    const again = await opened(url);
    expect(await again.nextText()).not.to.match(new RegExp(`^${pid} `));
    expect(await again.text("served").nextText()).to.equal("SERVED");
    const ended = served.stop();
    expect(await again.nextClose()).to.equal("1001 going away");
    again.client.close();
    expect(await ended).to.deep.equal({ code: 0, signal: null });
  });

  describe("at the start", () => {
    const starting = (handler: typeof Echo, options: object = {}) => serve([route("/ws", handler as never)], options);

    async function refusal(handler: typeof Echo, options?: object): Promise<string> {
      const error: unknown = await starting(handler, options).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConfigurationError);
      return (error as Error).message;
    }

    it("refuse options that contradict a rule, of the definition and of a class, and say whose", async () => {
      class Wrong extends Echo {
        static readonly websocket = { pingTimeout: 40_000 };
      }
      expect(await refusal(Wrong)).to.match(
        /^Wrong\.websocket: pingTimeout must be .* at most pingInterval \(30000\), got 40000$/,
      );
      expect(await refusal(Echo, { websocket: { maxMessageSize: 0 } })).to.match(/maxMessageSize must be an integer/);
      expect(await refusal(Echo, { websocket: { pingIntervall: 1 } })).to.match(/unknown option "pingIntervall"/);
    });

    it("refuse an async hook whose promise would pass for a yes, and a class without onMessage", async () => {
      class Async extends Echo {
        override checkOrigin(): boolean {
          return true;
        }
      }
      Async.prototype.checkOrigin = async function () {} as never;
      expect(await refusal(Async)).to.match(/^Async\.checkOrigin\(\) must not be async/);
      const None = class extends (WebSocketHandler as unknown as typeof Echo) {};
      Object.defineProperty(None.prototype, "onMessage", { value: undefined });
      expect(await refusal(None)).to.match(/has no onMessage\(message\)/);
    });
  });

  it("cost a server nothing that has none: their library is not loaded", async () => {
    const code = (handler: string): string => `
      import { createRequire } from "node:module";
      import { Application, HTTPServer, RequestHandler, WebSocketHandler, route } from "waterspout";
      class Plain extends RequestHandler { get() { return "plain"; } }
      class Socket extends WebSocketHandler { onMessage() {} }
      const server = new HTTPServer(new Application({ handlers: [route("/", ${handler})] }));
      await server.listen(0);
      const { cache } = createRequire(import.meta.url);
      console.log("loaded", Object.keys(cache).some((file) => file.includes("/node_modules/ws/")));
      await server.stop();`;
    for (const [handler, loaded] of [
      ["Plain", false],
      ["Socket", true],
    ] as const) {
      const started = startProgram("--input-type=module", [`--eval=${code(handler)}`]);
      await started.exited;
      await started.closed;
      expect(started.output()).to.include(`loaded ${loaded}`);
      await started.dispose();
    }
  });
});

class Plain extends RequestHandler {
  get(): string {
    return "plain";
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
