import { expect } from "chai";
import { TaskQueue } from "#src/executors/queue.js";

interface Entry {
  readonly name: string;
  readonly priority: number;
  readonly queuedAt: number;
  node: unknown;
}

describe("TaskQueue", () => {
  let now = 0;
  let queue: TaskQueue<Entry>;

  beforeEach(() => {
    now = 0;
    queue = new TaskQueue(1_000);
  });

  const push = (name: string, priority = 0): Entry => {
    const entry = { name, priority, queuedAt: now, node: undefined };
    queue.push(entry);
    return entry;
  };
  const shiftAll = (): string[] => {
    const names: string[] = [];
    for (let next = queue.shift(now); next !== undefined; next = queue.shift(now)) names.push(next.name);
    return names;
  };

  describe("#shift", () => {
    it("gives entries of one priority in the order in which they came", () => {
      for (const name of ["a", "b", "c"]) push(name);
      expect(shiftAll()).to.deep.equal(["a", "b", "c"]);
    });

    it("gives a higher priority first", () => {
      for (const priority of [0, 5, -3, 0.5]) push(String(priority), priority);
      expect(shiftAll()).to.deep.equal(["5", "0.5", "0", "-3"]);
    });

    it("raises an entry by one priority for each `ageing` that it waited", () => {
      push("old");
      now = 1_999;
      push("new", 2);
      expect(queue.shift(now)?.name).to.equal("new");
      push("new", 2);
      now = 3_999;
      push("newer", 2);
      // 3,999 ms against 2,000 ms and two priorities: still 1 ms short.
      expect(queue.shift(now)?.name).to.equal("new");
      now = 4_000;
      expect(shiftAll()).to.deep.equal(["old", "newer"]);
    });

    it("starves nothing under a stream of higher priorities", () => {
      push("low", -5);
      let turns = 0;
      for (let next: Entry | undefined; next?.name !== "low"; next = queue.shift(now)) {
        push("high", 5);
        now += 100;
        turns++;
      }
      // Ten priorities at a second each.
      expect(turns).to.be.within(100, 102);
    });

    it("is undefined when nothing waits", () => {
      expect(queue.shift(0)).to.equal(undefined);
      queue.remove(push("a"));
      expect(queue.shift(0)).to.equal(undefined);
    });
  });

  describe("#remove", () => {
    it("takes an entry from anywhere, and the order of the others stays", () => {
      const [a, , c, , e] = ["a", "b", "c", "d", "e"].map((name) => push(name));
      for (const entry of [c, a, e]) expect(queue.remove(entry as Entry)).to.equal(true);
      expect(queue.size).to.equal(2);
      push("f");
      expect(shiftAll()).to.deep.equal(["b", "d", "f"]);
    });

    it("says that an entry does not wait", () => {
      const entry = push("a");
      queue.shift(0);
      expect(queue.remove(entry)).to.equal(false);
      expect(queue.remove({ name: "b", priority: 0, queuedAt: 0, node: undefined })).to.equal(false);
    });

    it("takes each of 100,000 entries in much the same time, whatever their place", () => {
      const entries = Array.from({ length: 100_000 }, (_, index) => push(String(index), index % 3));
      // What cost O(n) would be 5 × 10⁹ steps here: minutes, where the test has seconds.
      for (const entry of entries.toReversed()) queue.remove(entry);
      expect(queue.size).to.equal(0);
    }).timeout(5_000);
  });

  describe("#putBack", () => {
    it("gives an entry its place back, also when several come back in whatever order", () => {
      for (const name of ["a", "b", "c", "d"]) {
        push(name);
        now++;
      }
      const [a, b, c] = [queue.shift(now), queue.shift(now), queue.shift(now)] as [Entry, Entry, Entry];
      for (const entry of [b, c, a]) queue.putBack(entry);
      expect(queue.size).to.equal(4);
      expect(shiftAll()).to.deep.equal(["a", "b", "c", "d"]);
    });

    it("gives one back that is the last of its priority", () => {
      push("a");
      queue.putBack(queue.shift(now) as Entry);
      push("b");
      expect(shiftAll()).to.deep.equal(["a", "b"]);
    });

    it("puts entries of one moment in front of those that still wait", () => {
      for (const name of ["a", "b"]) push(name);
      queue.putBack(queue.shift(now) as Entry);
      expect(shiftAll()).to.deep.equal(["a", "b"]);
    });
  });

  describe("#drain", () => {
    it("gives all entries and leaves none", () => {
      for (const priority of [1, 0, 1]) push(String(priority), priority);
      expect(queue.drain()).to.have.lengthOf(3);
      expect(queue.size).to.equal(0);
      expect(queue.shift(0)).to.equal(undefined);
    });
  });
});
