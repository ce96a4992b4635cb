import { ExecutorClosedError, WorkerBootError } from "../errors.js";
import { generalLog } from "../log.js";
import { BackOff } from "./back-off.js";
import type { WorkerStats } from "./executor.js";
import type { LinkStage, WorkerLink } from "./worker-link.js";

/** Who waits until so many workers are ready. */
interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The workers of a pool: how many are ready, and what happens when one cannot start. One whose start failed stays, unused,
 * until the back-off is over; then it is ended, and the pool makes another.
 */
export class LinkSet {
  readonly #links = new Map<number, WorkerLink>();
  readonly #backOff = new BackOff();
  #waiter: Waiter | undefined;
  #broken: Error | undefined;
  #stopping = false;

  /** Why no worker can take a task at present; undefined when one can, or one is being made. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  get size(): number {
    return this.#links.size;
  }

  [Symbol.iterator](): Iterator<WorkerLink> {
    return this.#links.values();
  }

  /** How many there are that do not retire. */
  get kept(): number {
    return this.#links.size - this.count("retiring");
  }

  /** How many are in one of these stages. */
  count(...stages: readonly LinkStage[]): number {
    let count = 0;
    for (const { stage } of this.#links.values()) if (stages.includes(stage)) count++;
    return count;
  }

  add(link: WorkerLink): void {
    this.#links.set(link.id, link);
    this.#broken = undefined;
  }

  remove(link: WorkerLink): void {
    this.#links.delete(link.id);
  }

  /**
   * Resolves when `count` workers are ready.
   *
   * @throws the error of the first that failed, WorkerBootError after `limit` ms, ExecutorClosedError when all are stopped.
   */
  async untilReady(count: number, limit: number): Promise<void> {
    if (this.#stopping) throw closed();
    if (count === 0) return;
    const ready = new Promise<void>((resolve, reject) => (this.#waiter = { count, resolve, reject }));
    const late = (): void => this.#waiter?.reject(new WorkerBootError(`no worker was ready after ${limit} ms`));
    const timer = setTimeout(late, limit);
    await ready.finally(() => {
      clearTimeout(timer);
      this.#waiter = undefined;
    });
  }

  /** Lets those that are ready finish their tasks and dispose their services. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waiter?.reject(closed());
    const ready = [...this].filter(({ stage }) => stage === "ready");
    await Promise.all(ready.map((link) => link.stop()));
  }

  stats(): WorkerStats[] {
    return [...this].map((link) => {
      const { id, stage, running, completed, usedHeap } = link;
      return { id, stage, running, completed, utilization: link.utilization(), usedHeap };
    });
  }

  /** @returns true when there is no other that is ready: then nothing can run. */
  bootFailed(link: WorkerLink, error: Error): boolean {
    if (this.#stopping) return false;
    if (this.#waiter === undefined) generalLog.error("a worker could not start", { error });
    this.#waiter?.reject(error);
    setTimeout(() => this.#tryAgain(link), this.#backOff.next()).unref();
    return this.breakUnlessReady(error);
  }

  /** As `bootFailed`, for whatever else keeps workers from being made. */
  breakUnlessReady(error: Error): boolean {
    if (this.count("ready") > 0) return false;
    this.#broken = error;
    return true;
  }

  ready(): void {
    this.#backOff.reset();
    this.#broken = undefined;
    if (this.count("ready") >= (this.#waiter?.count ?? 0)) this.#waiter?.resolve();
  }

  /** There is room for another worker. */
  mend(): void {
    this.#broken = undefined;
  }

  #tryAgain(link: WorkerLink): void {
    this.#broken = undefined;
    link.terminate();
  }
}

function closed(): ExecutorClosedError {
  return new ExecutorClosedError("the executor was shut down while it started");
}
