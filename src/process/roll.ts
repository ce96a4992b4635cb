import { generalLog } from "../log.js";
import type { ReplacementOutcome } from "./replacement.js";
import type { Slot } from "./slot.js";

/** How a reload went. */
export type ReloadResult =
  | {
      readonly ok: true;
      /** How many children were replaced. */
      readonly replaced: number;
    }
  | {
      readonly ok: false;
      /** How many children had been replaced before it failed: these run the new code, the others serve on as they were. */
      readonly replaced: number;
      /** What the child that failed said or did; or that the processes were stopped meanwhile. */
      readonly reason: string;
    };

/** What a roll lets the process tree do. */
export interface RollHost {
  /** From here on children that are forked belong to a new generation; returns its number. */
  beginGeneration(): number;
  /** All children of the generations before have been replaced, or will not be. */
  endGeneration(result: ReloadResult): void;
  /** Those that serve, whatever their generation. */
  readonly slots: readonly Slot[];
  readonly stopping: boolean;
  /** Replaces the slot's child when no other one is being replaced. */
  replace(slot: Slot): Promise<ReplacementOutcome>;
}

/**
 * Rolling restarts: every child of an older generation is replaced, the oldest first, one at a time. What is asked for while
 * one goes on becomes one more after it, however often it is asked: new code may have come in the middle.
 */
export class Rolls {
  readonly #host: RollHost;
  #running: Promise<ReloadResult> | undefined;
  #next: Promise<ReloadResult> | undefined;

  constructor(host: RollHost) {
    this.#host = host;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Never rejects. */
  request(): Promise<ReloadResult> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    this.#next = this.#running.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<ReloadResult> {
    this.#running = this.#roll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #roll(): Promise<ReloadResult> {
    const generation = this.#host.beginGeneration();
    this.#wake();
    const result = await this.#replaceAll(generation);
    this.#host.endGeneration(result);
    return result;
  }

  async #replaceAll(generation: number): Promise<ReloadResult> {
    let replaced = 0;
    for (let slot = this.#oldest(generation); slot !== undefined; slot = this.#oldest(generation)) {
      const outcome = await this.#host.replace(slot);
      if (outcome.kind === "failed") return this.#failed(replaced, outcome.reason);
      if (outcome.kind === "replaced") replaced++;
    }
    if (this.#host.stopping) return stoppedMeanwhile(replaced);
    generalLog.info(`reload complete: ${numberOf(replaced)} replaced`);
    return { ok: true, replaced };
  }

  /** A child that waits for its restart has nobody to wait for it: it is started from the new code now. */
  #wake(): void {
    for (const slot of this.#host.slots) slot.restartNow();
  }

  #oldest(generation: number): Slot | undefined {
    if (this.#host.stopping) return undefined;
    const outdated = this.#host.slots.filter(({ current }) => current !== undefined && current.generation < generation);
    return outdated.toSorted((a, b) => startOf(a) - startOf(b))[0];
  }

  #failed(replaced: number, reason: string): ReloadResult {
    const left = this.#host.slots.length - replaced;
    generalLog.error(`reload failed: ${reason}; kept ${numberOf(left)} of before`);
    return { ok: false, replaced, reason };
  }
}

/** What comes of a reload when all processes are to end. */
export function stoppedMeanwhile(replaced: number): ReloadResult {
  return { ok: false, replaced, reason: "the processes were stopped meanwhile" };
}

function startOf({ current }: Slot): number {
  return current?.started.getTime() ?? 0;
}

function numberOf(processes: number): string {
  return processes === 1 ? "1 process" : `${processes} processes`;
}
