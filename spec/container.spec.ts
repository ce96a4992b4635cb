import { expect } from "chai";
// Before tsyringe, which refuses to load without reflect-metadata.
import { ApplicationContainer, type InjectionToken, type Ref, Scope } from "#src/container.js";
import { type ExecutorCall, bindCalls, callBindingOf } from "#src/decorators/calls.js";
import { RunOnExecutor } from "#src/decorators/run-on-executor.js";
import { ConfigurationError, InjectionError } from "#src/errors.js";
import { type LogRecord, setLogSink } from "#src/log.js";
import {
  Lifecycle,
  container as root,
  delay,
  inject,
  injectAll,
  injectAllWithTransform,
  injectWithTransform,
  injectable,
  instanceCachingFactory,
  scoped,
  singleton,
} from "tsyringe";

@singleton()
class Clock {
  readonly started = Symbol("started");
}

@singleton()
class Journal {
  constructor(readonly clock: Clock) {}
}

@injectable()
class Note {
  constructor(readonly clock: Clock) {}
}

@injectable()
class Handler {
  constructor(
    readonly clock: Clock,
    readonly journal: Journal,
    readonly note: Note,
  ) {}
}

/** What was disposed, in order; emptied before each test. */
const disposed: string[] = [];

@scoped(Lifecycle.ContainerScoped)
class Visitor {
  constructor(readonly clock: Clock) {}
  dispose(): void {
    disposed.push("Visitor");
  }
}

@scoped(Lifecycle.ContainerScoped)
class Session {
  constructor(readonly visitor: Visitor) {}
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    disposed.push("Session");
  }
}

@injectable()
class Account {
  constructor(
    readonly session: Session,
    readonly visitor: Visitor,
  ) {}
}

@singleton()
class Thumbnails {
  @RunOnExecutor()
  async resize(width: number): Promise<number> {
    return width;
  }
}

@injectable()
class Gallery {
  constructor(readonly thumbnails: Thumbnails) {}
}

@injectable()
class Painter {
  constructor(readonly clock: Clock) {}
  @RunOnExecutor()
  async paint(): Promise<string> {
    return "painted";
  }
}

const router = {
  call: (call: ExecutorCall) => Promise.resolve(call.method),
  async *stream(call: ExecutorCall) {
    yield call.method;
  },
};

