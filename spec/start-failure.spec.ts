import { expect } from "chai";
import { ConfigurationError, InjectionError, StartError, WorkerBootError, HTTPError } from "#src/errors.js";
import { explained, startFailureText } from "#src/start-failure.js";
import { refusal } from "./support/refusal.js";

// What a program prints is in spec/system/misuse.spec.ts.
describe("startFailureText", () => {
  it("is the message of an error that says what to change", () => {
    for (const Kind of [ConfigurationError, InjectionError, StartError, WorkerBootError]) {
      expect(startFailureText(new Kind("name a port"))).to.equal("name a port");
    }
  });

  it("adds where the application threw what is the cause", () => {
    const cause = new RangeError("no connection");
    const text = startFailureText(new StartError("configure() failed", { cause }));
    expect(text).to.match(/^configure\(\) failed \(thrown at \S*\/spec\/start-failure\.spec\.[jt]s:\d+:\d+\)$/);
  });

  it("adds nothing for a cause that Node or this package threw", () => {
    const cause = Object.assign(new Error("listen EADDRINUSE"), {
      stack: "Error: listen EADDRINUSE\n    at Server.listen (node:net:1:1)",
    });
    expect(startFailureText(new StartError("the port is taken", { cause }))).to.equal("the port is taken");
    const own = Object.assign(new Error("x"), {
      stack: `Error: x\n    at Router.add (${import.meta.resolve("#src/routing/router.js")}:3:5)`,
    });
    expect(startFailureText(new StartError("the route is wrong", { cause: own }))).to.equal("the route is wrong");
  });

  it("has nothing to say of any other error", () => {
    for (const error of [new TypeError("x"), new HTTPError(404), "x", undefined]) {
      expect(startFailureText(error)).to.equal(undefined);
    }
  });
});

describe("explained", () => {
  it("gives the result", async () => {
    expect(await explained(() => Promise.resolve(3))).to.equal(3);
  });

  it("rejects with the error itself, and leaves the listeners of others alone", async () => {
    const error = new ConfigurationError("name a port");
    const before = process.listenerCount("uncaughtException");
    expect(await refusal(explained(() => Promise.reject(error)))).to.equal(error);
    expect(process.listenerCount("uncaughtException")).to.equal(before);
  });
});
