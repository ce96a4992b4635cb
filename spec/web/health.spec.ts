import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ConfigurationError, InlineExecutor, RequestHandler, Route, RunOnExecutor, route } from "waterspout";
import { startApplication } from "waterspout/testing";
import { Health, type HealthOptions, type Vitals } from "#src/web/health.js";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { RawClient } from "../support/raw-client.js";
import { get, serve } from "../support/serve.js";

class Hello extends RequestHandler {
  get(): string {
    return "hello";
  }
}

/** What a test waits for. */
class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

function health(options: HealthOptions = {}, vitals: Partial<Vitals> = {}): Health {
  return new Health(options, { rss: () => 0, queueFill: () => 0, ...vitals });
}

describe("Health", () => {
  it("is overloaded when the loop is late twice in succession, and until it is not", () => {
    expectLog(/W .* requests are refused: the event loop is 120 ms late/);
    const watched = health({ maxLoopDelay: 100 });
    const seen = [150, 100, 110, 120, 130, 0].map((late) => {
      watched.look(late);
      return watched.overload;
    });
    expect(seen).to.deep.equal([undefined, undefined, undefined, "loop", "loop", undefined]);
    expect(logged("general")).to.have.length(2);
  });

  it("is never overloaded by the loop when its mark is 0", () => {
    const watched = health({ maxLoopDelay: 0 });
    for (let look = 0; look < 3; look++) watched.look(1e6);
    expect(watched.overload).to.equal(undefined);
  });

  it("is overloaded by memory, which is read now and then", () => {
    expectLog(/W .* requests are refused: more than 100 MiB are in use/);
    let reads = 0;
    let rss = 101 * 2 ** 20;
    const watched = health({ maxRssMb: 100 }, { rss: () => (reads++, rss) });
    watched.look(0);
    expect([watched.overload, watched.reasons(false)]).to.deep.equal(["memory", ["memory"]]);
    rss = 99 * 2 ** 20;
    for (let look = 0; look < 40; look++) watched.look(0);
    expect([watched.overload, reads]).to.deep.equal([undefined, 3]);
  });

  it("does not read the memory without a mark", () => {
    health({}, { rss: () => expect.fail("read") }).look(0);
  });

  it("is not ready while it drains and when a queue is as full as it may be", () => {
    let queueFill = 0;
    const watched = health({ maxQueueFill: 0.5 }, { queueFill: () => queueFill });
    expect(watched.reasons(false)).to.deep.equal([]);
    queueFill = 0.5;
    expect(watched.reasons(true)).to.deep.equal(["draining", "queue"]);
    queueFill = 0.4;
    expect(watched.reasons(false)).to.deep.equal([]);
  });

  for (const [options, text] of [
    [{ path: "healthz" }, /path must be like "\/healthz"/],
    [{ path: "/healthz/" }, /path must be like/],
    [{ path: 1 }, /path must be like/],
    [{ maxQueueFill: 2 }, /maxQueueFill must be a number of at least 0 and at most 1/],
    [{ maxLoopDelay: -1 }, /maxLoopDelay must be/],
    [{ maxRSSMb: 1 }, /unknown option "maxRSSMb"/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => health(options as never)).to.throw(ConfigurationError, text);
    });
  }
});

describe("an application's health", () => {
  it("is answered off the table, without a line in the log", async () => {
    await using app = await serve([route("/*", Hello)]);
    for (const path of ["/healthz/live", "/healthz/ready"]) {
      const answer = await app.fetch(path);
      expect([answer.status, answer.headers.get("cache-control"), await answer.text()]).to.deep.equal([
        200,
        "no-store",
        '{"status":"ok"}',
      ]);
    }
    expect(logged("access")).to.deep.equal([]);
    expect((await app.fetch("/healthz/ready", { method: "HEAD" })).status).to.equal(200);
    const refused = await app.fetch("/healthz/live", { method: "POST" });
    expect([refused.status, refused.headers.get("allow")]).to.deep.equal([405, "GET, HEAD"]);
    expect(await app.text("/healthz")).to.equal("hello");
  });

  it("is answered whatever the host: who asks knows an address only", async () => {
    await using app = await startApplication({ handlers: [route("/", Hello)], allowedHosts: ["a.example"] });
    expect((await app.fetch("/healthz/live")).status).to.equal(200);
  });

  it("may stand elsewhere, or nowhere", async () => {
    await using elsewhere = await serve([route("/*", Hello)], { health: { path: "/up" } });
    expect(await elsewhere.text("/up/live")).to.equal('{"status":"ok"}');
    expect(await elsewhere.text("/healthz/live")).to.equal("hello");
    await using nowhere = await serve([route("/*", Hello)], { health: false });
    expect(await nowhere.text("/healthz/live")).to.equal("hello");
  });

  it("is not ready while it drains, and lives", async () => {
    const [entered, leave] = [new Gate(), new Gate()];
    @Route("/held")
    class Held extends RequestHandler {
      async get(): Promise<string> {
        entered.open();
        await leave.opened;
        return "held";
      }
    }
    const app = await startApplication({ handlers: [Held], drainLinger: 2_000 });
    const clients = ["live", "ready"].map(() => new RawClient(Number(new URL(app.url).port)));
    for (const client of clients) await client.connected();
    const held = app.fetch("/held");
    await entered.opened;
    const stopped = app.stop();
    const answers = clients.map((client, index) =>
      client.send(get(`/healthz/${index === 0 ? "live" : "ready"}`)).end(),
    );
    const [live, ready] = await Promise.all(answers);
    leave.open();
    await held;
    await stopped;
    expect(live).to.match(/^HTTP\/1\.1 200 OK/);
    expect(ready).to.match(
      /^HTTP\/1\.1 503 [^]*Connection: close[^]*\{"status":"unavailable","reasons":\["draining"\]\}$/,
    );
  });

  it("is not ready while a queue is full, and serves what needs none", async () => {
    const leave = new Gate();
    @Route("/work")
    class Work extends RequestHandler {
      get(): Promise<string> {
        return this.wait();
      }
      @RunOnExecutor()
      async wait(): Promise<string> {
        await leave.opened;
        return "done";
      }
    }
    const executor = new InlineExecutor({ concurrency: 1, maxQueue: 1 });
    await using app = await serve([Work, route("/", Hello)], { executors: { default: executor } });
    const work = [app.text("/work"), app.text("/work")];
    while (executor.stats().queued < 1) await turn();
    expect(await (await app.fetch("/healthz/ready")).json()).to.deep.equal({
      status: "unavailable",
      reasons: ["queue"],
    });
    expect(await app.text("/")).to.equal("hello");
    leave.open();
    expect(await Promise.all(work)).to.deep.equal(["done", "done"]);
    expect((await app.fetch("/healthz/ready")).status).to.equal(200);
  });

  it("refuses requests with Retry-After while there is too much to do, and still answers for its health", async () => {
    // No process is that small.
    await using app = await startApplication({ handlers: [route("/", Hello)], health: { maxRssMb: 1 } });
    expectLog(/requests are refused: more than 1 MiB are in use/, /503 GET \/ .*: too much to do: memory$/);
    await untilLogged(/requests are refused/);
    const refused = await app.fetch("/");
    expect([refused.status, refused.headers.get("retry-after"), await refused.json()]).to.deep.equal([
      503,
      "1",
      { title: "Service Unavailable", status: 503 },
    ]);
    expect((await app.fetch("/healthz/ready")).status).to.equal(503);
    expect((await app.fetch("/healthz/live")).status).to.equal(200);
  });
});