describe("ApplicationContainer", () => {
  let container: ApplicationContainer;

  beforeEach(() => {
    container = new ApplicationContainer();
    disposed.length = 0;
  });

  describe("#plan", () => {
    it("gives a fresh instance with the application's singletons at each create", () => {
      const plan = container.plan(Handler);
      const [one, other] = [plan.create(), plan.create()];
      expect(one).to.be.instanceOf(Handler);
      expect(other).not.to.equal(one);
      expect(other.journal).to.equal(one.journal);
      expect(one.journal.clock).to.equal(one.clock);
      expect(other.note).not.to.equal(one.note);
      expect(plan).to.include({ target: Handler, scoped: false, shared: false, callsExecutor: false });
    });

    it("is worked out once", () => {
      expect(container.plan(Handler)).to.equal(container.plan(Handler));
    });

    it("says of a singleton that its instances are shared", () => {
      expect(container.plan(Clock).shared).to.equal(true);
    });

    it("passes arguments of any number in their order", () => {
      container.dependencies.register("n", { useValue: 7 });
      @injectable()
      class Six {
        readonly all: readonly unknown[];
        constructor(a: Clock, @inject("n") b: number, c: Journal, d: Clock, e: Note, f: Clock) {
          this.all = [a, b, c, d, e, f];
        }
      }
      @injectable()
      class Five {
        readonly all: readonly unknown[];
        constructor(a: Clock, @inject("n") b: number, c: Journal, d: Clock, e: Clock) {
          this.all = [a, b, c, d, e];
        }
      }
      const clock = container.resolve(Clock);
      const journal = container.resolve(Journal);
      const six = container.resolve(Six).all;
      expect(six[4]).to.be.instanceOf(Note);
      expect(six).to.deep.equal([clock, 7, journal, clock, six[4], clock]);
      expect(container.resolve(Five).all).to.deep.equal([clock, 7, journal, clock, clock]);
    });

    it("constructs a subclass without a constructor from its parent's parameters", () => {
      class Derived extends Handler {}
      expect(container.resolve(Derived).clock).to.equal(container.resolve(Clock));
    });

    it("keeps a constructor's error in a request as it is", () => {
      const fault = new Error("no ink");
      @injectable()
      class Broken {
        constructor(readonly clock: Clock) {
          throw fault;
        }
      }
      const plan = container.plan(Broken);
      container.build();
      expect(() => plan.create())
        .to.throw()
        .that.equals(fault);
    });
  });

  describe("providers", () => {
    it("injects values, falsy ones included", () => {
      container.dependencies.register("zero", { useValue: 0 }).register("empty", { useValue: "" });
      @injectable()
      class Values {
        constructor(
          @inject("zero") readonly zero: number,
          @inject("empty") readonly empty: string,
        ) {}
      }
      expect(container.resolve(Values)).to.include({ zero: 0, empty: "" });
    });

    it("constructs the class of useClass, and shares it when it is registered as a singleton", () => {
      class Store {}
      @injectable()
      class User {
        constructor(
          @inject("fresh") readonly fresh: Store,
          @inject("kept") readonly kept: Store,
        ) {}
      }
      container.dependencies.register("fresh", { useClass: Store }).registerSingleton("kept", Store);
      const [one, other] = [container.resolve(User), container.resolve(User)];
      expect(one.fresh).to.be.instanceOf(Store).and.not.equal(other.fresh);
      expect(one.kept).to.be.instanceOf(Store).and.equal(other.kept);
    });

    it("follows useToken", () => {
      container.dependencies.register("clock", { useToken: Clock });
      @injectable()
      class User {
        constructor(@inject("clock") readonly clock: Clock) {}
      }
      expect(container.resolve(User).clock).to.equal(container.resolve(Clock));
    });

    it("calls a factory with the application's container for every injection", () => {
      const given: unknown[] = [];
      container.dependencies.register("made", {
        useFactory: (dependencies) => {
          given.push(dependencies);
          return { clock: dependencies.resolve(Clock) };
        },
      });
      @injectable()
      class User {
        constructor(@inject("made") readonly made: { clock: Clock }) {}
      }
      const [one, other] = [container.resolve(User), container.resolve(User)];
      expect(given).to.deep.equal([container.dependencies, container.dependencies]);
      expect(one.made).not.to.equal(other.made);
      expect(one.made.clock).to.equal(container.resolve(Clock));
    });

    it("leaves the caching to instanceCachingFactory", () => {
      container.dependencies.register("made", { useFactory: instanceCachingFactory(() => ({})) });
      @injectable()
      class User {
        constructor(@inject("made") readonly made: object) {}
      }
      expect(container.resolve(User).made).to.equal(container.resolve(User).made);
    });

    it("injects all that is registered under a token, each time in an array of its own", () => {
      container.dependencies.register("plugin", { useValue: "a" }).register("plugin", { useToken: Clock });
      @injectable()
      class User {
        constructor(
          @injectAll("plugin") readonly plugins: unknown[],
          @injectAll(Clock) readonly clocks: Clock[],
          @injectAll("none", { isOptional: true }) readonly none: unknown[],
        ) {}
      }
      const [one, other] = [container.resolve(User), container.resolve(User)];
      expect(one.plugins).to.deep.equal(["a", container.resolve(Clock)]);
      expect(one.plugins).not.to.equal(other.plugins);
      expect(one.clocks).to.deep.equal([container.resolve(Clock)]);
      expect(one.none).to.deep.equal([]);
    });

    it("injects undefined for an optional token that is not registered", () => {
      @injectable()
      class User {
        constructor(@inject("nothing here", { isOptional: true }) readonly extra?: string) {}
      }
      expect(container.resolve(User).extra).to.equal(undefined);
    });

    it("runs what is injected through its transform", () => {
      class Join {
        transform(value: unknown, separator: string): string {
          return [value].flat().join(separator);
        }
      }
      container.dependencies.register("word", { useValue: "a" }).register("word", { useValue: "b" });
      @injectable()
      class User {
        constructor(
          @injectWithTransform("word", Join, "-") readonly one: string,
          @injectAllWithTransform("word", Join, "-") readonly all: string,
        ) {}
      }
      expect(container.resolve(User)).to.include({ one: "b", all: "a-b" });
    });

    it("takes an abstract class as a token", () => {
      abstract class Store {
        abstract get(): number;
      }
      class MemoryStore extends Store {
        get(): number {
          return 1;
        }
      }
      @injectable()
      class User {
        constructor(readonly store: Store) {}
      }
      container.dependencies.register(Store as unknown as InjectionToken<Store>, { useClass: MemoryStore });
      expect(container.resolve(User).store.get()).to.equal(1);
    });

    it("makes one ResolutionScoped instance for each construction", () => {
      @scoped(Lifecycle.ResolutionScoped)
      class Draft {}
      @injectable()
      class Page {
        constructor(readonly draft: Draft) {}
      }
      @injectable()
      class Book {
        constructor(
          readonly page: Page,
          readonly draft: Draft,
        ) {}
      }
      const plan = container.plan(Book);
      const [one, other] = [plan.create(), plan.create()];
      expect(one.page.draft).to.equal(one.draft);
      expect(other.draft).not.to.equal(one.draft);
    });

    it("lets what configure registers win over tsyringe's root", () => {
      class FakeClock extends Clock {}
      container.dependencies.registerSingleton(Clock, FakeClock);
      @injectable()
      class User {
        constructor(@injectAll(Clock) readonly clocks: Clock[]) {}
      }
      expect(container.resolve(Handler).clock).to.be.instanceOf(FakeClock);
      expect(container.resolve(User).clocks).to.deep.equal([container.resolve(Handler).clock]);
      expect(new ApplicationContainer().resolve(Handler).clock).not.to.be.instanceOf(FakeClock);
    });

    it("sees what is registered in the root after the container was made", () => {
      @singleton()
      class Late {}
      @injectable()
      class User {
        constructor(readonly late: Late) {}
      }
      expect(container.resolve(User).late).to.equal(container.resolve(User).late);
      expect(container.dependencies.resolve(Late)).to.equal(container.resolve(User).late);
    });
  });

  describe("delay()", () => {
    @singleton()
    class Orders {
      readonly #number = 42;
      constructor(@inject(delay(() => Invoices)) readonly invoices: Ref<Invoices>) {}
      number(): number {
        return this.#number;
      }
    }
    @singleton()
    class Invoices {
      constructor(readonly orders: Orders) {}
      name(): string {
        return `invoice ${this.orders.number()}`;
      }
    }

    it("breaks a cycle of singletons", () => {
      const orders = container.resolve(Orders);
      expect(orders.invoices.name()).to.equal("invoice 42");
      expect(orders.invoices.orders).to.equal(orders);
      expect(orders.invoices).to.be.instanceOf(Invoices);
    });

    it("hands out a transient's own instance, made at its first use", () => {
      let made = 0;
      @injectable()
      class Lazy {
        readonly clock: Clock;
        constructor(clock: Clock) {
          this.clock = clock;
          made += 1;
        }
      }
      @injectable()
      class User {
        constructor(@inject(delay(() => Lazy)) readonly lazy: Ref<Lazy>) {}
      }
      const user = container.resolve(User);
      expect(made).to.equal(0);
      expect(user.lazy.clock).to.equal(container.resolve(Clock));
      expect(user.lazy.clock).to.equal(container.resolve(Clock));
      expect(made).to.equal(1);
    });

    it("works in a registration as in a parameter", () => {
      container.dependencies.register("invoices", { useToken: delay(() => Invoices) });
      container.dependencies.register("mine", { useClass: delay(() => Invoices) }, { lifecycle: Lifecycle.Singleton });
      @injectable()
      class User {
        constructor(
          @inject("invoices") readonly invoices: Invoices,
          @inject("mine") readonly mine: Invoices,
        ) {}
      }
      const user = container.resolve(User);
      expect(user.invoices.name()).to.equal("invoice 42");
      expect(user.mine.orders).to.equal(container.resolve(Orders));
    });

    it("says so when a constructor uses what is not made yet", () => {
      @singleton()
      class Hasty {
        constructor(@inject(delay(() => Slow)) readonly slow: Ref<Slow>) {
          void this.slow.hasty;
        }
      }
      @singleton()
      class Slow {
        constructor(readonly hasty: Hasty) {}
      }
      container.plan(Hasty);
      expect(() => container.build()).to.throw(InjectionError, /Hasty is asked for while its own constructor/);
    });
  });

  describe("#build", () => {
    it("makes each singleton once, after those that it takes", () => {
      const made: string[] = [];
      @singleton()
      class Base {
        constructor() {
          made.push("Base");
        }
      }
      @singleton()
      class Top {
        constructor(readonly base: Base) {
          made.push("Top");
        }
      }
      @injectable()
      class User {
        constructor(
          readonly top: Top,
          readonly base: Base,
        ) {
          made.push("User");
        }
      }
      const plan = container.plan(User);
      expect(made).to.deep.equal([]);
      container.build();
      container.build();
      expect(made).to.deep.equal(["Base", "Top"]);
      plan.create();
      expect(made).to.deep.equal(["Base", "Top", "User"]);
    });

    it("does not make a falsy singleton again", () => {
      let calls = 0;
      const { dependencies } = container;
      dependencies.register("count", { useFactory: () => calls++ });
      dependencies.register("kept", { useToken: "count" }, { lifecycle: Lifecycle.Singleton });
      @injectable()
      class User {
        constructor(@inject("kept") readonly kept: number) {}
      }
      const plan = container.plan(User);
      container.build();
      expect([plan.create().kept, plan.create().kept, dependencies.resolve("kept")]).to.deep.equal([0, 0, 0]);
      expect(calls).to.equal(1);
    });

    it("tells the path and keeps the cause when a constructor throws, also a transient's below", () => {
      const fault = new TypeError("disk full");
      @injectable()
      class Disk {
        constructor(readonly clock: Clock) {
          throw fault;
        }
      }
      @singleton()
      class Cache {
        constructor(readonly disk: Disk) {}
      }
      @injectable()
      class User {
        constructor(
          readonly clock: Clock,
          readonly cache: Cache,
        ) {}
      }
      container.plan(User);
      const error = thrownBy(() => container.build());
      expect(error).to.be.instanceOf(InjectionError);
      expect(error.cause).to.equal(fault);
      expect(error.message.split("\n")).to.deep.equal([
        "User cannot be constructed: the constructor of Disk threw: disk full.",
        "  User, parameter 1: Cache",
        "  Cache, parameter 0: Disk",
        "The whole error is the cause of this one.",
      ]);
    });

    it("tells the path of a factory that throws, and tries again when asked again", () => {
      let attempts = 0;
      container.dependencies.register("db", {
        useFactory: () => {
          attempts += 1;
          if (attempts === 1) throw new Error("refused");
          return { attempts };
        },
      });
      @singleton()
      class Pool {
        constructor(@inject("db") readonly db: object) {}
      }
      container.plan(Pool);
      expect(() => container.build()).to.throw(
        InjectionError,
        'Pool cannot be constructed: the factory registered for "db" threw: refused.\n  Pool, parameter 0: "db"\n',
      );
      container.build();
      expect(container.resolve(Pool).db).to.deep.equal({ attempts: 2 });
    });
  });

  describe("#dependencies", () => {
    it("resolves the singletons that handlers get, before and after the start", () => {
      const early = container.dependencies.resolve(Clock);
      expect(container.resolve(Handler).clock).to.equal(early);
      expect(container.dependencies.resolve(Journal)).to.equal(container.resolve(Handler).journal);
      expect(container.dependencies.resolveAll(Clock)).to.deep.equal([early]);
    });

    it("shares nothing with another application, nor with tsyringe's root", () => {
      const other = new ApplicationContainer();
      const clocks = [container, other].flatMap((one) => [one.resolve(Handler).clock, one.dependencies.resolve(Clock)]);
      expect(new Set([...clocks, root.resolve(Clock)]).size).to.equal(3);
    });

    it("gives a child container of its own the application's singletons too", () => {
      const child = container.dependencies.createChildContainer();
      expect(child.resolve(Clock)).to.equal(container.resolve(Clock));
      expect(child.resolve(Handler).journal).to.equal(container.resolve(Journal));
      expect(() => child.resolve(Visitor)).to.throw(InjectionError, /Visitor is request-scoped/);
    });

    it("sees each registration at once", () => {
      const { dependencies } = container;
      dependencies.register("word", { useValue: "one" });
      expect(dependencies.resolve("word")).to.equal("one");
      dependencies.register("word", { useValue: "two" });
      expect(dependencies.resolve("word")).to.equal("two");
      expect(dependencies.resolveAll("word")).to.deep.equal(["one", "two"]);
    });

    it("retains no transient, so that resolving in a factory does not pile up", () => {
      class Temporary {
        dispose(): void {
          disposed.push("Temporary");
        }
      }
      container.dependencies.register("made", { useFactory: (dependencies) => dependencies.resolve(Temporary) });
      container.dependencies.resolve("made");
      const { disposables } = container.dependencies as unknown as { disposables: Set<unknown> };
      expect(disposables.size).to.equal(0);
    });

    it("refuses a request-scoped class, of which there is none outside a request", () => {
      expect(() => container.dependencies.resolve(Account)).to.throw(
        InjectionError,
        /Account is request-scoped or needs/,
      );
    });
  });

  describe("#resolve", () => {
    it("shares singletons and makes the rest anew", () => {
      expect(container.resolve(Clock)).to.equal(container.resolve(Clock));
      expect(container.resolve(Handler)).not.to.equal(container.resolve(Handler));
    });

    it("wants a scope for what is request-scoped", () => {
      expect(() => container.resolve(Account)).to.throw(InjectionError, /request-scoped/);
      expect(container.resolve(Account, new Scope())).to.be.instanceOf(Account);
    });
  });

  describe("request scope", () => {
    it("gives one instance for each scope", () => {
      const plan = container.plan(Account);
      expect(plan.scoped).to.equal(true);
      const scope = new Scope();
      const [one, same, other] = [plan.create(scope), plan.create(scope), plan.create(new Scope())];
      expect(one.session.visitor).to.equal(one.visitor);
      expect(same.session).to.equal(one.session);
      expect(other.visitor).not.to.equal(one.visitor);
      expect(other.visitor.clock).to.equal(one.visitor.clock);
    });

    it("disposes what it made, the user before what it uses, once", async () => {
      const scope = new Scope();
      container.resolve(Account, scope);
      await Promise.all([scope.dispose(), scope.dispose()]);
      await container.dispose();
      expect(disposed).to.deep.equal(["Session", "Visitor"]);
    });

    it("makes nothing after its end", async () => {
      const scope = new Scope();
      await scope.dispose();
      expect(() => container.resolve(Account, scope)).to.throw(InjectionError, /after its request had ended/);
    });

    it("makes what is behind a delay() in the request that uses it", async () => {
      @injectable()
      class User {
        constructor(@inject(delay(() => Visitor)) readonly visitor: Ref<Visitor>) {}
      }
      const scope = new Scope();
      const user = container.resolve(User, scope);
      expect(user.visitor.clock).to.equal(container.resolve(Clock));
      await scope.dispose();
      expect(disposed).to.deep.equal(["Visitor"]);
    });
  });

  describe("#dispose", () => {
    let lines: LogRecord[];
    let restore: ReturnType<typeof setLogSink>;

    beforeEach(() => {
      lines = [];
      restore = setLogSink((line) => lines.push(line));
    });

    afterEach(() => {
      setLogSink(restore);
    });

    it("disposes singletons in reverse order of creation, one failure not stopping the rest", async () => {
      @singleton()
      class First {
        [Symbol.dispose](): void {
          disposed.push("First");
        }
        dispose(): void {
          disposed.push("never");
        }
      }
      @singleton()
      class Second {
        constructor(readonly first: First) {}
        dispose(): Promise<void> {
          return Promise.reject(new Error("stuck"));
        }
      }
      @singleton()
      class Third {
        constructor(readonly second: Second) {}
        async [Symbol.asyncDispose](): Promise<void> {
          await Promise.resolve();
          disposed.push("Third");
        }
      }
      container.resolve(Third);
      await Promise.all([container.dispose(), container.dispose()]);
      expect(disposed).to.deep.equal(["Third", "First"]);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include({ stream: "general", level: "error", message: "disposing Second failed" });
      expect(lines[0]?.error).to.have.property("message", "stuck");
    });

    it("leaves values, factories' results and transients to whoever made or got them", async () => {
      class Resource {
        dispose(): void {
          disposed.push("Resource");
        }
      }
      const { dependencies } = container;
      dependencies.registerInstance("value", new Resource());
      dependencies.register("factory", { useFactory: () => new Resource() });
      dependencies.register("alias", { useToken: "value" }, { lifecycle: Lifecycle.Singleton });
      @singleton()
      class User {
        constructor(
          @inject("value") readonly value: Resource,
          @inject("factory") readonly factory: Resource,
          @inject("alias") readonly alias: Resource,
          readonly transient: Resource,
        ) {}
      }
      container.resolve(User);
      await container.dispose();
      expect(disposed).to.deep.equal([]);
    });

    it("disposes once what is a singleton under two names, and a transient class that a token keeps", async () => {
      class Kept {
        dispose(): void {
          disposed.push("Kept");
        }
      }
      const { dependencies } = container;
      dependencies.register("transient", { useClass: Kept });
      dependencies.register("one", { useToken: "transient" }, { lifecycle: Lifecycle.Singleton });
      dependencies.register("other", { useToken: "one" }, { lifecycle: Lifecycle.Singleton });
      expect(dependencies.resolve("other")).to.equal(dependencies.resolve("one"));
      await container.dispose();
      expect(disposed).to.deep.equal(["Kept"]);
    });

    it("touches nothing of another application", async () => {
      @singleton()
      class Shared {
        dispose(): void {
          disposed.push("Shared");
        }
      }
      new ApplicationContainer().resolve(Shared);
      await container.dispose();
      expect(disposed).to.deep.equal([]);
    });

    it("makes no singleton afterwards, but still gives those that exist", async () => {
      const clock = container.resolve(Clock);
      await container.dispose();
      expect(container.resolve(Clock)).to.equal(clock);
      expect(() => container.resolve(Journal)).to.throw(InjectionError, /its application has ended/);
    });
  });

  describe("executor methods", () => {
    it("says which plans reach them", () => {
      expect(container.plan(Handler)).to.deep.include({ callsExecutor: false, executorClasses: [] });
      expect(container.plan(Painter)).to.deep.include({
        callsExecutor: true,
        dependenciesCallExecutor: false,
        executorClasses: [Painter],
      });
      @injectable()
      class Exhibition {
        constructor(readonly gallery: Gallery) {}
      }
      expect(container.plan(Exhibition)).to.deep.include({
        callsExecutor: true,
        dependenciesCallExecutor: true,
        executorClasses: [Thumbnails],
      });
    });

    it("finds them in values and behind delay(), and allows for them in what a factory makes", () => {
      container.dependencies.register("value", { useValue: new Thumbnails() });
      container.dependencies.register("factory", { useFactory: () => ({}) });
      @injectable()
      class OfValue {
        constructor(@inject("value") readonly value: object) {}
      }
      @injectable()
      class Late {
        constructor(@inject(delay(() => Gallery)) readonly gallery: Ref<Gallery>) {}
      }
      @injectable()
      class OfFactory {
        constructor(@inject("factory") readonly made: object) {}
      }
      expect(container.plan(OfValue).executorClasses).to.deep.equal([Thumbnails]);
      expect(container.plan(Late).executorClasses).to.deep.equal([Thumbnails]);
      expect(container.plan(OfFactory)).to.deep.include({ dependenciesCallExecutor: true, executorClasses: [] });
    });

    it("are bound to the router of the application, which may be set later", async () => {
      const gallery = container.resolve(Gallery);
      await rejects(async () => gallery.thumbnails.resize(3), ConfigurationError, /before the application's executors/);
      container.router = router;
      expect(await gallery.thumbnails.resize(3)).to.equal("resize");
    });

    it("are bound on values, results of factories, scoped and late instances", async () => {
      container.router = router;
      container.dependencies.register("value", { useValue: new Thumbnails() });
      container.dependencies.register("factory", { useFactory: () => new Thumbnails() });
      container.dependencies.register("scoped", Painter, { lifecycle: Lifecycle.ContainerScoped });
      @injectable()
      class User {
        constructor(
          @inject("value") readonly value: Thumbnails,
          @inject("factory") readonly factory: Thumbnails,
          @inject("scoped") readonly painter: Painter,
          @inject(delay(() => Painter)) readonly late: Ref<Painter>,
        ) {}
      }
      const user = container.resolve(User, new Scope());
      expect(await user.value.resize(1)).to.equal("resize");
      expect(await user.factory.resize(1)).to.equal("resize");
      expect(await user.painter.paint()).to.equal("paint");
      expect(await user.late.paint()).to.equal("paint");
      expect(await container.dependencies.resolve(Painter).paint()).to.equal("paint");
    });

    it("are left unbound on the planned class itself with bindSelf: false", () => {
      @injectable()
      class Studio {
        constructor(readonly painter: Painter) {}
        @RunOnExecutor()
        async open(): Promise<void> {}
      }
      const studio = container.plan(Studio, { bindSelf: false }).create();
      expect(callBindingOf(studio)).to.equal(undefined);
      expect(callBindingOf(studio.painter)).not.to.equal(undefined);
      expect(callBindingOf(container.plan(Studio).create())).not.to.equal(undefined);
      bindCalls(studio, { router });
      expect(callBindingOf(studio)?.router).to.equal(router);
    });
  });
});

function thrownBy(body: () => void): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

async function rejects(body: () => Promise<unknown>, type: typeof ConfigurationError, text: RegExp): Promise<void> {
  let caught: unknown;
  await body().catch((error: unknown) => (caught = error));
  expect(caught).to.be.instanceOf(type).with.property("message").that.matches(text);
}
