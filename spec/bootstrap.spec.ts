import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import {
  type Next,
  type ServeOptions,
  RequestHandler,
  Route,
  RunOnExecutor,
  bootstrap,
  defineApplication,
} from "waterspout";
// After waterspout, which brings the reflect-metadata that it needs.
import { injectable } from "tsyringe";
import { refusal } from "./support/refusal.js";

// What a program does that starts is in spec/system/bootstrap.spec.ts, what one prints that cannot in misuse.spec.ts.

@Route("/")
class FineHandler extends RequestHandler {
  get(): string {
    return "fine";
  }
}

class PathlessHandler extends RequestHandler {
  get(): void {}
}

let modules = 0;

/** A module may bootstrap once, so each test has its own. */
function ownModule(name = "system/fixtures/application.js"): URL {
  return new URL(`./${name}?${++modules}`, import.meta.url);
}

/** The refusal, which comes before anything is opened or forked. */
async function refused(options: object, module: string | URL = ownModule()): Promise<string> {
  const failure = await refusal(bootstrap(module, { port: 0, ...options }));
  expect(failure).to.be.instanceOf(ConfigurationError);
  return failure.message;
}

describe("bootstrap", () => {
  it("refuses a name that is no option, and says which may be meant", async () => {
    for (const [name, meant] of [
      ["proceses", "processes"],
      ["handler", "handlers"],
      ["acesslog", "accessLog"],
      ["gracePeriodMs", "gracePeriod"],
      ["bodylimit", "bodyLimit"],
    ] as const) {
      expect(await refused({ handlers: [FineHandler], [name]: 1 })).to.equal(
        `bootstrap(): unknown option "${name}"; did you mean ${meant}?`,
      );
    }
  });

  it("lists the options where none is near", async () => {
    const message = await refused({ handlers: [FineHandler], favouriteColour: "blue" });
    expect(message).to.match(
      /^bootstrap\(\): unknown option "favouriteColour"; the options are port, host, processes, /,
    );
    // It is the first argument.
    expect(message).not.to.include("module");
  });

  it("refuses handlers that are none, none at all, or without a route", async () => {
    const empty = ownModule("system/fixtures/silent.js");
    const noDefault = /has no default export made by defineApplication\(\{ handlers, … \}\)$/;
    expect(await refused({}, empty)).to.match(noDefault);
    expect(await refused({ handlers: undefined }, empty.href.replace("?", "?again"))).to.match(noDefault);
    expect(await refused({ handlers: [] })).to.include("the application has no handlers: list at least one class");
    expect(await refused({ handlers: FineHandler })).to.include("needs `handlers`, a list of handler classes");
    expect(await refused({ handlers: [Date] })).to.include("Date is listed as a handler but does not extend");
    expect(await refused({ handlers: [PathlessHandler] })).to.match(
      /^PathlessHandler has no route: decorate it with @Route/,
    );
  });

  it("refuses executor methods that workers could not find, for they do not see these options", async () => {
    class Audit {
      async handle(_handler: RequestHandler, next: Next): Promise<void> {
        await next();
      }
      @RunOnExecutor()
      async write(): Promise<void> {}
    }
    @injectable()
    class LostHandler extends RequestHandler {
      constructor(readonly audit: Audit) {
        super();
      }
    }
    const message =
      "workers cannot know Audit, which comes only by `handlers`, `middleware` or `defaultHandler` of the options and has " +
      "@RunOnExecutor methods: they import nothing but the module that exports the definition; give these options to " +
      "defineApplication({ … }) there";
    expect(await refused({ middleware: [Audit] })).to.equal(message);
    expect(await refused({ defaultHandler: LostHandler })).to.equal(message);
  });

  it("refuses ports and numbers of processes that are none", async () => {
    expect(await refused({ handlers: [FineHandler], port: 65_536 })).to.include("from 0 to 65535, got 65536");
    expect(await refused({ handlers: [FineHandler], processes: -2 })).to.include("from 0 up, got -2");
    expect(await refused({ handlers: [FineHandler], processes: 1.5 })).to.include("from 0 up, got 1.5");
  });

  it("refuses debug in several processes, and autoreload", async () => {
    expect(await refused({ handlers: [FineHandler], debug: true, processes: 2 })).to.include(
      "debug cannot be used with 2 processes",
    );
    expect(await refused({ handlers: [FineHandler], autoreload: true })).to.include(
      "run the program with `node --watch`",
    );
  });

  it("refuses what is no module, or one that does not exist", async () => {
    expect(await refused({ handlers: [FineHandler] }, {} as URL)).to.include("such as import.meta.url");
    expect(await refused({}, ownModule("nowhere.js"))).to.match(/there is no module file:\S+\/nowhere\.js/);
  });

  it("refuses configure beside a module that workers import for it", async () => {
    expect(await refused({ configure: () => undefined })).to.match(
      /`configure` belongs into the definition that file:/,
    );
  });

  it("refuses a second call for a module", async () => {
    const module = ownModule();
    await refused({ port: -1 }, module);
    expect(await refused({}, module)).to.match(/^bootstrap\(\) was called twice for file:\S+: one call serves all/);
  });

  describe("with an environment", () => {
    const names = ["PORT", "WEB_CONCURRENCY"] as const;
    const before = names.map((name) => process.env[name]);

    afterEach(() => {
      for (const [index, name] of names.entries()) {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      }
    });

    for (const name of names) {
      it(`refuses ${name} that is no number`, async () => {
        process.env[name] = "80a";
        const options: ServeOptions = {};
        const failure = await refusal(bootstrap(ownModule(), options));
        expect(failure.message).to.equal(`the environment variable ${name} must be a whole number, it is "80a"`);
      });
    }

    it("checks the number that it says like an option", async () => {
      process.env["PORT"] = "70000";
      expect((await refusal(bootstrap(ownModule()))).message).to.include("from 0 to 65535, got 70000");
    });
  });
});

describe("defineApplication", () => {
  it("gives a definition that nobody can change any more", () => {
    const definition = defineApplication({ handlers: [FineHandler], accessLog: false });
    expect(definition).to.deep.equal({ handlers: [FineHandler], accessLog: false });
    expect(Object.isFrozen(definition)).to.equal(true);
  });
});
