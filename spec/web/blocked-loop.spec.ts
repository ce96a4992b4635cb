import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { type MiddlewareClass, type MiddlewareFunction, type Next, RequestHandler, Use, route } from "waterspout";
import { BlockedLoopWatch } from "#src/web/blocked-loop.js";
import { expectLog, logged, untilLogged } from "../support/log.js";
import { serve } from "../support/serve.js";
import { sleepSync } from "../support/sleep-sync.js";

/** Longer than the threshold by what a look at the loop may miss. */
const held = 250;
const blockedLoopThreshold = 150;

class Blocking extends RequestHandler {
  get(): string {
    sleepSync(held);
    return "sync";
  }
  async put(): Promise<string> {
    sleepSync(held);
    await delay(1);
    return "before an await";
  }
  async post(): Promise<string> {
    await delay(1);
    sleepSync(held);
    return "behind an await";
  }
  async delete(): Promise<void> {
    await delay(1);
    sleepSync(held);
    throw new RangeError("after all that");
  }
}

class Preparing extends RequestHandler {
  override prepare(): void {
    sleepSync(held);
  }
  get(): string {
    return "prepared";
  }
}

class Patient extends RequestHandler {
  async get(): Promise<string> {
    await delay(500);
    return "waited";
  }
  async post(): Promise<string> {
    return this.request.body.toString();
  }
}

/** Holds the loop before and behind what it stands around. */
const slowly: MiddlewareFunction = async (_handler, next) => {
  sleepSync(held);
  await next();
  await delay(1);
  sleepSync(held);
};

class Slow implements MiddlewareClass {
  async handle(_handler: RequestHandler, next: Next): Promise<void> {
    await delay(1);
    sleepSync(held);
    await next();
  }
}

@Use(slowly)
class Around extends RequestHandler {
  get(): string {
    return "around";
  }
}

@Use(Slow)
class AroundByClass extends RequestHandler {
  get(): string {
    return "around by a class";
  }
}

const handlers = [
  route("/around", Around),
  route("/around-by-class", AroundByClass),
  route("/blocking", Blocking),
  route("/preparing", Preparing),
  route("/patient", Patient),
];

describe("BlockedLoopWatch", () => {
  describe("in development", () => {
    const line = (name: string, rest = ""): RegExp =>
      new RegExp(
        `^\\[W .* application\\] ${name} held the event loop for \\d+ ms${rest} \\(spec/web/blocked-loop\\.spec\\.ts:\\d+:\\d+\\): ` +
          "nothing else was served meanwhile; move what blocks into a method with @RunOnExecutor and await it$",
      );

    for (const [method, name, rest] of [
      ["GET", "Blocking.get", ""],
      ["HEAD", "Blocking.get", ""],
      ["PUT", "Blocking.put", ""],
      ["POST", "Blocking.post", " behind an await"],
    ] as const) {
      it(`names ${name} for ${method}`, async () => {
        await using app = await serve(handlers, { blockedLoopThreshold });
        expectLog(line(name, rest));
        await app.fetch("/blocking", { method });
        await untilLogged(line(name, rest));
      });
    }

    it("names one that then throws", async () => {
      await using app = await serve(handlers, { blockedLoopThreshold });
      expectLog(/RangeError: after all that/, line("Blocking.delete"), /500 DELETE/);
      expect((await app.fetch("/blocking", { method: "DELETE" })).status).to.equal(500);
      await untilLogged(/Blocking\.delete held/);
    });

    it("names prepare, and not the verb behind it", async () => {
      await using app = await serve(handlers, { blockedLoopThreshold });
      expectLog(line("Preparing.prepare"));
      expect(await app.text("/preparing")).to.equal("prepared");
      await untilLogged(/held the event loop/);
    });

    it("names middleware, and neither what it stands around nor what it calls", async () => {
      await using app = await serve(handlers, { blockedLoopThreshold });
      expectLog(line("middleware 0 of Around.slowly"), line("Slow.handle"));
      expect(await app.text("/around")).to.equal("around");
      expect(await app.text("/around-by-class")).to.equal("around by a class");
      await untilLogged(/Slow\.handle/);
    });

    it("does not take waiting for blocking, of the client neither", async () => {
      await using app = await serve(handlers, { blockedLoopThreshold: 400 });
      expect(await app.text("/patient")).to.equal("waited");
      const client = app.connect();
      client.send("POST /patient HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nsl");
      await delay(500);
      expect(await client.send("ow").end()).to.match(/slow$/);
    });

    it("says it once for each method, and how often it was the next time", () => {
      let now = 0;
      const watch = new BlockedLoopWatch(
        100,
        () => now,
        () => 0,
      );
      const hold = (owner: string, milliseconds: number): void => {
        watch.enter();
        now += milliseconds;
        watch.ran(owner, Blocking.prototype.get);
      };
      expectLog(
        /Blocking\.get held the event loop for 101 ms/,
        /Patient\.get/,
        /150 ms .*, and 3 times since this was last/,
      );
      hold("Blocking", 101);
      for (const milliseconds of [5_000, 100, 200, 300]) hold("Blocking", milliseconds);
      hold("Patient", 500);
      now += 5_000;
      hold("Blocking", 150);
      return untilLogged(/3 times/);
    });
  });

  it("is off with 0", async () => {
    await using app = await serve(handlers, { blockedLoopThreshold: 0 });
    expect(await app.text("/blocking")).to.equal("sync");
    expect(logged("application")).to.deep.equal([]);
  });

  it("is silent in production", async () => {
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "production";
    try {
      await using app = await serve(handlers, { blockedLoopThreshold });
      expect(await app.text("/blocking")).to.equal("sync");
      expect(logged("application")).to.deep.equal([]);
    } finally {
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
  });
});
