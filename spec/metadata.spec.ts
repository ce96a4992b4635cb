import { expect } from "chai";
import { inject, injectable, singleton } from "tsyringe";
import { Route } from "#src/decorators/route.js";
import {
  authenticatedOf,
  constructorParameters,
  executorMethodsOf,
  middlewareOf,
  recordAuthenticated,
  recordExecutorMethod,
  recordMiddleware,
  recordRoute,
  routesOf,
} from "#src/metadata.js";

class Clock {}
class Store {}

describe("constructorParameters", () => {
  it("gives the classes that the compiler recorded, by position", () => {
    @singleton()
    class Service {
      constructor(
        readonly clock: Clock,
        readonly store: Store,
      ) {}
    }
    expect(constructorParameters(Service)).to.deep.equal([Clock, Store]);
  });

  it("puts the tokens of @inject in place of the types", () => {
    @injectable()
    class Service {
      constructor(
        readonly clock: Clock,
        @inject("settings") readonly settings: object,
      ) {}
    }
    const [first, second] = constructorParameters(Service) ?? [];
    expect(first).to.equal(Clock);
    expect(second).to.include({ token: "settings" });
  });

  it("finds a token where no class decorator of tsyringe has merged it", () => {
    @Route("/")
    class Service {
      constructor(@inject("settings") readonly settings: object) {}
    }
    const [only] = constructorParameters(Service) ?? [];
    expect(only).to.include({ token: "settings" });
  });

  it("is undefined for a class without a decorator", () => {
    class Plain {
      constructor(readonly clock: Clock) {}
    }
    expect(constructorParameters(Plain)).to.equal(undefined);
  });

  it("takes the parameters of the parent for a subclass that has no constructor", () => {
    @injectable()
    class Parent {
      constructor(readonly clock: Clock) {}
    }
    class Child extends Parent {}

    expect(constructorParameters(Child)).to.deep.equal([Clock]);
  });

  it("prefers the constructor of the subclass", () => {
    @injectable()
    class Parent {
      constructor(readonly clock: Clock) {}
    }
    @injectable()
    class Child extends Parent {
      constructor(readonly store: Store) {
        super(new Clock());
      }
    }
    expect(constructorParameters(Child)).to.deep.equal([Store]);
  });

  it("gives a copy, so that nobody writes into what the compiler recorded", () => {
    @singleton()
    class Service {
      constructor(readonly clock: Clock) {}
    }
    (constructorParameters(Service) as unknown[]).push("intruder");
    expect(constructorParameters(Service)).to.deep.equal([Clock]);
  });
});

describe("recordRoute", () => {
  it("puts each route in front of those recorded before, as decorators run from the bottom up", () => {
    class Handler {}
    recordRoute(Handler, { pattern: "/second" });
    recordRoute(Handler, { pattern: "/first", name: "first" });
    expect(routesOf(Handler)).to.deep.equal([{ pattern: "/first", name: "first" }, { pattern: "/second" }]);
  });

  it("does not change the list that was read before", () => {
    class Handler {}
    recordRoute(Handler, { pattern: "/a" });
    const before = routesOf(Handler);
    recordRoute(Handler, { pattern: "/b" });
    expect(before).to.deep.equal([{ pattern: "/a" }]);
  });
});

describe("routesOf", () => {
  it("is empty for a class without a route", () => {
    expect(routesOf(Clock)).to.deep.equal([]);
  });
});

describe("executorMethodsOf", () => {
  it("is empty for a class without executor methods", () => {
    expect([...executorMethodsOf(Clock)]).to.deep.equal([]);
  });

  it("gives the methods of a class with their options", () => {
    class Service {}
    recordExecutorMethod(Service, "resize", { deadline: 1_000 });
    recordExecutorMethod(Service, "crop", {});
    expect([...executorMethodsOf(Service)]).to.deep.equal([
      ["resize", { deadline: 1_000 }],
      ["crop", {}],
    ]);
  });

  it("includes what a class inherits, and its own options where it declares the method again", () => {
    class Parent {}
    class Child extends Parent {}
    recordExecutorMethod(Parent, "inherited", { priority: 1 });
    recordExecutorMethod(Parent, "overridden", { priority: 1 });
    recordExecutorMethod(Child, "overridden", { priority: 2 });
    expect(Object.fromEntries(executorMethodsOf(Child))).to.deep.equal({
      inherited: { priority: 1 },
      overridden: { priority: 2 },
    });
  });

  it("keeps what a subclass adds from its parent and its siblings", () => {
    class Parent {}
    class Child extends Parent {}
    class Sibling extends Parent {}
    recordExecutorMethod(Child, "own", {});
    expect(executorMethodsOf(Parent).size).to.equal(0);
    expect(executorMethodsOf(Sibling).size).to.equal(0);
  });
});

describe("middlewareOf", () => {
  class Parent {
    get(): void {}
    post(): void {}
  }
  class Child extends Parent {
    override post(): void {}
  }
  // As decorators do it: from the bottom up.
  recordMiddleware(Parent, undefined, ["parent 2"]);
  recordMiddleware(Parent, undefined, ["parent 1"]);
  recordMiddleware(Parent, "get", ["get"]);
  recordMiddleware(Parent, "post", ["post"]);
  recordMiddleware(Child, undefined, ["child"]);

  it("gives a class its parents' first, in the order of the source", () => {
    expect(middlewareOf(Child, undefined)).to.deep.equal(["parent 1", "parent 2", "child"]);
    expect(middlewareOf(Parent, undefined)).to.deep.equal(["parent 1", "parent 2"]);
  });

  it("gives a verb that is inherited its parent's, and none to one that is written anew", () => {
    expect(middlewareOf(Child, "get")).to.deep.equal(["get"]);
    expect(middlewareOf(Child, "post")).to.deep.equal([]);
    expect(middlewareOf(Parent, "post")).to.deep.equal(["post"]);
  });
});

describe("authenticatedOf", () => {
  it("gives what was recorded on the class and on its parents, and not on its children", () => {
    class Parent {}
    class Child extends Parent {}
    class Other {}
    recordAuthenticated(Parent, "get");
    recordAuthenticated(Child, "post");
    recordAuthenticated(Child, undefined);
    expect([...authenticatedOf(Parent)]).to.deep.equal(["get"]);
    expect([...authenticatedOf(Child)]).to.have.members(["get", "post", undefined]);
    expect([...authenticatedOf(Other)]).to.deep.equal([]);
  });
});
