import { expect } from "chai";
import { lostThreads, threadLost } from "#src/lost-threads.js";

// When a thread is lost and comes back is in executors/thread.spec.ts.
describe("lostThreads", () => {
  it("is the number of threads that were lost and did not come back", () => {
    expect(lostThreads()).to.equal(0);
    const [first, second] = [threadLost(), threadLost()];
    expect(lostThreads()).to.equal(2);
    first();
    expect(lostThreads()).to.equal(1);
    second();
    expect(lostThreads()).to.equal(0);
  });
});
