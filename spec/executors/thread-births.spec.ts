import { expect } from "chai";
import { BirthQueue, type Target } from "#src/executors/thread-births.js";

interface Birth {
  readonly name: string;
  readonly target: Target;
}

describe("BirthQueue", () => {
  let queue: BirthQueue<Birth>;
  const birth = (name: string, threadId = 0): Birth => ({ name, target: { threadId } });

  beforeEach(() => {
    queue = new BirthQueue(({ target }) => target);
  });

  it("gives births in their order", () => {
    for (const name of ["a", "b"]) queue.push(birth(name));
    expect([queue.size, queue.shift()?.name, queue.shift()?.name, queue.shift()]).to.deep.equal([2, "a", "b", null]);
  });

  it("drops what comes back for a thread that has gone", () => {
    queue.push(birth("gone", 7));
    expect(queue.size).to.equal(0);
  });

  it("lets a birth go whose thread has ended or was never made", () => {
    const [first, second, third] = [birth("a"), birth("b"), birth("c")];
    for (const each of [first, second, third]) queue.push(each);
    second.target.threadId = 7;
    queue.drop(second.target);
    queue.remove(third);
    expect([queue.size, queue.shift()]).to.deep.equal([1, first]);
  });
});
