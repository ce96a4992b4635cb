import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Disposables } from "#src/injection/disposal.js";
import { expectLog } from "../support/log.js";

describe("Disposables", () => {
  let told: string[];
  const tell = (what: string) => (): void => void told.push(what);

  function disposables(...instances: readonly unknown[]): Disposables {
    const all = new Disposables();
    for (const [index, instance] of instances.entries()) all.add(instance, `Service${index}`);
    return all;
  }

  beforeEach(() => {
    told = [];
  });

  it("disposes the last first, one after the other", async () => {
    const slow = {
      async dispose(): Promise<void> {
        told.push("slow begins");
        await turn();
        told.push("slow ends");
      },
    };
    await disposables({ dispose: tell("first") }, slow, { dispose: tell("last") }).dispose();
    expect(told).to.deep.equal(["last", "slow begins", "slow ends", "first"]);
  });

  it("calls one method of each: Symbol.asyncDispose, else Symbol.dispose, else dispose()", async () => {
    const three = { [Symbol.asyncDispose]: tell("async"), [Symbol.dispose]: tell("sync"), dispose: tell("plain") };
    await disposables(three, { [Symbol.dispose]: tell("sync"), dispose: tell("plain") }).dispose();
    expect(told).to.deep.equal(["sync", "async"]);
  });

  it("calls the method on its instance", async () => {
    const service = {
      name: "store",
      dispose(): void {
        told.push(this.name);
      },
    };
    await disposables(service).dispose();
    expect(told).to.deep.equal(["store"]);
  });

  it("leaves alone what has no such method: values, and a dispose() that wants to be told something", async () => {
    const other = { dispose: (what: string) => told.push(what) };
    await disposables(undefined, null, "text", 7, {}, { dispose: true }, other).dispose();
    expect(told).to.deep.equal([]);
  });

  for (const [how, fail] of [
    ["throws", () => expect.fail("no connection")],
    ["rejects", () => Promise.reject(new Error("no connection"))],
  ] as const) {
    it(`logs one that ${how}, by its name, and disposes the rest`, async () => {
      expectLog(/disposing Service1 failed[^]*no connection/);
      await disposables({ dispose: tell("first") }, { dispose: fail }, { dispose: tell("last") }).dispose();
      expect(told).to.deep.equal(["last", "first"]);
    });
  }

  it("disposes once, however often it is asked, and says that it has begun", async () => {
    const all = disposables({ dispose: tell("disposed") });
    expect(all.disposed).to.equal(false);
    const first = all.dispose();
    expect(all.disposed).to.equal(true);
    await Promise.all([first, all.dispose()]);
    expect(told).to.deep.equal(["disposed"]);
  });
});
