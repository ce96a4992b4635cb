import { expect } from "chai";
import { Future } from "waterspout";

// What a future says of its task is in task.spec.ts.
describe("Future", () => {
  it("is a promise, and what then, catch and finally give is a plain one", async () => {
    const future = new Future<number>((resolve) => resolve(1));
    expect(future).to.be.instanceOf(Promise);
    for (const derived of [future.then((value) => value), future.catch(() => 2), future.finally(() => undefined)]) {
      expect(derived).to.be.instanceOf(Promise).and.not.instanceOf(Future);
      expect(await derived).to.equal(1);
    }
  });

  it("without a task is neither running nor cancelled, and cannot be cancelled", () => {
    const future = new Future<never>(() => undefined);
    expect([future.running(), future.done(), future.cancelled(), future.cancel()]).to.deep.equal([
      false,
      false,
      false,
      false,
    ]);
  });
});
