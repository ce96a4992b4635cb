import { setImmediate as turn } from "node:timers/promises";

/** Settles in the first turn of the loop in which the condition holds. Rejects at the deadline, in milliseconds. */
export async function until(condition: () => boolean, deadline = 10_000): Promise<void> {
  const end = performance.now() + deadline;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${condition.toString()}`);
    await turn();
  }
}
