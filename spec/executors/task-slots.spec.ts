import { expect } from "chai";
import { ThreadSlot, TaskSlots } from "#src/executors/task-slots.js";

describe("TaskSlots", () => {
  it("gives each task a slot of its own, as many as there are places", () => {
    const slots = TaskSlots.of(3);
    expect(new Set([slots.take().slot, slots.take().slot, slots.take().slot]).size).to.equal(3);
    expect(() => slots.take()).to.throw("there are more tasks than places");
    slots.give(1);
    expect(slots.take().slot).to.equal(1);
  });

  it("gives a slot that says nothing of the task before", () => {
    const slots = TaskSlots.of(1);
    const ticket = slots.take();
    slots.begin(ticket);
    slots.cancel(ticket.slot);
    slots.abortArgument(ticket.slot, 3);
    slots.give(ticket.slot);
    const again = slots.take();
    const turn = new ThreadSlot(slots, again);
    expect([slots.began(again.slot), turn.isCancelled(), turn.isArgumentAborted(3)]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });

  it("is one memory for both sides, in which slots do not touch each other", () => {
    const ours = TaskSlots.of(2);
    const [first, second] = [ours.take(), ours.take()];
    const theirs = new TaskSlots(ours.memory);
    ours.cancel(first.slot);
    theirs.begin(second);
    expect([theirs.isCancelled(first.slot), theirs.isCancelled(second.slot)]).to.deep.equal([true, false]);
    expect([ours.began(first.slot), ours.began(second.slot)]).to.deep.equal([false, true]);
  });

  it("lets either the thread begin or the executor take back, whoever comes first", () => {
    const ours = TaskSlots.of(2);
    const theirs = new TaskSlots(ours.memory);
    const [begun, takenBack] = [ours.take(), ours.take()];
    expect([theirs.begin(begun), ours.recall(begun), ours.began(begun.slot)]).to.deep.equal([true, false, true]);
    expect([ours.recall(takenBack), theirs.begin(takenBack), ours.began(takenBack.slot)]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  it("does not let the thread begin with a task whose slot another has got since", () => {
    const slots = TaskSlots.of(1);
    const late = slots.take();
    slots.recall(late);
    slots.give(late.slot);
    const next = slots.take();
    expect([slots.begin(late), slots.began(next.slot), slots.begin(next)]).to.deep.equal([false, false, true]);
  });

  it("has a bit for each argument, the last one included", () => {
    const slots = TaskSlots.of(1);
    const { slot } = slots.take();
    for (const index of [0, 31]) slots.abortArgument(slot, index);
    const aborted = Array.from({ length: 32 }, (_, index) => index).filter((index) =>
      slots.isArgumentAborted(slot, index),
    );
    expect(aborted).to.deep.equal([0, 31]);
  });
});
