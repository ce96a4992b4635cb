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
  /** As a process has it that has not used it yet; `new` is for the class itself. */
  const unused = (): IOLoop => new (IOLoop as unknown as new () => IOLoop)();

  describe(".current", () => {
    it("is one loop for each process", () => {
      expect(IOLoop.current()).to.equal(IOLoop.current());
    });
  });

  describe(".initialized", () => {
    it("is true from the first start on, and not by asking for the loop", async () => {
      // A second copy of what the class stands in: in this process it may have been started.
      const copy = new URL("core.js?unused", import.meta.resolve("#src/loop.js")).href;
      const { IOLoop: Loop } = (await import(copy)) as { IOLoop: typeof IOLoop };
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
      const loop = unused();
      let returned = false;
      const running = loop.start().then(() => (returned = true));
      await turn();
      expect(returned).to.equal(false);
      loop.stop();
      await running;
    });

    it("returns at once when the loop was stopped before, and only once", async () => {
      const loop = unused();
      loop.stop();
      await loop.start();
      const again = loop.start();
      loop.stop();
      await again;
    });

    it("is refused while the loop runs", async () => {
      const loop = unused();
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
      const loop = unused();
      const seen: string[] = [];
      const note = (name: string, value: number): number => seen.push(`${name} ${value}`);
      loop.addCallback(note, "a", 1);
      loop.addCallback(note, "b", 2);
      expect(seen).to.deep.equal([]);
      await turn();
      expect(seen).to.deep.equal(["a 1", "b 2"]);
    });

    it("logs what a callback throws or rejects with, and goes on", async () => {
      const loop = unused();
      expectLog(/Exception in callback[^]*first/, /Exception in callback[^]*second/);
      const events = new EventEmitter();
      loop.addCallback(() => {
        throw new Error("first");
      });
      loop.addCallback(() => Promise.reject(new Error("second")));
      loop.addCallback(() => events.emit("third"));
      await once(events, "third");
    });
  });

  describe("#callLater", () => {
    it("calls after the delay, unless the call is taken back", async () => {
      const events = new EventEmitter();
      const seen: string[] = [];
      const loop = unused();
      loop.removeTimeout(loop.callLater(1, () => seen.push("taken back")));
      loop.callLater(1, (name: string) => events.emit("called", seen.push(name)), "called");
      await once(events, "called");
      expect(seen).to.deep.equal(["called"]);
    });

    it("logs what a callback throws", async () => {
      const loop = unused();
      expectLog(/Exception in callback[^]*too late/);
      const events = new EventEmitter();
      loop.callLater(1, () => {
        throw new Error("too late");
      });
      loop.callLater(2, () => events.emit("next"));
      await once(events, "next");
    });
  });

  describe("#runInExecutor", () => {
    it("has no default executor before an application is started", () => {
      const loop = unused();
      expect(() => loop.runInExecutor(null, Sums, "add", 1, 2)).to.throw(
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
      const loop = unused();
      const executor = new InlineExecutor();
      const app = await startApplication({ handlers: [route("/", Sums)], executors: { default: executor } });
      try {
        loop.setDefaultExecutor(executor);
        expect(await loop.runInExecutor(null, Sums, "add", 1, 2)).to.equal(3);
        loop.setDefaultExecutor(() => executor);
        expect(await loop.runInExecutor(null, Sums, "add", 3, 4)).to.equal(7);
      } finally {
        await app.stop();
      }
    });
  });
});
