import { expect } from "chai";
import { Route } from "#src/decorators/route.js";
import { routesOf } from "#src/metadata.js";

describe("Route", () => {
  it("records the pattern on the class", () => {
    @Route("/users/:id")
    class UserHandler {}

    expect(routesOf(UserHandler)).to.deep.equal([{ pattern: "/users/:id" }]);
  });

  it("records its options beside the pattern", () => {
    const pattern = /\/files\/(\d+)/;

    @Route(pattern, { name: "file", host: "files.example.org", timeout: 1_000 })
    class FileHandler {}

    expect(routesOf(FileHandler)).to.deep.equal([{ pattern, name: "file", host: "files.example.org", timeout: 1_000 }]);
  });

  it("keeps several routes of a class in the order of the source", () => {
    @Route("/first")
    @Route("/second", { name: "second" })
    @Route("/third")
    class Handler {}

    expect(routesOf(Handler).map(({ pattern }) => pattern)).to.deep.equal(["/first", "/second", "/third"]);
  });

  it("does not give a subclass the paths of its parent", () => {
    @Route("/parent")
    class Parent {}

    @Route("/child")
    class Child extends Parent {}

    class Silent extends Parent {}

    expect(routesOf(Child)).to.deep.equal([{ pattern: "/child" }]);
    expect(routesOf(Parent)).to.deep.equal([{ pattern: "/parent" }]);
    expect(routesOf(Silent)).to.deep.equal([]);
  });

  it("leaves the class as it is and constructs nothing", () => {
    let constructed = 0;
    class Handler {
      constructor() {
        constructed++;
      }
    }
    expect(Route("/")(Handler)).to.equal(undefined);
    expect(constructed).to.equal(0);
  });
});
