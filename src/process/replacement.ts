import { describeEnding } from "./ending.js";
import type { Slot } from "./slot.js";
import type { WorkerHandle } from "./worker-handle.js";

/** What a replacement lets others do. */
export interface ReplacementHost {
  /** Forks the slot's successor. */
  succeed(slot: Slot): WorkerHandle;
  /** Asks a child to drain and end. */
  dismiss(child: WorkerHandle): void;
}

/** How it went: `abandoned` when the new child was asked to end before it had taken over. */
export type ReplacementOutcome =
  | { readonly kind: "replaced"; readonly by: WorkerHandle }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "abandoned" };

/**
 * Puts a new child in the place of one that serves, without a moment in which fewer serve: fork the successor; wait until it
 * is ready; wait until it has been ready for `stableTime`; ask the old one to drain; wait until that one is gone. Where the
 * new one fails, the old one serves on and nothing has happened to it. Where the old one ends before its time, the new one
 * takes over at once, and what becomes of it is not the replacement's matter.
 */
export async function replaceChild(slot: Slot, host: ReplacementHost, stableTime: number): Promise<ReplacementOutcome> {
  const old = slot.current;
  const next = host.succeed(slot);
  if (!(await provesItself(next, stableTime))) return failureOf(next);
  if (slot.successor === next) slot.promote();
  if (old !== undefined) host.dismiss(old);
  await old?.gone;
  return { kind: "replaced", by: next };
}

async function provesItself(child: WorkerHandle, stableTime: number): Promise<boolean> {
  return (await child.ready) && (await lasts(child, stableTime)) && !child.asked;
}

/** False when the child ends before so many milliseconds have passed. */
function lasts(child: WorkerHandle, time: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time, true);
    void child.gone.then(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

async function failureOf(child: WorkerHandle): Promise<ReplacementOutcome> {
  const ending = await child.gone;
  if (child.asked) return { kind: "abandoned" };
  return { kind: "failed", reason: `${child.name} ${describeEnding(child, ending)}` };
}
