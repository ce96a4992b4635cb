import { expect } from "chai";
import { type HandlerEntry, Application, ConfigurationError, RequestHandler, Route, route } from "waterspout";
// After waterspout, which brings reflect-metadata.
import { singleton } from "tsyringe";
import { ApplicationContainer } from "#src/container.js";
import { routeSpecs, routeTarget } from "#src/web/route-table.js";
import { serve } from "../support/serve.js";

class Plain extends RequestHandler {
  get(): string {
    return "x";
  }
}

interface Root {
  readonly root: string;
}

class Files extends RequestHandler {
  #root = "";
  override initialize({ root }: Root): void {
    this.#root = root;
  }
  get(): string {
    return this.#root;
  }
}

class Optional extends RequestHandler {
  override initialize(args: { readonly title?: string }): void {
    this.setHeader("X-Title", args.title ?? "none");
  }
  get(): void {}
}

@Route("/one", { name: "one" })
@Route("/two")
class Twice extends Plain {}

describe("route", () => {
  it("is typed by initialize: its arguments are needed, optional or none", async () => {
    const lines = [
      route("/files", Files, { root: "/srv" }),
      route("/a", Optional),
      route("/b", Optional, { title: "b" }),
      route("/plain", Plain),
      route("/named", Plain, {}, { name: "plain" }),
      route("/also-named", Plain, undefined, { name: "also" }),
    ];
    // @ts-expect-error -- root is missing
    route("/files", Files);
    // @ts-expect-error -- root is a string
    route("/files", Files, { root: 1 });
    // @ts-expect-error -- there is no such argument
    route("/a", Optional, { titel: "b" });
    // @ts-expect-error -- it has no initialize
    route("/plain", Plain, { root: "/srv" });
    // @ts-expect-error -- not a handler
    route("/plain", Map);

    await using app = await serve(lines);
    expect(await app.text("/files")).to.equal("/srv");
    expect((await app.fetch("/a")).headers.get("x-title")).to.equal("none");
    expect((await app.fetch("/b")).headers.get("x-title")).to.equal("b");
    expect(app.application.reverseUrl("plain")).to.equal("/named");
  });
});

describe("routeSpecs", () => {
  it("lists the routes of decorated classes and the lines of the table in order", () => {
    const specs = routeSpecs([route("/table", Plain), Twice]);
    expect(specs.map(({ pattern, name }) => [pattern, name])).to.deep.equal([
      ["/table", undefined],
      ["/one", "one"],
      ["/two", undefined],
    ]);
  });

  for (const [what, entry, message] of [
    ["a handler without a route", Plain, 'Plain has no route: decorate it with @Route("/path"), or list it as route('],
    ["a subclass of one with a route", class Sub extends Twice {}, "Sub has no route"],
    ["another class", Map, "Map is listed as a handler but does not extend RequestHandler"],
    ["null", null, "handlers[0] is neither a handler class nor a route(…)"],
    ["a string", "/path", "handlers[0] is neither"],
    ["an object", { pattern: "/" }, "handlers[0] is neither"],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => routeSpecs([entry as unknown as HandlerEntry])).to.throw(ConfigurationError, message);
    });
  }
});

describe("routeTarget", () => {
  const compile = (line: ReturnType<typeof route>): unknown => routeTarget(line, new ApplicationContainer());

  it("refuses a hook that is async and is not awaited", () => {
    class Async extends Plain {}
    Object.defineProperty(Async.prototype, "writeError", { value: async () => {} });
    expect(() => compile(route("/", Async))).to.throw(
      ConfigurationError,
      "Async.writeError() must not be async: what has to be awaited belongs into prepare()",
    );
  });

  it("accepts async hooks that are awaited or whose end does not matter", () => {
    class Async extends RequestHandler {
      override async prepare(): Promise<void> {}
      override async onFinish(): Promise<void> {}
      override async onConnectionClose(): Promise<void> {}
      async get(): Promise<void> {}
    }
    expect(compile(route("/", Async))).to.include({ name: "Async", callsExecutor: false });
  });

  it("refuses a timeout that is none", () => {
    for (const timeout of [0, -1, NaN, 2 ** 31]) {
      expect(() => compile(route("/", Plain, {}, { timeout }))).to.throw(ConfigurationError, `got ${timeout}`);
    }
  });

  it("refuses limits of the body that are none", () => {
    for (const options of [{ bodyLimit: -1 }, { bodyLimit: NaN }, { bodyTimeout: -1 }, { bodyTimeout: 2 ** 31 }]) {
      const [[name, value] = []] = Object.entries(options);
      expect(() => compile(route("/", Plain, {}, options))).to.throw(ConfigurationError, `a route's ${name} is`);
      expect(() => compile(route("/", Plain, {}, options))).to.throw(ConfigurationError, `got ${value}`);
    }
    expect(compile(route("/", Plain, {}, { bodyLimit: 0, bodyTimeout: 0 }))).to.include({
      bodyLimit: 0,
      bodyTimeout: 0,
    });
  });

  it("refuses a handler that is a singleton", () => {
    @singleton()
    class Shared extends Plain {}
    expect(() => compile(route("/", Shared))).to.throw(ConfigurationError, "Shared is a singleton");
  });

  it("refuses at the start, before anything listens", async () => {
    const wrong = route("/", Plain, {}, { timeout: 0 });
    expect(() => new Application({ handlers: [wrong] })).to.not.throw();
    const failure = await serve([wrong]).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ConfigurationError);
  });
});
