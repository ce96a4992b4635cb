import { expect } from "chai";
import type { TaskOptions } from "#src/concurrent.js";
import { Future, InlineExecutor } from "waterspout";
import { type ContractOptions, executorContract } from "waterspout/testing";

/** An executor of an outsider, who got something wrong. */
class Outsider extends InlineExecutor {
  constructor({ places, ...options }: ContractOptions) {
    super({ concurrency: places, ...options });
  }

  override submit(target: never, method: never, args: never, options: TaskOptions = {}): Future<never> {
    return this.change(super.submit(target, method, args, this.choose(options)) as Future<never>);
  }

  /** What becomes of the options of a call. */
  protected choose(options: TaskOptions): TaskOptions {
    return options;
  }

  /** What becomes of its future. */
  protected change<R>(future: Future<R>): Future<R> {
    return future;
  }
}

function without(name: keyof TaskOptions): (options: TaskOptions) => TaskOptions {
  return (options) => Object.fromEntries(Object.entries(options).filter(([key]) => key !== name));
}

/** A class that changes options, for a fault that is one line. */
function choosing(choose: (options: TaskOptions) => TaskOptions): typeof Outsider {
  return class extends Outsider {
    protected override choose = choose;
  };
}

class ForgetsClasses extends Outsider {
  protected override change<R>(future: Future<R>): Future<R> {
    const plain = new Future<R>((resolve, reject) => {
      future.then(resolve, (error: Error) => reject(new Error(error.message)));
    });
    return Object.assign(plain, { cancel: (reason?: unknown) => future.cancel(reason) });
  }
}

class ReadsAhead extends Outsider {
  override stream(target: never, method: never, args: never, options?: TaskOptions): never {
    return readAhead(super.stream(target, method, args, options)) as never;
  }
}

async function* readAhead(stream: AsyncGenerator<unknown>): AsyncGenerator<unknown> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  yield* items;
}

class NeverEnds extends Outsider {
  protected override change<R>(): Future<R> {
    return new Future<R>(() => undefined);
  }
}

/** What is wrong with each, and a rule that says so. */
const faults: [what: string, type: typeof Outsider, rule: string][] = [
  ["forgets the classes of errors", ForgetsClasses, "keeps the class, status, reason and cause of an HTTPError"],
  ["forgets the classes of its own errors", ForgetsClasses, "names the place of an argument that cannot be cloned"],
  ["ignores priorities", choosing(without("priority")), "starts a higher priority first"],
  [
    "forgets whose request it is",
    choosing(without("requestId")),
    "tells a task its name, its request and the rest of its deadline",
  ],
  [
    "always takes the memory",
    choosing((options) => ({ ...options, transfer: true })),
    "leaves the sender's array alone unless it is moved",
  ],
  ["reads a stream to its end", ReadsAhead, "lets a stream run no further ahead than its window"],
  ["does not give a stream's items before its error", ReadsAhead, "gives a stream's error after the items before it"],
  ["never settles", NeverEnds, "runs a method and gives its result"],
];

describe("executorContract", () => {
  /** Why a rule does not hold for an executor; undefined when it holds. */
  async function verdict(type: typeof Outsider, rule: string): Promise<unknown> {
    const found = executorContract((options) => new type(options)).find(({ name }) => name === rule);
    if (found === undefined) return expect.fail(`there is no rule "${rule}"`);
    return found.run().then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  for (const [what, type, rule] of faults) {
    it(`catches an executor that ${what}`, async () => {
      expect(await verdict(Outsider, rule), "without the fault").to.equal(undefined);
      expect(await verdict(type, rule)).to.be.instanceOf(Error);
    }).timeout(60_000);
  }

  it("gives every rule a name of its own", () => {
    const names = executorContract((options) => new Outsider(options)).map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length).and.to.be.greaterThan(40);
  });
});
