import { generalLog } from "../log.js";
import type { WorkerHandle } from "./worker-handle.js";

/** What of a child is looked at. */
export type LivingChild = Pick<WorkerHandle, "name" | "figures" | "lastHeard" | "kill">;

/** Kills a child of which nothing was heard for too long. Its end is then that of a child that crashed. */
export class LivenessCheck {
  readonly #patience: number;
  readonly #timeout: number;
  readonly #silent = new WeakMap<LivingChild, { heard: number; looks: number }>();

  /**
   * @param timeout milliseconds; 0 never kills.
   * @param interval between two looks. Milliseconds.
   */
  constructor(timeout: number, interval: number) {
    this.#timeout = timeout;
    this.#patience = timeout === 0 ? Number.POSITIVE_INFINITY : Math.max(2, Math.ceil(timeout / interval));
  }

  /**
   * Looks at a child. What counts is how often nothing new was heard, not for how long: a primary that was itself stopped for
   * a while, with the machine for example, has heard nothing of children that are well.
   */
  readonly check = (child: LivingChild): void => {
    const before = this.#silent.get(child);
    const looks = before !== undefined && before.heard === child.lastHeard ? before.looks + 1 : 0;
    this.#silent.set(child, { heard: child.lastHeard, looks });
    if (looks < this.#patience || child.figures?.inspected === true) return;
    generalLog.error(`${child.name} has given no sign of life for ${this.#timeout / 1000} s: it is killed`);
    child.kill();
  };
}
