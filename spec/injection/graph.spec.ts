import { expect } from "chai";
// Before tsyringe, which refuses to load without reflect-metadata.
import type { Class } from "#src/concurrent.js";
import { ApplicationContainer } from "#src/container.js";
import { InjectionError } from "#src/errors.js";
import { Lifecycle, delay, inject, injectAll, injectable, scoped, singleton } from "tsyringe";

@singleton()
class Clock {}

interface Settings {
  readonly name: string;
}

class Plain {
  constructor(readonly clock: Clock) {}
}

@injectable()
class Service {
  constructor(
    readonly clock: Clock,
    @inject("graph:config") readonly config: Settings,
  ) {}
}

@injectable()
class Handler {
  constructor(readonly service: Service) {}
}

@scoped(Lifecycle.ContainerScoped)
class Visitor {}

@injectable()
class Greeting {
  constructor(readonly visitor: Visitor) {}
}

@singleton()
class Greeter {
  constructor(
    readonly clock: Clock,
    readonly greeting: Greeting,
  ) {}
}

describe("Graph", () => {
  let container: ApplicationContainer;

  beforeEach(() => {
    container = new ApplicationContainer();
  });

  /** The lines of the error that planning the class throws. */
  function faultOf(target: Class): readonly string[] {
    try {
      container.plan(target);
    } catch (error) {
      expect(error).to.be.instanceOf(InjectionError);
      return (error as Error).message.split("\n");
    }
    throw new Error(`${target.name} was planned`);
  }

  it("names the missing token, the parameter and the whole way to it", () => {
    expect(faultOf(Handler)).to.deep.equal([
      'Handler cannot be constructed: nothing is registered for the token "graph:config".',
      "  Handler, parameter 0: Service",
      '  Service, parameter 1: "graph:config"',
      'Register it in configure(container), for example container.register("graph:config", { useValue: … }), or let ' +
        'the parameter be absent: @inject("graph:config", { isOptional: true }).',
    ]);
  });

  it("leaves nothing behind of a search that failed", () => {
    faultOf(Handler);
    container.dependencies.register("graph:config", { useValue: { name: "late" } });
    expect(container.resolve(Handler).service.config).to.deep.equal({ name: "late" });
  });

  it("names the registrations on the way", () => {
    container.dependencies.register("graph:alias", { useToken: Handler });
    @injectable()
    class User {
      constructor(@injectAll("graph:alias") readonly all: unknown[]) {}
    }
    expect(faultOf(User).slice(1, 5)).to.deep.equal([
      '  User, parameter 0: all of "graph:alias"',
      '  "graph:alias" is registered as Handler',
      "  Handler, parameter 0: Service",
      '  Service, parameter 1: "graph:config"',
    ]);
  });

  it("looks behind delay() as well", () => {
    @injectable()
    class User {
      constructor(@inject(delay(() => Handler)) readonly handler: unknown) {}
    }
    expect(faultOf(User).slice(0, 3)).to.deep.equal([
      'User cannot be constructed: nothing is registered for the token "graph:config".',
      "  User, parameter 0: delay(() => Handler)",
      "  Handler, parameter 0: Service",
    ]);
  });

  it("shows a cycle once around and says how to break it", () => {
    @injectable()
    class One {
      constructor(@inject("graph:two") readonly two: unknown) {}
    }
    @injectable()
    class Two {
      constructor(readonly one: One) {}
    }
    @injectable()
    class Start {
      constructor(readonly one: One) {}
    }
    container.dependencies.register("graph:two", { useClass: Two });
    const lines = faultOf(Start);
    expect(lines.slice(0, -1)).to.deep.equal([
      "Start cannot be constructed: its dependencies form a cycle.",
      "  Start, parameter 0: One",
      '  One, parameter 0: "graph:two"',
      "  Two, parameter 0: One",
    ]);
    expect(lines.at(-1)).to.include("delay(() => Other)").and.include("Ref<Other>");
  });

  it("refuses a singleton that would keep a request's instance, also through a transient", () => {
    @injectable()
    class Page {
      constructor(readonly greeter: Greeter) {}
    }
    const lines = faultOf(Page);
    expect(lines.slice(0, -1)).to.deep.equal([
      "Page cannot be constructed: the singleton Greeter would keep a request-scoped dependency, and show one request's " +
        "data to another.",
      "  Page, parameter 0: Greeter",
      "  Greeter, parameter 1: Greeting",
      "  Greeting, parameter 0: Visitor",
    ]);
    expect(lines.at(-1)).to.include("Lifecycle.ContainerScoped");
  });

  it("refuses it behind delay() and under a token as well", () => {
    @singleton()
    class Sneaky {
      constructor(@inject(delay(() => Visitor)) readonly visitor: unknown) {}
    }
    expect(faultOf(Sneaky)[0]).to.include("the singleton Sneaky would keep a request-scoped dependency");
    container.dependencies.register("graph:visitor", { useToken: Visitor }, { lifecycle: Lifecycle.Singleton });
    @injectable()
    class User {
      constructor(@inject("graph:visitor") readonly visitor: unknown) {}
    }
    expect(faultOf(User)[0]).to.include('the singleton "graph:visitor" would keep a request-scoped dependency');
  });

  it("says of a parameter whose type was erased what is left of it", () => {
    @injectable()
    class OfInterface {
      constructor(
        readonly clock: Clock,
        readonly settings: Settings,
      ) {}
    }
    const lines = faultOf(OfInterface);
    expect(lines.slice(0, 2)).to.deep.equal([
      "OfInterface cannot be constructed: the type of this parameter was erased, the compiler recorded only Object.",
      "  OfInterface, parameter 1: Object",
    ]);
    expect(lines.at(-1)).to.include("import type").and.include("tsx");
  });

  it("refuses every other type that is no class at run time", () => {
    @injectable()
    class OfString {
      constructor(readonly value: string) {}
    }
    @injectable()
    class OfNumber {
      constructor(readonly value: number) {}
    }
    @injectable()
    class OfBoolean {
      constructor(readonly value: boolean) {}
    }
    @injectable()
    class OfArray {
      constructor(readonly value: Clock[]) {}
    }
    @injectable()
    class OfPromise {
      constructor(readonly value: Promise<Clock>) {}
    }
    @injectable()
    class OfFunction {
      constructor(readonly value: () => void) {}
    }
    @injectable()
    class OfUndefined {
      constructor(readonly value: undefined) {}
    }
    const recorded = [OfString, OfNumber, OfBoolean, OfArray, OfPromise, OfFunction, OfUndefined].map((target) =>
      /recorded only (\w+)\.$/.exec(faultOf(target)[0] ?? "")?.at(1),
    );
    expect(recorded).to.deep.equal(["String", "Number", "Boolean", "Array", "Promise", "Function", "undefined"]);
  });

  it("says of a class without metadata that a decorator or the compiler's option is missing", () => {
    @injectable()
    class User {
      constructor(readonly plain: Plain) {}
    }
    const lines = faultOf(User);
    expect(lines.slice(0, 2)).to.deep.equal([
      "User cannot be constructed: Plain has 1 constructor parameter, and the compiler recorded nothing of it.",
      "  User, parameter 0: Plain",
    ]);
    expect(lines.at(-1)).to.include("emitDecoratorMetadata").and.include("esbuild");
  });

  it("refuses an undecorated subclass that takes more than its parent", () => {
    class Derived extends Handler {
      constructor(
        service: Service,
        readonly clock: Clock,
      ) {
        super(service);
      }
    }
    container.dependencies.register("graph:config", { useValue: {} });
    expect(faultOf(Derived)[0]).to.equal(
      "Derived cannot be constructed: Derived has 2 constructor parameters, and the compiler recorded 1, of a class that it extends.",
    );
  });

  it("explains a registration of undefined, which tsyringe takes for a class", () => {
    container.dependencies.register("graph:undefined", { useValue: undefined });
    @injectable()
    class User {
      constructor(@inject("graph:undefined") readonly value: undefined) {}
    }
    expect(faultOf(User).at(-1)).to.include("useFactory: () => undefined");
  });
});
