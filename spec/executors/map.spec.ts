import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import { Future } from "#src/executors/future.js";
import { mapOrdered } from "#src/executors/map.js";
import { failure } from "../support/pools.js";

/** Calls that end when the test says so. */
class Calls {
  readonly started: string[] = [];
  readonly cancelled: string[] = [];
  readonly #settle = new Map<string, { resolve: (value: string) => void; reject: (error: unknown) => void }>();

  readonly call = (input: string): Future<string> => {
    this.started.push(input);
    const future = new Future<string>((resolve, reject) => this.#settle.set(input, { resolve, reject }));
    return Object.assign(future, { cancel: () => this.cancelled.push(input) > 0 });
  };

  end(input: string): void {
    this.#settle.get(input)?.resolve(`${input}!`);
  }

  fail(input: string): void {
    this.#settle.get(input)?.reject(new Error(`no ${input}`));
  }
}

async function* letters(...values: string[]): AsyncGenerator<string> {
  yield* values;
}

describe("mapOrdered", () => {
  let calls: Calls;

  beforeEach(() => {
    calls = new Calls();
  });

  it("loses no input that comes in the moment of a result", async () => {
    const at = (input: number): Future<number> => new Future((resolve) => resolve(input));
    const results: number[] = [];
    for await (const result of mapOrdered([1, 2, 3, 4, 5], 2, at)) results.push(result);
    expect(results).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it("gives the results in the order of the inputs, whatever the order of their ends", async () => {
    const results = mapOrdered(["a", "b", "c"], 3, calls.call);
    const all = collect(results);
    await turn();
    for (const input of ["c", "a", "b"]) calls.end(input);
    expect(await all).to.deep.equal(["a!", "b!", "c!"]);
  });

  it("makes no more calls at a time than it may, and another when a result was taken", async () => {
    const results = mapOrdered(["a", "b", "c", "d"], 2, calls.call);
    const first = results.next();
    await turn();
    expect(calls.started).to.deep.equal(["a", "b"]);
    calls.end("b");
    calls.end("a");
    expect(await first).to.deep.equal({ value: "a!", done: false });
    await turn();
    expect(calls.started).to.deep.equal(["a", "b"]);
    const second = results.next();
    expect((await second).value).to.equal("b!");
    await results.return(undefined);
  });

  it("gives a result while the next input is still waited for", async () => {
    let ask: (value: string) => void = () => undefined;
    async function* slow(): AsyncGenerator<string> {
      yield "a";
      yield await new Promise<string>((resolve) => (ask = resolve));
    }
    const results = mapOrdered(slow(), 4, calls.call);
    const first = results.next();
    await turn();
    calls.end("a");
    expect((await first).value).to.equal("a!");
    const second = results.next();
    await turn();
    ask("b");
    await turn();
    calls.end("b");
    expect((await second).value).to.equal("b!");
    expect(await results.next()).to.deep.equal({ value: undefined, done: true });
  });

  it("loses no input that comes while a result is taken", async () => {
    const now = (input: string): Future<string> => {
      const future = new Future<string>((resolve) => resolve(`${input}!`));
      return Object.assign(future, { cancel: () => false });
    };
    const inputs = ["a", "b", "c", "d", "e"];
    for (const limit of [1, 2, 3, 9]) {
      expect(await collect(mapOrdered(inputs, limit, now))).to.deep.equal(inputs.map((input) => `${input}!`));
      expect(await collect(mapOrdered(letters(...inputs), limit, now))).to.have.lengthOf(5);
    }
  });

  it("ends at the first error, after the results before it, and cancels the others", async () => {
    const results: string[] = [];
    const all = failure(collect(mapOrdered(letters("a", "b", "c"), 3, calls.call), results));
    await turn();
    calls.fail("b");
    calls.end("a");
    expect((await all).message).to.equal("no b");
    expect([results, calls.cancelled]).to.deep.equal([["a!"], ["b", "c"]]);
  });

  it("gives the results of the inputs before the error of the inputs", async () => {
    async function* broken(): AsyncGenerator<string> {
      yield "a";
      throw new Error("no more inputs");
    }
    const results: string[] = [];
    const all = failure(collect(mapOrdered(broken(), 4, calls.call), results));
    await turn();
    calls.end("a");
    expect((await all).message).to.equal("no more inputs");
    expect(results).to.deep.equal(["a!"]);
  });

  it("cancels what is submitted and ends the inputs when the loop is left", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (let next = 0; ; next++) yield String(next);
      } finally {
        ended = true;
      }
    }
    const results = mapOrdered(endless(), 3, calls.call);
    const first = results.next();
    await turn();
    calls.end("0");
    await first;
    await results.return(undefined);
    expect([calls.cancelled, ended]).to.deep.equal([["1", "2"], true]);
  });

  it("can be left while an input is waited for that never comes", async () => {
    async function* stuck(): AsyncGenerator<string> {
      yield "a";
      await new Promise<never>(() => undefined);
    }
    const results = mapOrdered(stuck(), 2, calls.call);
    const first = results.next();
    await turn();
    calls.end("a");
    await first;
    expect(await results.return(undefined)).to.deep.equal({ value: undefined, done: true });
  });

  it("refuses a concurrency that is no count", async () => {
    for (const limit of [0, 1.5, Number.NaN]) {
      const error = await failure(mapOrdered(["a"], limit, calls.call).next());
      expect(error).to.be.instanceOf(ConfigurationError);
      expect(error.message).to.equal(
        `Executor.map: concurrency must be an integer of at least 1, got ${String(limit)}`,
      );
    }
  });
});

async function collect(source: AsyncIterable<string>, into: string[] = []): Promise<string[]> {
  for await (const item of source) into.push(item);
  return into;
}
