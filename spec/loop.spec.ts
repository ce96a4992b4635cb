import { expect } from "chai";
import { once, EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { ConfigurationError } from "#src/errors.js";
import { InlineExecutor, IOLoop, RequestHandler, RunOnExecutor, route } from "waterspout";
import { startApplication } from "waterspout/testing";
import { expectLog } from "./support/log.js";
import { startProgram } from "./support/program.js";

class Sums extends RequestHandler {
  get(): void {}

  @RunOnExecutor()
  async add(a: number, b: number): Promise<number> {
    return a + b;
  }
}

describe("IOLoop", () => {
  let loops = 0;
  let Loop: typeof IOLoop;

  /** Each test has the loop of a process that has not used it. */
  beforeEach(async () => {
    const module = `${import.meta.resolve("#src/loop.js")}?${++loops}`;
    ({ IOLoop: Loop } = (await import(module)) as { IOLoop: typeof IOLoop });
  });

  describe(".current", () => {
    it("is one loop for each process", () => {
      expect(Loop.current()).to.equal(Loop.current());
    });
  });

  describe(".initialized", () => {
    it("is true from the first start on, and not by asking for the loop", async () => {
      const loop = Loop.current();
      expect(Loop.initialized()).to.equal(false);
      const running = loop.start();
      expect(Loop.initialized()).to.equal(true);
      loop.stop();
      await running;
      expect(Loop.initialized()).to.equal(true);
    });
  });

  describe("#start", () => {
    it("returns when the loop is stopped, and not before", async () => {
      const loop = Loop.current();
      let returned = false;
      const running = loop.start().then(() => (returned = true));
      await turn();
      expect(returned).to.equal(false);
      loop.stop();
      await running;
    });

    it("returns at once when the loop was stopped before, and only once", async () => {
      const loop = Loop.current();
      loop.stop();
      await loop.start();
      const again = loop.start();
      loop.stop();
      await again;
    });

    it("is refused while the loop runs", async () => {
      const loop = Loop.current();
      const running = loop.start();
      const failure: unknown = await loop.start().catch((error: unknown) => error);
      loop.stop();
      await running;
      expect(failure).to.be.instanceOf(ConfigurationError);
      expect(String(failure)).to.include("the loop is running already");
    });

    it("keeps the process alive until it returns", async () => {
      const stopLater = "setTimeout(() => IOLoop.current().stop(), 50).unref()";
      const code = `import { IOLoop } from "waterspout"; ${stopLater}; await IOLoop.current().start(); console.log("on");`;
      const program = startProgram("--input-type=module", [`--eval=${code}`]);
      try {
        expect(await program.exited).to.deep.equal({ code: 0, signal: null });
        await program.closed;
        expect(program.output()).to.equal("on\n");
      } finally {
        await program.dispose();
      }
    });
  });

  describe("#addCallback", () => {
    it("calls in the next turn, in order, with the arguments", async () => {
      const seen: string[] = [];
      const note = (name: string, value: number): number => seen.push(`${name} ${value}`);
      Loop.current().addCallback(note, "a", 1);
      Loop.current().addCallback(note, "b", 2);
      expect(seen).to.deep.equal([]);
      await turn();
      expect(seen).to.deep.equal(["a 1", "b 2"]);
    });

    it("logs what a callback throws or rejects with, and goes on", async () => {
      expectLog(/Exception in callback[^]*first/, /Exception in callback[^]*second/);
      const events = new EventEmitter();
      Loop.current().addCallback(() => {
        throw new Error("first");
      });
      Loop.current().addCallback(() => Promise.reject(new Error("second")));
      Loop.current().addCallback(() => events.emit("third"));
      await once(events, "third");
    });
  });

  describe("#callLater", () => {
    it("calls after the delay, unless the call is taken back", async () => {
      const events = new EventEmitter();
      const seen: string[] = [];
      const loop = Loop.current();
      loop.removeTimeout(loop.callLater(1, () => seen.push("taken back")));
      loop.callLater(1, (name: string) => events.emit("called", seen.push(name)), "called");
      await once(events, "called");
      expect(seen).to.deep.equal(["called"]);
    });

    it("logs what a callback throws", async () => {
      expectLog(/Exception in callback[^]*too late/);
      const events = new EventEmitter();
      Loop.current().callLater(1, () => {
        throw new Error("too late");
      });
      Loop.current().callLater(2, () => events.emit("next"));
      await once(events, "next");
    });
  });

  describe("#runInExecutor", () => {
    it("has no default executor before an application is started", () => {
      expect(() => Loop.current().runInExecutor(null, Sums, "add", 1, 2)).to.throw(
        ConfigurationError,
        "there is no default executor; start an application that has one, or pass an executor",
      );
    });

    it("uses the default executor of the application, or the one it is given", async () => {
      const [standard, other] = [new InlineExecutor(), new InlineExecutor()];
      const app = await startApplication({
        handlers: [route("/", Sums)],
        executors: { default: standard, other },
      });
      try {
        expect(await IOLoop.current().runInExecutor(null, Sums, "add", 1, 2)).to.equal(3);
        expect([standard.stats().completed, other.stats().completed]).to.deep.equal([1, 0]);
        expect(await IOLoop.current().runInExecutor(other, Sums, "add", 3, 4)).to.equal(7);
        expect([standard.stats().completed, other.stats().completed]).to.deep.equal([1, 1]);
      } finally {
        await app.stop();
      }
    });

    it("uses the executor, or the function that gives one, that was set", async () => {
      const executor = new InlineExecutor();
      const app = await startApplication({ handlers: [route("/", Sums)], executors: { default: executor } });
      try {
        Loop.current().setDefaultExecutor(executor);
        expect(await Loop.current().runInExecutor(null, Sums, "add", 1, 2)).to.equal(3);
        Loop.current().setDefaultExecutor(() => executor);
        expect(await Loop.current().runInExecutor(null, Sums, "add", 3, 4)).to.equal(7);
      } finally {
        await app.stop();
      }
    });
  });
});
