import { expect } from "chai";
import { lateBound } from "#src/injection/delayed.js";

class Counter {
  #count = 0;
  label = "counter";
  onChange = function (this: unknown): unknown {
    return this;
  };
  get count(): number {
    return this.#count;
  }
  increment(): number {
    this.#count += 1;
    return this.#count;
  }
}

describe("lateBound", () => {
  it("makes its object at the first use, once", () => {
    let made = 0;
    const counter = lateBound(() => {
      made += 1;
      return new Counter();
    }) as Counter;
    expect(made).to.equal(0);
    counter.increment();
    expect(counter.increment()).to.equal(2);
    expect(made).to.equal(1);
  });

  it("lets methods and accessors reach private fields", () => {
    const counter = lateBound(() => new Counter()) as Counter;
    counter.increment();
    expect(counter.count).to.equal(1);
    expect(counter.increment).to.equal(counter.increment);
  });

  it("looks like the object to every operator", () => {
    const real = new Counter();
    const counter = lateBound(() => real) as Counter & Record<string, unknown>;
    expect(counter).to.be.instanceOf(Counter);
    expect(counter.constructor).to.equal(Counter);
    expect("label" in counter && !("other" in counter)).to.equal(true);
    counter.label = "renamed";
    Object.defineProperty(counter, "extra", { value: 1, configurable: true, enumerable: true });
    expect(real).to.include({ label: "renamed", extra: 1 });
    expect(Object.entries(counter)).to.deep.equal(Object.entries(real));
    delete counter["extra"];
    expect(Object.keys(real)).to.deep.equal(["label", "onChange"]);
    expect(counter.onChange).to.equal(real.onChange);
  });

  it("reads a frozen object", () => {
    const frozen = lateBound(() => Object.freeze({ a: 1 }));
    expect({ ...frozen }).to.deep.equal({ a: 1 });
  });
});
