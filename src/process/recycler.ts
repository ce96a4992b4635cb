import { generalLog } from "../log.js";
import { type RecycleLimits, RecyclePolicy } from "./recycle-policy.js";
import type { ReplacementOutcome } from "./replacement.js";
import type { WorkerHandle } from "./worker-handle.js";

/** Replaces a child when it is its turn. */
export type Recycle = (child: WorkerHandle) => Promise<ReplacementOutcome>;

/** Replaces children that have used up what they may, in the way of a reload: the new one first, one at a time. */
export class Recycler {
  readonly #policy: RecyclePolicy;
  readonly #recycle: Recycle;
  readonly #asked = new WeakSet<WorkerHandle>();

  constructor(limits: RecycleLimits, recycle: Recycle) {
    this.#policy = new RecyclePolicy(limits);
    this.#recycle = recycle;
  }

  /** Looks at one child; called for each, from time to time. */
  readonly check = (child: WorkerHandle): void => {
    if (child.figures === undefined || child.figures.draining || this.#asked.has(child)) return;
    const reason = this.#policy.look(child, child.figures);
    if (reason !== undefined) void this.#replace(child, reason);
  };

  async #replace(child: WorkerHandle, reason: string): Promise<void> {
    this.#asked.add(child);
    generalLog.info(`${child.name} ${reason}: it will be replaced`);
    const outcome = await this.#recycle(child);
    if (outcome.kind === "failed") this.#failed(child, outcome.reason);
    this.#asked.delete(child);
  }

  #failed(child: WorkerHandle, reason: string): void {
    this.#policy.failed(child);
    generalLog.error(`${child.name} could not be replaced and serves on: ${reason}`);
  }
}
