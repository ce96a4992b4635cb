import { expect } from "chai";
import { decodeError, encodeError } from "#src/executors/error-codec.js";
import { ConfigurationError, DeadlineExceededError, HTTPError, QueueFullError, registerError } from "waterspout";

/** The way of an error from a worker to its caller. */
function sent(thrown: unknown): Error {
  return decodeError(structuredClone(encodeError(thrown)));
}

class NoSuchColumn extends Error {
  constructor(readonly row: number) {
    super(`no row ${row}`);
  }

  get next(): number {
    return this.row + 1;
  }
}
registerError(NoSuchColumn);

describe("the codec of errors", () => {
  it("keeps the class, the message and the worker's stack of native errors", () => {
    for (const type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
      const error = new type("what");
      const back = sent(error);
      expect(back).to.be.instanceOf(type);
      expect([back.name, back.message, back.stack]).to.deep.equal([type.name, "what", error.stack]);
    }
  });

  it("keeps the class and the fields of Waterspout's errors", () => {
    const back = sent(
      new HTTPError(404, "for the log", { reason: "Gone", headers: { "X-A": "b" }, extensions: { id: 7 } }),
    );
    expect(back).to.be.instanceOf(HTTPError);
    expect(back).to.include({
      name: "HTTPError",
      code: "HTTP",
      status: 404,
      reason: "Gone",
      logMessage: "for the log",
    });
    expect((back as HTTPError).responseHeaders).to.deep.equal({ "X-A": "b" });
    expect((back as HTTPError).extensions).to.deep.equal({ id: 7 });
    expect(sent(new QueueFullError("full", 3))).to.deep.include({ retryAfter: 3, retryable: true });
    expect(sent(new DeadlineExceededError("late", "queued"))).to.include({ phase: "queued", retryable: true });
  });

  it("makes the nearest known class of a class that is not registered, under its own name", () => {
    class Teapot extends HTTPError {
      readonly spout = "short";
    }
    const back = sent(new Teapot(418));
    expect(back).to.be.instanceOf(HTTPError).and.not.instanceOf(Teapot);
    expect(back).to.include({ name: "Teapot", status: 418, spout: "short" });
  });

  it("keeps code and status of a class that is not registered, wherever the class has them", () => {
    class Busy extends Error {
      get code(): string {
        return "E_BUSY";
      }
      get status(): number {
        return 503;
      }
    }
    expect(sent(new Busy("try later"))).to.include({ code: "E_BUSY", status: 503 });
  });

  it("keeps the properties of an error of the system", () => {
    const error = Object.assign(new Error("ENOENT"), { errno: -2, code: "ENOENT", syscall: "open", path: "/x" });
    expect(sent(error)).to.include({ errno: -2, code: "ENOENT", syscall: "open", path: "/x" });
  });

  it("keeps a DOMException, by which aborts and time-outs are told apart", () => {
    const error = new DOMException("it took too long", "TimeoutError");
    const back = sent(error);
    expect(back).to.be.instanceOf(DOMException);
    expect(back).to.include({ name: "TimeoutError", message: "it took too long", code: error.code });
    expect(back.stack).to.equal(error.stack);
  });

  describe("of causes", () => {
    it("keeps the chain, errors and other values alike", () => {
      const back = sent(new Error("a", { cause: new TypeError("b", { cause: { retry: [1] } }) }));
      expect(back.cause).to.be.instanceOf(TypeError);
      expect((back.cause as Error).cause).to.deep.equal({ retry: [1] });
    });

    it("keeps a cause that is null or false, and makes none where there is none", () => {
      expect(sent(new Error("a", { cause: null }))).to.have.property("cause", null);
      expect(sent(new Error("a", { cause: false }))).to.have.property("cause", false);
      expect(sent(new Error("a"))).to.not.have.property("cause");
    });

    it("ends a chain that loops", () => {
      const error = new Error("round");
      error.cause = new Error("and", { cause: error });
      let depth = 0;
      for (let next: unknown = sent(error); next instanceof Error; next = next.cause) depth++;
      expect(depth).to.be.within(3, 20);
    });

    it("sends the text of a cause that cannot be cloned", () => {
      expect(sent(new Error("a", { cause: () => 1 })).cause).to.match(/\(\) => 1/);
    });
  });

  describe("of an AggregateError", () => {
    it("keeps all errors", () => {
      const back = sent(new AggregateError([new TypeError("one"), "two"], "both"));
      expect(back).to.be.instanceOf(AggregateError);
      const [one, two] = (back as AggregateError).errors as Error[];
      expect(one).to.be.instanceOf(TypeError);
      expect(two).to.include({ message: "two", cause: "two" });
    });

    it("ends where it contains itself", () => {
      const error = new AggregateError([new Error("inner")], "outer");
      error.errors.push(error);
      expect(((sent(error) as AggregateError).errors as Error[]).map(({ message }) => message)).to.deep.equal([
        "inner",
        "outer",
      ]);
    });

    it("stays small where each of many errors has many errors", () => {
      let error = new Error("leaf");
      for (let level = 0; level < 12; level++) error = new AggregateError(Array.from({ length: 12 }, () => error));
      expect(JSON.stringify(encodeError(error)).length).to.be.lessThan(1_000_000);
    });

    it("has a list also where errors were none", () => {
      for (const errors of [7, null, { length: 1 }]) {
        const back = sent(Object.assign(new AggregateError([], "odd"), { errors }));
        expect(back).to.deep.include({ message: "odd", errors: [] });
      }
    });
  });

  describe("of own fields", () => {
    it("keeps what can be cloned and leaves out the rest", () => {
      const fields = {
        rows: [1, { two: 2n }],
        at: new Date(5),
        bytes: Uint8Array.of(1),
        close() {},
        kind: Symbol("x"),
      };
      const back = sent(Object.assign(new Error("a"), fields)) as Error & typeof fields;
      expect([back.rows, back.at, back.bytes]).to.deep.equal([fields.rows, fields.at, fields.bytes]);
      expect(back).to.not.have.any.keys("close", "kind");
    });

    it("leaves out those that cannot be read", () => {
      const error = new Error("a");
      Object.defineProperty(error, "broken", {
        enumerable: true,
        get: () => {
          throw new Error("unreadable");
        },
      });
      expect(Object.keys(sent(Object.assign(error, { whole: 1 })))).to.deep.equal(["whole"]);
    });

    it("sets no prototype", () => {
      const error = new Error("a");
      Object.defineProperty(error, "__proto__", { enumerable: true, value: { polluted: true } });
      expect(sent(error)).to.not.have.property("polluted");
    });

    it("keeps one that the class shadows by a getter", () => {
      const error = new NoSuchColumn(4);
      Object.defineProperty(error, "next", { enumerable: true, value: 9 });
      expect(sent(error)).to.include({ row: 4, next: 9 });
    });
  });

  describe("of what is no Error", () => {
    it("makes an Error that has the value as its cause", () => {
      for (const value of ["text", "", 0, 1n, null, undefined, Number.NaN, false, [1], { code: 5 }]) {
        const back = sent(value);
        expect(back).to.be.instanceOf(Error);
        expect(back).to.have.property("cause").that.deep.equals(value);
      }
    });

    it("makes an Error that has the value's text as its cause where it cannot be cloned", () => {
      expect(sent(Symbol("odd")).cause).to.match(/Symbol\(odd\)/);
      expect(sent(() => "never").cause).to.match(/never/);
    });
  });

  describe("of what is made to break it", () => {
    const thrower = (): never => {
      throw new Error("a trap");
    };
    const traps = new Proxy({}, { get: () => thrower });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();

    const hostile: Record<string, unknown> = {
      "a message that is a symbol": Object.assign(new Error(), { message: Symbol("m") }),
      "a name that is a function": Object.assign(new Error("a"), { name: () => "n" }),
      "a stack that is a list": Object.assign(new Error("a"), { stack: [thrower] }),
      "a proxy whose every trap throws": new Proxy(new Error("a"), traps),
      "a proxy that is revoked": revoked,
      "a prototype without a constructor": Object.setPrototypeOf(
        new Error("a"),
        Object.create(Error.prototype, { constructor: { value: undefined } }) as object,
      ),
      "an object whose text cannot be had": { toString: thrower },
      "an object without a prototype": Object.create(null),
      "an error that is not native": Object.create(Error.prototype),
      "a class whose constructor is a trap": Object.setPrototypeOf(
        new Error("a"),
        Object.create(Error.prototype, { constructor: { get: thrower } }) as object,
      ),
    };
    for (const key of ["name", "message", "stack", "cause", "errors"]) {
      hostile[`a ${key} that throws`] = Object.defineProperty(new AggregateError([], "a"), key, { get: thrower });
    }
    for (const [what, thrown] of Object.entries(hostile)) {
      it(`sends ${what} as an Error`, () => {
        const back = sent(thrown);
        expect(back).to.be.instanceOf(Error);
        for (const text of [back.name, back.message]) expect(text).to.be.a("string");
      });
    }
  });

  describe("registerError", () => {
    it("keeps the class, with its methods", () => {
      const back = sent(new NoSuchColumn(7));
      expect(back).to.be.instanceOf(NoSuchColumn);
      expect(back).to.include({ row: 7, next: 8, message: "no row 7" });
    });

    it("takes the same class twice and refuses another one of its name", () => {
      registerError(NoSuchColumn);
      const other = class extends Error {};
      Object.defineProperty(other, "name", { value: "NoSuchColumn" });
      expect(() => registerError(other)).to.throw(
        ConfigurationError,
        "registerError(NoSuchColumn): another class of that name is registered; rename one",
      );
    });

    it("refuses a class without a name, and what is no class of errors", () => {
      expect(() => registerError(class extends Error {})).to.throw(ConfigurationError, "a class without a name");
      for (const value of [undefined, {}, class Plain {}]) {
        expect(() => registerError(value as never)).to.throw(ConfigurationError, "is no class of errors");
      }
    });
  });
});
