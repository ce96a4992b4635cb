import { expect } from "chai";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { ConfigurationError, StartError } from "#src/errors.js";
import { Application, HTTPServer, InlineExecutor, RequestHandler, Route, RunOnExecutor, route } from "waterspout";
// After waterspout, which brings the reflect-metadata that it needs.
import { singleton } from "tsyringe";
import { refusal } from "./support/refusal.js";
import { expectLog } from "./support/log.js";

/** What happened, in order. A test begins with an empty list. */
let events: string[] = [];
const bus = new EventEmitter();

function note(event: string): void {
  events.push(event);
  bus.emit(event);
}

class NotingExecutor extends InlineExecutor {
  override async shutdown(options: object = {}): Promise<void> {
    await super.shutdown(options);
    if (!events.includes("executor ended")) note("executor ended");
  }
}

@singleton()
class Store {
  constructor() {
    note("service made");
  }

  dispose(): void {
    note("service disposed");
  }
}

@Route("/ping")
class PingHandler extends RequestHandler {
  get(): string {
    return "pong";
  }
}

/** Answers when it is released, with what an executor said. */
@Route("/held")
class HeldHandler extends RequestHandler {
  constructor(readonly store: Store) {
    super();
  }

  async get(): Promise<string> {
    const answer = this.work();
    note("held");
    return answer;
  }

  @RunOnExecutor()
  async work(): Promise<string> {
    await once(bus, "release");
    note("task done");
    return "worked";
  }
}

const handlers = [PingHandler, HeldHandler];

function serverOf(definition: object = {}): HTTPServer {
  const executors = { default: new NotingExecutor() };
  return new HTTPServer(
    new Application({ handlers, executors, accessLog: false, drainLinger: 0, blockedLoopThreshold: 0, ...definition }),
  );
}

function urlOf(address: AddressInfo, path: string): string {
  return `http://127.0.0.1:${address.port}${path}`;
}

