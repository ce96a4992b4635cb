import { expect } from "chai";
import { TaskPace } from "#src/executors/thread-niceness.js";

describe("TaskPace", () => {
  /** Plays tasks of so much processor time each. @returns how often it called back, and after how many tasks. */
  function play(tasks: readonly number[], counted = true): readonly number[] {
    let used = 0;
    let ended = 0;
    const called: number[] = [];
    const pace = new TaskPace(
      () => (counted ? used : 0),
      () => called.push(ended),
    );
    const { now } = performance;
    performance.now = () => now.call(performance) + used * 2;
    try {
      for (const time of tasks) {
        used += time;
        ended += 1;
        pace.taskEnded();
      }
    } finally {
      performance.now = now;
    }
    return called;
  }

  const times = (count: number, time: number): number[] => Array.from({ length: count }, () => time);

  it("calls back once when tasks take a millisecond and more", () => {
    expect(play(times(200, 5))).to.have.lengthOf(1);
    expect(play(times(400, 1))).to.have.lengthOf(1);
    expect(play([1_000, 1_000, 1_000])).to.deep.equal([2]);
  });

  it("does not when they take less, though the first ones take long", () => {
    expect(play(times(5_000, 0.1))).to.deep.equal([]);
    expect(play([20, 10, 5, ...times(5_000, 0.1)])).to.deep.equal([]);
    expect(play([1_000, ...times(5_000, 0.1), 1_000, ...times(5_000, 0.1)])).to.deep.equal([]);
  });

  it("does when they come to take long later", () => {
    expect(play([...times(3_000, 0.1), ...times(200, 5)])).to.have.lengthOf(1);
  });

  it("does not where the system does not say", () => {
    expect(play(times(200, 5), false)).to.deep.equal([]);
  });
});
