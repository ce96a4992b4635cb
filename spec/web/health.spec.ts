import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ConfigurationError, InlineExecutor, RequestHandler, Route, RunOnExecutor, route } from "waterspout";
import { startApplication } from "waterspout/testing";
import { Health, type HealthOptions, type Vitals } from "#src/web/health.js";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { RawClient } from "../support/raw-client.js";
import { get, serve } from "../support/serve.js";
import { sleepSync } from "../support/sleep-sync.js";

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
  /** Which of the requests are taken that come in one turn of the loop, at these times. */
  async function taken(watched: Health, times: readonly number[]): Promise<number[]> {
    const passed = times.filter((time) => watched.refusalAt(time) === undefined);
    await turn();
    return passed;
  }

  it("takes requests for so long in each turn of the loop as it may be late, once it is later", async () => {
    expectLog(/W .* requests are refused: the event loop has been held for 101 ms, again/);
    const watched = health({ maxLoopDelay: 100 });
    const times = [1_000, 1_100, 1_101, 1_500];
    expect(await taken(watched, times)).to.deep.equal(times);
    watched.look(100);
    expect(await taken(watched, times)).to.deep.equal(times);
    watched.look(101);
    expect([watched.overload, watched.reasons(false)]).to.deep.equal([undefined, []]);
    expect(await taken(watched, times)).to.deep.equal([1_000, 1_100]);
    expect(await taken(watched, [2_000, 2_200])).to.deep.equal([2_000]);
    expect([watched.overload, watched.reasons(false)]).to.deep.equal(["loop", ["loop"]]);
  });

  it("takes all again when it was in time, and refused nothing, from one look to the next", async () => {
    expectLog(/W .* requests are refused/);
    const watched = health({ maxLoopDelay: 100 });
    const times = [1_000, 1_500];
    watched.look(101);
    await taken(watched, times);
    watched.look(0);
    expect([watched.overload, await taken(watched, times)]).to.deep.equal(["loop", [1_000]]);
    watched.look(0);
    watched.look(0);
    expect([watched.overload, await taken(watched, times)]).to.deep.equal([undefined, times]);
    expect(logged("general").at(-1)).to.equal("requests are taken again");
    expect(logged("general")).to.have.length(2);
  });

  it("refuses nothing for a loop that was late once", async () => {
    const watched = health({ maxLoopDelay: 100 });
    watched.look(5_000);
    expect(await taken(watched, [1_000, 1_050])).to.deep.equal([1_000, 1_050]);
    watched.look(0);
    expect(await taken(watched, [1_000, 1_500])).to.deep.equal([1_000, 1_500]);
    expect(logged("general")).to.deep.equal([]);
  });

  it("is never overloaded by the loop when its mark is 0", async () => {
    const watched = health({ maxLoopDelay: 0 });
    for (let look = 0; look < 3; look++) watched.look(1e6);
    expect(await taken(watched, [0, 1e6])).to.deep.equal([0, 1e6]);
  });

  it("is overloaded by memory, which is read now and then", () => {
    expectLog(/W .* requests are refused: more than 100 MiB are in use/);
    let reads = 0;
    let rss = 101 * 2 ** 20;
    const watched = health({ maxRssMb: 100 }, { rss: () => (reads++, rss) });
    watched.look(0);
    expect([watched.overload, watched.reasons(false)]).to.deep.equal(["memory", ["memory"]]);
    expect(watched.refusalAt(0)?.logMessage).to.equal("too much to do: memory");
    rss = 99 * 2 ** 20;
    for (let look = 0; look < 40; look++) watched.look(0);
    expect([watched.overload, reads]).to.deep.equal([undefined, 3]);
    expect(watched.refusalAt(0)).to.equal(undefined);
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

  it("refuses with Retry-After what has waited too long behind others, and serves the first", async () => {
    @Route("/held")
    class Held extends RequestHandler {
      get(): string {
        sleepSync(60);
        return "held";
      }
    }
    await using app = await serve([Held], { health: { maxLoopDelay: 20 } });
    const clients = [1, 2, 3, 4].map(() => app.connect());
    const answers = (count: number): Promise<string[]> =>
      Promise.all(clients.map((client) => client.until(new RegExp(`(HTTP/1.1 [^]*?\r\n\r\n[^]+?){${count}}$`))));
    for (const client of clients) client.send("GET /healthz/live HTTP/1.1\r\nHost: a\r\n\r\n");
    await answers(1);

    expectLog(/requests are refused: the event loop has been held/);
    for (const path of ["/held", "/held"]) expectLog(new RegExp(`503 GET ${path} .*: too much to do: loop$`));
    for (const [index, path] of ["/held", "/held", "/held", "/healthz/live"].entries()) {
      clients[index]?.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    }
    // All of them wait when the loop turns again, and it is late.
    sleepSync(200);
    const [first = "", ...others] = await answers(2);
    expect(first).to.match(/200 OK[^]*200 OK[^]*held$/);
    for (const refused of others.slice(0, 2)) {
      expect(refused).to.match(
        /503 Service Unavailable[^]*Retry-After: 1\r[^]*\{"title":"Service Unavailable","status":503\}$/,
      );
    }
    expect(others[2]).to.match(/200 OK[^]*200 OK[^]*\{"status":"ok"\}$/);
    await untilLogged(/requests are taken again/, 30_000);
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
