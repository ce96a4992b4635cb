import { EventEmitter, on, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import {
  ClientClosedError,
  type EventStream,
  type EventStreamOptions,
  Finish,
  type Outcome,
  RequestHandler,
  ResponseError,
  type ServerSentEvent,
  route,
} from "waterspout";
import { launchChromium } from "../support/chromium.js";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { type Served, get, serve } from "../support/serve.js";

/** How the last request of a test ended. */
let outcome: Promise<Outcome>;

/** Serves at `/` whatever `verb` answers. */
function serving(verb: (handler: RequestHandler) => unknown): Promise<Served> {
  let note!: (outcome: Outcome) => void;
  outcome = new Promise((resolve) => (note = resolve));
  class Events extends RequestHandler {
    get(): unknown {
      return verb(this);
    }
    override onFinish(ended: Outcome): void {
      note(ended);
    }
  }
  return serve([route("/", Events)]);
}

/** What an EventSource would read of the answer's chunks. */
const bodyOf = (raw: string): string =>
  raw
    .slice(raw.indexOf("\r\n\r\n") + 4)
    .replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, "")
    .replace(/\r\n$/, "");

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe("RequestHandler#events", () => {
  it("sends the headers at once, and each event when it is sent", async () => {
    const more = new EventEmitter();
    await using app = await serving(async (handler) => {
      const events = handler.events();
      await once(more, "more");
      await events.send("text");
      await events.send({ event: "news", id: 7, data: { a: ["é"] } });
      await events.send({ event: "end" });
    });
    const client = app.connect().send(get("/"));
    const head = await client.until(/\r\n\r\n/);
    expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).to.include("Content-Type: text/event-stream\r\n").and.include("Cache-Control: no-cache\r\n");
    expect(head).to.include("X-Accel-Buffering: no\r\n").and.not.include("data:");
    more.emit("more");
    expect(Buffer.from(bodyOf(await client.end()), "latin1").toString()).to.equal(
      'data: text\n\nevent: news\nid: 7\ndata: {"a":["é"]}\n\nevent: end\ndata: \n\n',
    );
    expect(await outcome).to.equal("completed");
  });

  it("makes events of what the verb yields", async () => {
    await using app = await serving(async function* (handler): AsyncGenerator<ServerSentEvent | string> {
      handler.events({ retry: 100 });
      yield { id: 1, data: 1 };
      yield "two\nlines";
      yield { data: null };
    });
    expect(await app.text("/")).to.equal("retry: 100\n\nid: 1\ndata: 1\n\ndata: two\ndata: lines\n\ndata: null\n\n");
  });

  it("makes events of an iterable that the verb returns", async () => {
    await using app = await serving((handler) => {
      handler.events();
      return [{ data: "a" }, { data: "b" }].values();
    });
    expect(await app.text("/")).to.equal("data: a\n\ndata: b\n\n");
  });

  it("knows where a client left off, in any script", async () => {
    const seen: (string | undefined)[] = [];
    await using app = await serving((handler) => void seen.push(handler.events().lastEventId));
    await app.text("/");
    await app.text("/", { headers: { "Last-Event-ID": Buffer.from("é7").toString("latin1") } });
    expect(seen).to.deep.equal([undefined, "é7"]);
  });

  it("answers HEAD and does not run on", async () => {
    let ran = 0;
    await using app = await serving(async (handler) => {
      const events = handler.events();
      for (; ; ran++) await events.send("x");
    });
    const answer = await app.fetch("/", { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type")]).to.deep.equal([200, "text/event-stream"]);
    expect([await outcome, ran]).to.deep.equal(["completed", 0]);
  });

  for (const [what, options, message] of [
    ["a heartbeat below zero", { heartbeat: -1 }, /heartbeat must be a whole number from 0 .*, got -1/],
    ["a retry that is no number", { retry: "1s" }, /retry must be .*, got 1s/],
    ["an option that does not exist", { heartBeat: 1 }, /unknown option "heartBeat"/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expectLog(message, /500 GET/);
      await using app = await serving((handler) => void handler.events(options as EventStreamOptions));
      expect((await app.fetch("/")).status).to.equal(500);
    });
  }

  it("comes too late after flush", async () => {
    expectLog(/setHeader\(\) after the headers were written/, /Cannot send error response/);
    await using app = await serving(async (handler) => {
      await handler.flush();
      handler.events();
    });
    await app.connect().send(get("/")).end();
    expect(await outcome).to.equal("error");
  });

  for (const [what, event, message] of [
    ["a number", 7, /an event is an object or a string, got number/],
    ["null", null, /an event is an object or a string/],
    ["bytes", new Uint8Array(1), /an event is an object or a string/],
    ["a function as data", { data: () => 1 }, /data is a string or what JSON can show, got function/],
    ["a promise as data", { data: Promise.resolve(1) }, /class Promise has nothing that JSON shows/],
    ["an id of two lines", { id: "1\n2" }, /id is one line/],
  ] as const) {
    it(`sends nothing of an event that is ${what}`, async () => {
      let failure: unknown;
      await using app = await serving(async (handler) => {
        const events = handler.events();
        failure = await events.send(event as ServerSentEvent).catch((error: unknown) => error);
        await events.send("after");
      });
      expect(await app.text("/")).to.equal("data: after\n\n");
      expect(failure).to.be.instanceOf(ResponseError).with.property("message").that.matches(message);
    });
  }
});

describe("a stream of events", () => {
  it("is kept alive by comments while nothing happens", async () => {
    await using app = await serving((handler) => handler.events({ heartbeat: 5 }).ended());
    const client = app.connect().send(get("/"));
    await client.until(/:\n\n[\s\S]*:\n\n/);
    client.close();
    expect(await outcome).to.equal("clientClosed");
  });

  it("has no timer after its end, and none without a heartbeat", async () => {
    const { setInterval: original, clearInterval: originalClear } = globalThis;
    const running = new Set<unknown>();
    const patched = ((...args: Parameters<typeof original>) => {
      const timer = original(...args);
      if (args[1] === 54_321) running.add(timer);
      return timer;
    }) as typeof original;
    Object.assign(globalThis, {
      setInterval: patched,
      clearInterval: (timer: NodeJS.Timeout) => {
        running.delete(timer);
        originalClear(timer);
      },
    });
    try {
      await using app = await serving((handler) =>
        handler.events({ heartbeat: Number(handler.getArgument("beat")) }).ended(),
      );
      const client = app.connect().send(get("/?beat=54321"));
      await client.until(/\r\n\r\n/);
      expect(running.size).to.equal(1);
      client.close();
      await outcome;
      expect(running.size).to.equal(0);
      const other = app.connect().send(get("/?beat=0"));
      await other.until(/\r\n\r\n/);
      expect(running.size).to.equal(0);
    } finally {
      Object.assign(globalThis, { setInterval: original, clearInterval: originalClear });
    }
  });

  it("ends when the client leaves: the loop that sends, too", async () => {
    let failure: unknown;
    await using app = await serving(async (handler) => {
      const events = handler.events();
      try {
        for (;;) await events.send("x".repeat(1000));
      } catch (error) {
        failure = error;
        throw error;
      }
    });
    const client = app.connect().send(get("/"));
    await client.until(/xxx/);
    client.close();
    expect(await outcome).to.equal("clientClosed");
    expect(failure).to.be.instanceOf(ClientClosedError);
    await untilLogged(/499 GET \/ /);
  });

  it("waits for a client that reads slowly", async () => {
    const bus = new EventEmitter();
    let sent = 0;
    await using app = await serving(async (handler) => {
      const events = handler.events();
      for (; sent < 10_000; sent++) {
        const sending = events.send("x".repeat(10_000));
        const room = await Promise.race([sending.then(() => true), turns(100).then(() => false)]);
        if (!room) bus.emit("waiting");
        await sending;
      }
      bus.emit("waiting");
    });
    const client = app.connect();
    client.socket.pause();
    client.send(get("/"));
    await once(bus, "waiting");
    // What the kernel's buffers hold.
    expect(sent).to.be.below(5_000);
    client.close();
    expect(await outcome).to.equal("clientClosed");
  });

  it("is cut off when nobody waits and too much does", async () => {
    const refused: unknown[] = [];
    await using app = await serving(async (handler) => {
      const events = handler.events({ maxBuffer: 100_000 });
      while (refused.length === 0) {
        events.send("x".repeat(10_000)).catch((error: unknown) => refused.push(error));
        await Promise.resolve();
      }
      expect(handler.signal.aborted).to.equal(true);
    });
    const client = app.connect();
    client.socket.pause();
    client.send(get("/"));
    expect(await outcome).to.equal("clientClosed");
    expect(refused[0]).to.be.instanceOf(ClientClosedError);
    expect(logged("general")).to.include("closed (127.0.0.1): the client reads more slowly than its events come");
  });

  describe("when the server drains", () => {
    /** Stops the server while `verb` streams; what the client got, and how long it took. */
    async function drained(verb: (handler: RequestHandler) => unknown): Promise<string> {
      const app = await serving(verb);
      const client = app.connect().send(get("/").replace("close", "keep-alive"));
      await client.until(/open/);
      await app.stop();
      return client.end();
    }

    it("tells the client when to come back, and ends complete", async () => {
      const bus = new EventEmitter();
      let left = false;
      const received = await drained(async function* (handler) {
        try {
          handler.events({ retry: 1000 });
          yield "open";
          for await (const [news] of on(bus, "news", { signal: handler.signal })) yield news as string;
        } finally {
          left = true;
        }
      });
      const [, retry] = /data: open\n\n[\s\S]*retry: (\d+)\n\n\r\n0\r\n\r\n$/.exec(received) ?? [];
      expect(Number(retry)).to.be.within(1000, 1999);
      expect([left, await outcome, bus.listenerCount("news")]).to.deep.equal([true, "completed", 0]);
      await untilLogged(/200 GET \/ /);
    });

    it("ends a loop that sends", async () => {
      let failure: unknown;
      await drained(async (handler) => {
        const events = handler.events();
        const tick = new EventEmitter();
        await events.send("open");
        handler.signal.addEventListener("abort", () => tick.emit("tick"));
        await once(tick, "tick");
        failure = await events.send("late").catch((error: unknown) => error);
        throw failure as Error;
      });
      expect(failure).to.be.instanceOf(Finish);
      expect(await outcome).to.equal("completed");
    });

    it("ends a verb that leaves the sending to others", async () => {
      const streams = new Set<EventStream>();
      await drained(async (handler) => {
        const events = handler.events();
        streams.add(events);
        await events.send("open");
        await events.ended();
        streams.delete(events);
      });
      expect([await outcome, streams.size]).to.deep.equal(["completed", 0]);
    });

    it("ends one that opens in the linger", async () => {
      const opening = route(
        "/",
        class extends RequestHandler {
          get(): Promise<void> {
            return this.events().ended();
          }
        },
      );
      const app = await serve([opening], { drainLinger: 1000 });
      const client = await app.connect().connected();
      const stopped = app.stop();
      client.send(get("/"));
      expect(bodyOf(await client.end())).to.match(/^retry: \d+\n\n$/);
      await stopped;
    });
  });
});

describe("events in a browser", () => {
  let browser: Awaited<ReturnType<typeof launchChromium>> | undefined;

  before(async function () {
    browser = await launchChromium(this);
  });
  after(() => browser?.close());

  it("come with their types and ids, and go on where they ended", async () => {
    class Page extends RequestHandler {
      get(): string {
        return '<link rel="icon" href="data:," />';
      }
    }
    class Numbers extends RequestHandler {
      async *get(): AsyncGenerator<ServerSentEvent> {
        const { lastEventId } = this.events({ retry: 1 });
        const next = Number(lastEventId ?? 0) + 1;
        yield { id: next, event: "number", data: { next, line: "a\nb" } };
      }
    }
    await using app = await serve([route("/page", Page), route("/numbers", Numbers)]);
    const page = await browser?.newPage();
    await page?.goto(`${app.url}/page`);
    const received = await page?.evaluate(`new Promise((resolve) => {
      const received = [];
      const source = new EventSource("/numbers");
      source.addEventListener("number", ({ data, lastEventId }) => {
        received.push([lastEventId, JSON.parse(data)]);
        if (received.length < 3) return;
        source.close();
        resolve(received);
      });
    })`);
    expect(received).to.deep.equal([1, 2, 3].map((next) => [String(next), { next, line: "a\nb" }]));
    await page?.close();
  });
});
