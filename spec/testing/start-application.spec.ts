import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { singleton } from "tsyringe";
import {
  defineApplication,
  InlineExecutor,
  type MiddlewareClass,
  type Next,
  RequestHandler,
  Route,
  RunOnExecutor,
} from "waterspout";
import { type StartOptions, startApplication } from "waterspout/testing";
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

@singleton()
class Audit implements MiddlewareClass {
  async handle(_handler: RequestHandler, next: Next): Promise<void> {
    await this.note();
    await next();
  }

  @RunOnExecutor()
  async note(): Promise<void> {}
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

  it("refuses options with executor methods that threads cannot find in the module", async () => {
    const message = (name: string): string =>
      `workers cannot know ${name}, which comes only by \`handlers\`, \`middleware\` or \`defaultHandler\` of the options`;
    const rows: [options: StartOptions, name: string][] = [
      [{ handlers: [SumHandler] }, "SumHandler"],
      [{ defaultHandler: SumHandler }, "SumHandler"],
      [{ middleware: [Audit] }, "Audit"],
    ];
    for (const [index, [options, name]] of rows.entries()) {
      // A module of its own: its executors are started once.
      const failure = await refusal(startApplication(`${module.href}?${index}`, options));
      expect(failure).to.be.instanceOf(ConfigurationError);
      expect(failure.message).to.include(message(name));
    }
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
