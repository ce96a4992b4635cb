import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { defineApplication, InlineExecutor, RequestHandler, Route, RunOnExecutor } from "waterspout";
import { startApplication } from "waterspout/testing";
import { refusal } from "../support/refusal.js";
import "../support/log.js";

@Route("/sum")
class SumHandler extends RequestHandler {
  async get(): Promise<string> {
    return String(await this.sum(1, 2));
  }

  @RunOnExecutor()
  async sum(a: number, b: number): Promise<number> {
    return a + b;
  }
}

interface Who {
  readonly role: string;
  readonly worker: { readonly threadId: number; readonly role: string };
}

describe("startApplication", () => {
  const module = new URL("../system/fixtures/application.js", import.meta.url);

  it("starts the application that a module exports, whose threads import the module", async () => {
    const app = await startApplication(module);
    try {
      expect(app.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      const who = (await (await app.fetch("/who")).json()) as Who;
      expect(who).to.deep.include({ role: "server" });
      expect(who.worker.role).to.equal("executor");
      expect(who.worker.threadId).to.be.above(0);
    } finally {
      await app.stop();
    }
  });

  it("starts a definition, and takes the options instead of its parts", async () => {
    const options = { executors: { default: new InlineExecutor() } };
    await using app = await startApplication(defineApplication({ handlers: [SumHandler], accessLog: false }), options);
    expect(await (await app.fetch("/sum")).text()).to.equal("3");
    expect(app.application.definition.accessLog).to.equal(false);
    expect(app.application.definition.executors).to.equal(options.executors);
  });

  it("serves until it is stopped, which may be asked for twice", async () => {
    const app = await startApplication({ handlers: [SumHandler], executors: { default: new InlineExecutor() } });
    expect((await app.fetch("/sum")).status).to.equal(200);
    await Promise.all([app.stop(), app.stop()]);
    await app[Symbol.asyncDispose]();
    expect(await refusal(app.fetch("/sum"))).to.be.instanceOf(TypeError);
  });

  it("refuses threads for a definition that is in no module: they would import the test runner", async () => {
    const failure = await refusal(startApplication({ handlers: [SumHandler] }));
    expect(failure).to.be.instanceOf(ConfigurationError);
    expect(failure.message).to.include("add `module: import.meta.url`").and.to.include("use an InlineExecutor");
  });

  it("refuses a module without a definition", async () => {
    const silent = new URL("../system/fixtures/silent.js", import.meta.url);
    const failure = await refusal(startApplication(silent));
    expect(failure).to.be.instanceOf(ConfigurationError);
    expect(failure.message).to.match(
      /^startApplication\(\): .*silent\.js has no default export made by defineApplication/,
    );
  });
});
