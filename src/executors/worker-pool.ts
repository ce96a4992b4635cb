import type { ExecutorEnvironment } from "../concurrent.js";
import { ExecutorClosedError, WorkerBootError } from "../errors.js";
import { generalLog } from "../log.js";
import { BackOff } from "./back-off.js";
import type { WorkerStats } from "./executor.js";
import { argumentError, placeOf, within } from "./faults.js";
import { IdleSweep } from "./idle-sweep.js";
import { LinkSet } from "./link-set.js";
import { type Reply, type TaskControl, maxAhead } from "./protocol.js";
import type { WorkerLink, WorkerLinkHost } from "./worker-link.js";
import type { PoolSettings, WorkerMaker } from "./worker-maker.js";
import type { RunReceiver, RunRequest, Workers, WorkersHost } from "./workers.js";

/** A task that was given to the pool; without a link it waits for a worker that is ready. */
interface Dispatched {
  readonly request: RunRequest;
  readonly receiver: RunReceiver;
  /** What its worker must be told as soon as there is one. */
  held: TaskControl[] | undefined;
  link: WorkerLink | undefined;
}

/** How long a worker that has no more tasks may take to dispose its services. */
const retireLimit = 10_000;
/** Longer than this nobody waits for workers that were ended. */
const killLimit = 1_500;

/**
 * Workers that are made when they are needed, and which of them runs what. A task is given to the least busy one that is
 * ready; while none has room it waits here, and as many are started as the waiting tasks need.
 */
export class WorkerPool<S extends PoolSettings> implements Workers, WorkerLinkHost {
  readonly #maker: WorkerMaker<S>;
  readonly #settingsFor: (environment: ExecutorEnvironment) => S;
  readonly #links = new LinkSet();
  readonly #tasks = new Map<number, Dispatched>();
  readonly #waiting = new Set<Dispatched>();
  readonly #crashes = new BackOff();
  readonly #stuck = new Map<WorkerLink, () => void>();
  #settings!: S;
  #host!: WorkersHost;
  #isOpen = false;
  /** Whether workers take tasks before their turn. */
  #sendsAhead = false;
  #stopping = false;
  #sweep: IdleSweep | undefined;
  #despair: NodeJS.Timeout | undefined;
  #empty: (() => void) | undefined;

  constructor(maker: WorkerMaker<S>, settingsFor: (environment: ExecutorEnvironment) => S) {
    this.#maker = maker;
    this.#settingsFor = settingsFor;
  }

