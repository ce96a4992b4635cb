import { expect } from "chai";
import { SlotMemory, TaskSlots } from "#src/executors/thread-protocol.js";

describe("TaskSlots", () => {
  it("gives each task a slot of its own, as many as there are places", () => {
    const slots = TaskSlots.of(3);
    expect(new Set([slots.take(), slots.take(), slots.take()]).size).to.equal(3);
    expect(() => slots.take()).to.throw("there are more tasks than places");
    slots.give(1);
    expect(slots.take()).to.equal(1);
  });

  it("gives a slot that says nothing of the task before", () => {
    const slots = TaskSlots.of(1);
    const slot = slots.take();
    slots.begin(slot);
    slots.cancel(slot);
    slots.abortArgument(slot, 3);
    slots.give(slot);
    const again = slots.take();
    const memory = new SlotMemory(slots, again);
    expect([slots.began(again), memory.isCancelled(), memory.isArgumentAborted(3)]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });

  it("is one memory for both sides, in which slots do not touch each other", () => {
    const ours = TaskSlots.of(2);
    const [first, second] = [ours.take(), ours.take()];
    const theirs = new TaskSlots(ours.memory);
    ours.cancel(first);
    theirs.begin(second);
    expect([theirs.isCancelled(first), theirs.isCancelled(second)]).to.deep.equal([true, false]);
    expect([ours.began(first), ours.began(second)]).to.deep.equal([false, true]);
  });

  it("has a bit for each argument, the last one included", () => {
    const slots = TaskSlots.of(1);
    const slot = slots.take();
    for (const index of [0, 31]) slots.abortArgument(slot, index);
    const aborted = Array.from({ length: 32 }, (_, index) => index).filter((index) =>
      slots.isArgumentAborted(slot, index),
    );
    expect(aborted).to.deep.equal([0, 31]);
  });
});
