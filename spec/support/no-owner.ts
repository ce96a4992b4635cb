import type { TaskOwner } from "#src/executors/task.js";

/** For tasks whose owner is not what is looked at. */
export const noOwner: TaskOwner = {
  abandoned: () => {},
  begun: () => {},
  dequeue: () => true,
  replied: () => {},
  crashed: () => {},
};