  /** One that retires is replaced at once, so it does not count. */
  get capacity(): number {
    if (!this.#isOpen) return 0;
    const { maxWorkers, concurrency } = this.#settings;
    let capacity = maxWorkers * concurrency;
    for (const link of this.#links) capacity -= link.blocked(concurrency);
    return Math.max(0, capacity);
  }

  get broken(): Error | undefined {
    return this.#links.broken;
  }

  async start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void> {
    this.#settings = this.#settingsFor(environment);
    this.#host = host;
    this.#sweep = new IdleSweep(this.#links, this.#settings, retireLimit);
    this.#sendsAhead = this.#maker.recallable && mayBeAhead(this.#settings);
    await this.#maker.open(environment, this.#settings);
    if (this.#stopping) throw new ExecutorClosedError("the executor was shut down while it started");
    this.#isOpen = true;
    this.#fill();
    host.roomAgain();
    await this.#links.untilReady(this.#settings.minWorkers, this.#settings.bootTimeout);
  }

  run(request: RunRequest, receiver: RunReceiver): void {
    const task: Dispatched = { request, receiver, held: undefined, link: undefined };
    this.#tasks.set(request.message.id, task);
    const link = this.#waiting.size === 0 ? this.#leastBusy() : undefined;
    if (link !== undefined) return this.#assign(task, link);
    this.#waiting.add(task);
    this.#dispatch();
  }

  takesAhead(depth: number): boolean {
    return this.#leastAhead(depth) !== undefined;
  }

  sendAhead(request: RunRequest, receiver: RunReceiver): void {
    const link = this.#leastAhead(maxAhead);
    if (link === undefined) throw new Error("no worker takes a task ahead");
    const task: Dispatched = { request, receiver, held: undefined, link };
    this.#tasks.set(request.message.id, task);
    link.addAhead(request.message.id);
    this.#send(task, link);
  }

  recall(id: number): boolean {
    const task = this.#tasks.get(id);
    if (task?.link?.recall(id) !== true) return false;
    this.#release(task, false);
    return true;
  }

  control(message: TaskControl): void {
    const task = this.#tasks.get(message.id);
    if (task === undefined) return;
    if (task.link !== undefined) task.link.control(message);
    else if (message.type === "cancel") this.#withdraw(task);
    else (task.held ??= []).push(message);
  }

  kill(id: number): void {
    const task = this.#tasks.get(id);
    if (task?.link === undefined || this.#mustWait(task, task.link) || !this.#recallAll(task.link)) return;
    const place = placeOf(task.request.message);
    generalLog.warn(`${place} did not stop when it was asked to: its ${this.#maker.noun} is ended and replaced`);
    task.link.killed = true;
    task.link.terminate();
  }

  async stop(deadline: number): Promise<void> {
    this.#stopping = true;
    this.#sweep?.stop();
    clearTimeout(this.#despair);
    for (const link of this.#links) if (link.stage === "booting" || link.stage === "failed") link.terminate();
    await within(deadline, Promise.all([this.#links.stop(), this.#untilEmpty()]));
    for (const link of this.#links) link.terminate();
    await within(killLimit, this.#untilEmpty());
    if (this.#isOpen) this.#maker.close();
  }

  stats(): readonly WorkerStats[] {
    return this.#links.stats();
  }

  /** @internal */
  ready(): void {
    this.#links.ready();
    this.#dispatch();
    this.#sweep?.watch();
  }

  /** @internal */
  bootFailed(link: WorkerLink, error: Error): void {
    // Others that are ready will come to what waits.
    if (this.#links.bootFailed(link, error)) this.#rejectAll(error);
  }

  /** @internal */
  retiring(link: WorkerLink): void {
    if (link.running === 0) link.endWithin(retireLimit);
    // One that failed by itself is replaced after its end, when it is known how long to wait with it.
    if (link.uncaught === undefined) this.#fill();
    this.#dispatch();
  }

  /** @internal */
  reply(id: number, reply: Reply): void {
    const task = this.#tasks.get(id);
    if (task?.link === undefined) return;
    this.#crashes.reset();
    // One that refuses what it has retires, and refuses what comes next as well.
    const next = reply.ok === "refused" ? undefined : this.#nextOf(task.link);
    this.#release(task, reply.ok !== "refused");
    task.receiver.replied(reply, next?.receiver);
    this.#dispatch();
    this.#sweep?.watch();
  }

  /** @internal */
  item(id: number, value: unknown): void {
    this.#host.item(id, value);
  }

  /** @internal */
  stuck(link: WorkerLink): void {
    const { noun } = this.#maker;
    generalLog.error(`a ${noun} was ended but is stuck in native code: it keeps its place until it comes back`);
    this.#stuck.set(link, this.#maker.stuck());
    this.#loseTasks(link);
    if (this.#stopping) this.#tellEmpty();
    else if (this.#links.count("lost") >= this.#settings.maxWorkers) this.#startDespair();
  }

  /** @internal */
  ended(link: WorkerLink): void {
    if (link.crashed && link.uncaught === undefined && link.running === 0) {
      generalLog.warn(`a ${this.#maker.noun} ended by itself and is replaced: ${link.ending}`);
    }
    this.#loseTasks(link);
  }

  /** @internal */
  vacated(link: WorkerLink): void {
    this.#links.remove(link);
    this.#stuck.get(link)?.();
    if (this.#stuck.delete(link)) this.#links.mend();
    this.#host.exited(link.id);
    this.#tellEmpty();
    this.#host.roomAgain();
    this.#dispatch();
    // One that crashes without having been asked for anything would otherwise do so in a loop.
    if (link.crashed) setTimeout(() => this.#fill(), this.#crashes.next()).unref();
    else this.#fill();
  }

  #dispatch(): void {
    for (const task of this.#waiting) {
      const link = this.#leastBusy();
      if (link === undefined) return this.#grow();
      this.#waiting.delete(task);
      this.#assign(task, link);
    }
  }

  #assign(task: Dispatched, link: WorkerLink): void {
    task.link = link;
    link.take(task.request.message.id);
    this.#send(task, link);
  }

  #send(task: Dispatched, link: WorkerLink): void {
    const { message, args } = task.request;
    try {
      link.assign(task.request);
    } catch (cause) {
      return this.#fail(task, argumentError(args, message, cause));
    }
    if (task.held !== undefined) for (const control of task.held) link.control(control);
  }

  /** What it was sent ahead and has begun, or begins now. */
  #nextOf(link: WorkerLink): Dispatched | undefined {
    const id = link.beginAhead();
    return id === undefined ? undefined : this.#tasks.get(id);
  }

  /** The one that has least before it. */
  #leastAhead(depth: number): WorkerLink | undefined {
    if (!this.#sendsAhead) return undefined;
    let best: WorkerLink | undefined;
    for (const link of this.#links) {
      if (!link.usable) continue;
      if (link.running === 0) return undefined;
      if (link.messagesAhead < (best?.messagesAhead ?? depth)) best = link;
    }
    return best;
  }

  /** The first of those that have least to do, so that the last have nothing to do and may end. */
  #leastBusy(): WorkerLink | undefined {
    let best: WorkerLink | undefined;
    for (const link of this.#links) {
      if (!link.usable || link.running >= this.#settings.concurrency) continue;
      if (best === undefined || link.running < best.running) best = link;
    }
    return best;
  }

  /** Starts what the waiting tasks need beyond what is being started. */
  #grow(): void {
    const needed = Math.ceil(this.#waiting.size / this.#settings.concurrency);
    for (let missing = needed - this.#links.count("booting"); missing > 0; missing--) this.#spawn();
  }

  #fill(): void {
    for (let missing = this.#settings.minWorkers - this.#links.kept; missing > 0; missing--) this.#spawn();
  }

  #spawn(): void {
    if (this.#stopping || this.#links.kept >= this.#settings.maxWorkers) return;
    const link = this.#maker.make(this);
    this.#links.add(link);
    this.#host.spawned(link.id);
  }

  /** A task that has not begun is no reason to end the one that has. */
  #mustWait(task: Dispatched, link: WorkerLink): boolean {
    if (link.began(task.request.message.id)) return false;
    return [...this.#tasks.values()].some((other) => other.link === link && link.began(other.request.message.id));
  }

  /** What its worker has not begun is run by another; arguments that were moved there are gone, though. */
  #loseTasks(link: WorkerLink): void {
    for (const task of this.#tasks.values()) {
      if (task.link !== link) continue;
      const { message, transferList } = task.request;
      if (transferList.length === 0 && link.recall(message.id)) this.#withdraw(task);
      else this.#fail(task, link.crashOf(message));
    }
  }

  /** What was sent ahead is run elsewhere. @returns false when the worker has begun with some of it: then it has ended what it had before. */
  #recallAll(link: WorkerLink): boolean {
    for (let [id] = link.ahead; id !== undefined; [id] = link.ahead) {
      const task = this.#tasks.get(id);
      if (task === undefined || !link.recall(id)) return false;
      this.#withdraw(task);
    }
    return true;
  }

  #startDespair(): void {
    this.#despair ??= setTimeout(() => this.#giveUp(), this.#settings.bootTimeout).unref();
  }

  /** Nothing waits for ever: not for workers that may never come back either. */
  #giveUp(): void {
    this.#despair = undefined;
    const { maxWorkers } = this.#settings;
    if (this.#stopping || this.#links.count("lost") < maxWorkers) return;
    const what = maxWorkers === 1 ? `the only ${this.#maker.noun} is` : `all ${maxWorkers} workers are`;
    const error = new WorkerBootError(
      `no worker can be started: ${what} stuck in native code that cannot be interrupted`,
    );
    generalLog.error("an executor has no worker left", { error });
    if (this.#links.breakUnlessReady(error)) this.#rejectAll(error);
  }

  #rejectAll(error: Error): void {
    for (const task of this.#waiting) this.#fail(task, error);
    this.#host.bootFailed(error);
  }

  /** It was not run, so it may be run elsewhere. */
  #withdraw(task: Dispatched): void {
    this.#release(task, false);
    queueMicrotask(() => task.receiver.replied({ ok: "refused" }));
  }

  /** Tells it later: whoever fails a task is in the middle of something. */
  #fail(task: Dispatched, error: Error): void {
    this.#release(task, false);
    queueMicrotask(() => task.receiver.failed(error));
  }

  #release(task: Dispatched, done: boolean): void {
    const { id } = task.request.message;
    this.#tasks.delete(id);
    this.#waiting.delete(task);
    const { link } = task;
    if (link === undefined) return;
    link.release(id, done);
    if (link.stage === "retiring" && link.running === 0) link.endWithin(retireLimit);
  }

  #untilEmpty(): Promise<void> {
    return new Promise((resolve) => {
      this.#empty = resolve;
      this.#tellEmpty();
    });
  }

  /** Those that are stuck do not count: nobody can wait for them. */
  #tellEmpty(): void {
    if (this.#links.size === this.#links.count("lost")) this.#empty?.();
  }
}

/** A worker that may have several tasks at once has the next at hand as it is; one that may retire after each might not begin with it. */
function mayBeAhead({ concurrency, maxTasksPerWorker, maxHeapMb }: PoolSettings): boolean {
  return concurrency === 1 && maxTasksPerWorker === undefined && maxHeapMb === undefined;
}
