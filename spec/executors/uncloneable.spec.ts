import { expect } from "chai";
import { isCloneable, serializationError } from "#src/executors/uncloneable.js";

describe("serializationError", () => {
  /** The path and the kind that the error names. */
  function faultOf(value: unknown, cause?: unknown): string[] {
    const error = serializationError(value, "result", "Class.method", cause);
    const kind = /^Class\.method: .* is (.*) and cannot be sent to another thread; send plain data instead$/.exec(
      error.message,
    )?.[1];
    return [error.path, kind ?? error.message];
  }
  const thrower = (): never => {
    throw new Error("a trap");
  };

  it("names the first part that cannot be cloned, wherever it stands", () => {
    const f = (): void => undefined;
    for (const [value, path] of [
      [f, "result"],
      [{ rows: [{ when: 1 }, { when: f, whence: f }] }, "result.rows[1].when"],
      [new Map<unknown, unknown>([["key", { deep: f }]]), "result.get(key).deep"],
      [new Map([[{ f }, 1]]), "result.keys().f"],
      [new Set([1, [f]]), "result.values[1][0]"],
    ] as const) {
      expect(faultOf(value)).to.deep.equal([path, "a function"]);
    }
  });

  it("says what it is", () => {
    const gone = new Uint8Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    class Reader {
      readonly handle = new WeakMap();
    }
    for (const [value, path, kind] of [
      [[Symbol("s")], "result[0]", "a symbol"],
      [{ map: new WeakMap() }, "result.map", "a WeakMap"],
      [{ later: Promise.resolve() }, "result.later", "a Promise"],
      [{ reader: new Reader() }, "result.reader", "a Reader"],
      [{ gone }, "result.gone", "a Uint8Array"],
      [{ target: new Proxy({}, {}) }, "result.target", "a Proxy"],
      [{ trap: new Proxy({}, { ownKeys: thrower, getPrototypeOf: thrower }) }, "result.trap", "a Proxy"],
      [
        { inner: Object.defineProperty({}, "x", { enumerable: true, get: thrower }) },
        "result.inner",
        "an object that cannot be read",
      ],
    ] as const) {
      expect(faultOf(value)).to.deep.equal([path, kind]);
    }
  });

  it("passes by what a clone takes, circles included", () => {
    const circle: { self?: unknown; at: Date; error: Error; f?: unknown } = { at: new Date(), error: new Error("x") };
    circle.self = circle;
    Object.assign(circle.error, { close: () => undefined });
    circle.f = () => undefined;
    expect(faultOf(circle)).to.deep.equal(["result.f", "a function"]);
  });

  it("says so when it finds nothing", () => {
    expect(faultOf({ a: 1 })).to.deep.equal(["result", "a value that structured clone refuses"]);
  });

  it("does not search what was nested too deeply for the clone", () => {
    expect(faultOf([], new RangeError("Maximum call stack size exceeded"))).to.deep.equal([
      "result",
      "nested too deeply",
    ]);
  });

  it("keeps the reason", () => {
    const cause = new Error("why");
    expect(serializationError(1, "result", "Class.method", cause).cause).to.equal(cause);
  });
});

describe("isCloneable", () => {
  it("is what a structured clone says", () => {
    for (const value of [1, null, [new Date()], new Error("x")]) expect(isCloneable(value)).to.equal(true);
    for (const value of [() => 1, [Symbol("x")], new WeakSet()]) expect(isCloneable(value)).to.equal(false);
  });
});
