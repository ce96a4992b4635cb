import { WorkerBootError } from "../errors.js";
import { generalLog } from "../log.js";
import { BackOff } from "./back-off.js";
import { publishWorker } from "./diagnostics.js";
import type { WorkerStats } from "./executor.js";
import type { Reply } from "./protocol.js";
import type { WorkerLink, WorkerLinkHost } from "./worker-link.js";
import type { WorkersHost } from "./workers.js";

/** A link whose messages can be read ahead of their turn. */
interface Drainable {
  drain?(): void;
}

/**
 * The workers of an executor: which are usable, what they replied, and what happens when one cannot start. A worker whose
 * start failed stays, unused, until the back-off is over; then it is ended, and whoever keeps the workers makes another.
 */
export class LinkSet<L extends WorkerLink & Drainable> implements WorkerLinkHost {
  readonly registryHash: string;
  readonly #host: WorkersHost;
  readonly #links = new Map<number, L>();
  readonly #replies = new Map<number, Reply>();
  readonly #backOff = new BackOff();
  #lastEnded: L | undefined;
  #waiting:
    | { readonly count: number; readonly resolve: () => void; readonly reject: (error: Error) => void }
    | undefined;
  #broken: Error | undefined;
  #stopping = false;

  constructor(host: WorkersHost, registryHash: string) {
    this.#host = host;
    this.registryHash = registryHash;
  }

  /** Why no worker can take a task at present; undefined when one can, or one is being made. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** How many workers are there but take no task. */
  get unusable(): number {
    return [...this.#links.values()].filter(({ stage }) => stage === "failed" || stage === "retiring").length;
  }

  /** A worker that has not introduced itself yet may be given a task: it will run it when it is ready. */
  isUsable(id: number): boolean {
    const stage = this.#links.get(id)?.stage;
    return stage === undefined || stage === "ready" || stage === "booting";
  }

  get(id: number): L | undefined {
    return this.#links.get(id);
  }

  /** As `get`, also for the worker that ended last: its tasks are told why. */
  recent(id: number): L | undefined {
    return this.#links.get(id) ?? (this.#lastEnded?.id === id ? this.#lastEnded : undefined);
  }

  all(): readonly L[] {
    return [...this.#links.values()];
  }

  add(link: L): void {
    this.#links.set(link.id, link);
    this.#broken = undefined;
    publishWorker("spawned", this.#host, link.id);
  }

  remove(link: L): void {
    link.ended();
    this.#links.delete(link.id);
    this.#lastEnded = link;
    publishWorker("exited", this.#host, link.id);
    this.#host.roomAgain();
  }

  /** Resolves when `count` workers are ready. @throws the error of the first that failed, WorkerBootError after `limit` ms. */
  async untilReady(count: number, limit: number): Promise<void> {
    if (count === 0) return;
    const ready = new Promise<void>((resolve, reject) => (this.#waiting = { count, resolve, reject }));
    const late = (): void => this.#waiting?.reject(new WorkerBootError(`no worker was ready after ${limit} ms`));
    const timer = setTimeout(late, limit);
    await ready.finally(() => {
      clearTimeout(timer);
      this.#waiting = undefined;
    });
  }

  /** The reply that a worker sent for the task, read ahead if it is still on its way. */
  takeReply(id: number, workerId: number): Reply | undefined {
    if (!this.#replies.has(id)) this.recent(workerId)?.drain?.();
    const reply = this.#replies.get(id);
    this.#replies.delete(id);
    return reply;
  }

  /** Lets all workers dispose their services. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const ready = this.all().filter(({ stage }) => stage === "ready");
    await Promise.all(ready.map((link) => link.stop()));
  }

  stats(runningOf: (link: L) => number): WorkerStats[] {
    return this.all().map((link) => ({
      id: link.id,
      stage: link.stage,
      running: runningOf(link),
      completed: link.completed,
      utilization: link.utilization(),
    }));
  }

  /** A worker ended before it could introduce itself, or cannot be made. */
  failed(error: Error): void {
    if (this.#stopping) return;
    if (this.#waiting === undefined) generalLog.error("a worker could not start", { error });
    this.#waiting?.reject(error);
    if (!this.all().some(({ stage }) => stage === "ready")) this.#broken = error;
    this.#host.bootFailed(error);
  }

  /** @internal */
  bootFailed(link: WorkerLink, error: Error): void {
    this.failed(error);
    setTimeout(() => this.#tryAgain(link), this.#backOff.next()).unref();
  }

  /** @internal */
  ready(): void {
    this.#backOff.reset();
    this.#broken = undefined;
    const ready = this.all().filter(({ stage }) => stage === "ready").length;
    if (ready >= (this.#waiting?.count ?? 0)) this.#waiting?.resolve();
  }

  /** @internal */
  retiring(): void {
    // Nothing to do before it has ended: until then it counts as unusable.
  }

  /** @internal */
  reply(id: number, reply: Reply): void {
    this.#replies.set(id, reply);
  }

  /** @internal */
  item(id: number, value: unknown): void {
    this.#host.item(id, value);
  }

  #tryAgain(link: WorkerLink): void {
    this.#broken = undefined;
    link.terminate();
  }
}