describe("HTTPServer", () => {
  beforeEach(() => {
    events = [];
  });

  describe("#bind", () => {
    for (const port of [-1, 65_536, 80.5, Number.NaN, "80"]) {
      it(`refuses port ${JSON.stringify(port)}`, () => {
        expect(() => serverOf().bind(port as number)).to.throw(
          ConfigurationError,
          `a port is an integer from 0 to 65535, got ${port}`,
        );
      });
    }

    it("opens nothing", () => {
      const server = serverOf();
      server.bind(0);
      expect(server.address).to.equal(null);
    });
  });

  describe("#start", () => {
    it("is refused before bind", async () => {
      const failure = await refusal(serverOf().start());
      expect(failure).to.be.instanceOf(ConfigurationError);
      expect(failure.message).to.include("call bind(port) first");
    });

    it("is refused without handlers, and with debug in several processes", async () => {
      for (const [definition, processes, message] of [
        [{ handlers: [] }, 1, "the application has no handlers"],
        [{ debug: true }, 2, "debug cannot be used with 2 processes"],
        [{ debug: true }, 0, "debug cannot be used with one process per CPU"],
      ] as const) {
        const server = serverOf(definition);
        server.bind(0);
        const failure = await refusal(server.start(processes));
        expect(failure).to.be.instanceOf(ConfigurationError);
        expect(failure.message).to.include(message);
      }
    });

    it("refuses a number of processes that is none", async () => {
      const server = serverOf();
      server.bind(0);
      expect(await refusal(server.start(-1))).to.be.instanceOf(ConfigurationError);
    });
  });

  describe("#listen", () => {
    it("serves at the address that it returns", async () => {
      const server = serverOf();
      const address = await server.listen(0);
      expect(address.address).to.equal("127.0.0.1");
      expect(server.address).to.deep.equal(address);
      expect(await (await fetch(urlOf(address, "/ping"))).text()).to.equal("pong");
      await server.stop();
      expect(server.address).to.equal(null);
    });

    it("ends executors and services when the port is taken, and says what to do", async () => {
      const other = createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const server = serverOf();
      const failure = await refusal(server.listen(port, "127.0.0.1"));
      other.close();
      expect(failure).to.be.instanceOf(StartError);
      expect(failure.message).to.include(`cannot listen on 127.0.0.1:${port}: another program uses this port`);
      expect(events).to.deep.equal(["service made", "executor ended", "service disposed"]);
      await server.stop();
    });

    it("is refused while it serves, and after", async () => {
      const server = serverOf();
      await server.listen(0);
      expect((await refusal(server.listen(0))).message).to.include("it serves once, on one port");
      await server.stop();
      expect(await refusal(server.listen(0))).to.be.instanceOf(ConfigurationError);
    });
  });

  describe("#stop", () => {
    it("answers what is due, then ends the executors, then the services", async () => {
      const server = serverOf();
      const held = once(bus, "held");
      const answer = fetch(urlOf(await server.listen(0), "/held"));
      await held;
      const stopped = server.stop().then(() => note("stopped"));
      note("stop called");
      bus.emit("release");
      expect(await (await answer).text()).to.equal("worked");
      await stopped;
      expect(events).to.deep.equal([
        "service made",
        "held",
        "stop called",
        "task done",
        "executor ended",
        "service disposed",
        "stopped",
      ]);
    });

    it("accepts no further connection", async () => {
      const server = serverOf();
      const address = await server.listen(0);
      const held = once(bus, "held");
      const answer = fetch(urlOf(address, "/held"));
      await held;
      const stopped = server.stop();
      while (server.address !== null) await turn();
      expect(await refusal(fetch(urlOf(address, "/ping")))).to.be.instanceOf(TypeError);
      bus.emit("release");
      await (await answer).text();
      await stopped;
    });

    it("answers 503 to what is not done after the gracePeriod, cancels its tasks, and reports it", async () => {
      const server = serverOf({ gracePeriod: 50, accessLog: true });
      const held = once(bus, "held");
      const answer = fetch(urlOf(await server.listen(0), "/held"), { headers: { accept: "application/json" } });
      await held;
      expectLog(
        /access\] 503 GET \/held .*: not answered before the server's end$/,
        /not all was done when the server stopped: 1 request was answered 503, 1 task was cancelled$/,
      );
      expect(await server.stop()).to.deep.equal({
        expiredRequests: 1,
        cutRequests: 0,
        cutSockets: 0,
        cancelledTasks: 1,
        lostThreads: 0,
      });
      const response = await answer;
      expect([response.status, response.headers.get("connection")]).to.deep.equal([503, "close"]);
      expect(await response.json()).to.include({ status: 503 });
      expect(events.slice(-2)).to.deep.equal(["executor ended", "service disposed"]);
      bus.emit("release");
    });

    it("tells a handler by its signal that its time is over, and lets onFinish run once", async () => {
      const outcomes: string[] = [];
      class Waiting extends RequestHandler {
        async get(): Promise<string> {
          note("held");
          await once(this.signal, "abort");
          return "too late";
        }
        override onFinish(outcome: string): void {
          outcomes.push(outcome);
        }
      }
      const server = serverOf({ handlers: [route("/waiting", Waiting)], gracePeriod: 50, accessLog: true });
      const held = once(bus, "held");
      const answer = fetch(urlOf(await server.listen(0), "/waiting"));
      await held;
      expectLog(/503 GET \/waiting/, /1 request was answered 503$/);
      await server.stop();
      expect((await answer).status).to.equal(503);
      await turn();
      expect(outcomes).to.deep.equal(["timeout"]);
    });

    it("reports nothing when all was done", async () => {
      const server = serverOf();
      await server.listen(0);
      const report = { expiredRequests: 0, cutRequests: 0, cutSockets: 0, cancelledTasks: 0, lostThreads: 0 };
      expect(await server.stop()).to.deep.equal(report);
    });

    it("may be called twice, and before the server listens", async () => {
      const server = serverOf();
      const stopped = server.stop();
      expect(server.stop()).to.equal(stopped);
      await stopped;
    });

    it("ends a server that is still starting", async () => {
      const configuring = once(bus, "configuring");
      const configure = async (): Promise<void> => {
        bus.emit("configuring");
        await once(bus, "configured");
      };
      const server = serverOf({ configure });
      const failure = refusal(server.listen(0));
      await configuring;
      const stopped = server.stop();
      bus.emit("configured");
      await stopped;
      expect(events).to.deep.equal(["service made", "executor ended", "service disposed"]);
      expect(server.address).to.equal(null);
      expect(await failure).to.be.instanceOf(StartError);
      expect((await failure).message).to.include("it was stopped before it listened");
    });

    it("does not wait longer than the gracePeriod for a server that never starts", async () => {
      const server = serverOf({ gracePeriod: 20, configure: () => new Promise<void>(() => undefined) });
      void server.listen(0);
      await server.stop();
    });
  });

  describe("#closeAllConnections", () => {
    it("cuts off requests in flight", async () => {
      const server = serverOf();
      const held = once(bus, "held");
      const failure = refusal(fetch(urlOf(await server.listen(0), "/held")));
      await held;
      server.closeAllConnections();
      expect(await failure).to.be.instanceOf(TypeError);
      bus.emit("release");
      await server.stop();
    });

    it("does nothing before the server listens", () => {
      expect(() => serverOf().closeAllConnections()).not.to.throw();
    });
  });
});
