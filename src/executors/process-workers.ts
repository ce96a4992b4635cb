import { performance } from "node:perf_hooks";
import { longestTimer } from "../check.js";
import type { ExecutorEnvironment } from "../concurrent.js";
import { generalLog } from "../log.js";
import { BackOff } from "./back-off.js";
import type { WorkerStats } from "./executor.js";
import { argumentError, placeOf, within } from "./faults.js";
import { LinkSet } from "./link-set.js";
import { launchWorker } from "./process-launch.js";
import { ProcessLink, type ProcessLinkHost } from "./process-link.js";
import type { Reply, TaskControl } from "./protocol.js";
import { type WorkerLimits, workerSettings } from "./worker-settings.js";
import type { RunRequest, Workers, WorkersHost } from "./workers.js";

/** The processes of an executor, as validated by it. Times are milliseconds. */
export interface ProcessSettings extends WorkerLimits {
  readonly minProcesses: number;
  readonly maxProcesses: number;
  readonly idleTimeout: number;
  readonly bootTimeout: number;
  /** V8's limit in each, in MiB. */
  readonly maxOldSpaceMb: number | undefined;
}

/** A task that was given to the processes; without a link it waits for one that is ready. */
interface Dispatched {
  readonly request: RunRequest;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** What its worker must be told as soon as there is one. */
  readonly held: TaskControl[];
  link: ProcessLink | undefined;
}

/** How long a worker that has no more tasks may take to dispose its services. */
const retireLimit = 10_000;
/** After SIGKILL a process is gone within moments; longer than this nobody waits for it. */
const killLimit = 1_000;

/**
 * Child processes and which of them runs what. A task is given to the least busy one that is ready; while none has room it
 * waits here, and as many are started as the waiting tasks need.
 */
export class ProcessWorkers implements Workers, ProcessLinkHost {
  readonly #settingsFor: (environment: ExecutorEnvironment) => ProcessSettings;
  readonly #tasks = new Map<number, Dispatched>();
  readonly #waiting = new Set<Dispatched>();
  readonly #crashes = new BackOff();
  #settings!: ProcessSettings;
  #environment!: ExecutorEnvironment;
  #links!: LinkSet<ProcessLink>;
  #neverStarted = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #stopping = false;
  #empty: (() => void) | undefined;

  constructor(settingsFor: (environment: ExecutorEnvironment) => ProcessSettings) {
    this.#settingsFor = settingsFor;
  }

  /** One that retires is replaced at once, so it does not count. */
  get capacity(): number {
    if (this.#links === undefined) return 0;
    const { maxProcesses, concurrency } = this.#settings;
    return (maxProcesses - this.#count("failed")) * concurrency;
  }

  get broken(): Error | undefined {
    return this.#links?.broken;
  }

  get registryHash(): string {
    return this.#links.registryHash;
  }

  async start(environment: ExecutorEnvironment, host: WorkersHost): Promise<void> {
    this.#settings = this.#settingsFor(environment);
    this.#environment = environment;
    this.#links = new LinkSet(host, environment.registryHash);
    this.#fill();
    host.roomAgain();
    await this.#links.untilReady(this.#settings.minProcesses, this.#settings.bootTimeout);
  }

  run(request: RunRequest): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const task: Dispatched = { request, resolve, reject, held: [], link: undefined };
      this.#tasks.set(request.message.id, task);
      this.#waiting.add(task);
      this.#dispatch();
    });
  }

  control(message: TaskControl): void {
    const task = this.#tasks.get(message.id);
    if (task === undefined) return;
    if (task.link !== undefined) task.link.post(message);
    else if (message.type === "cancel") this.#withdraw(task);
    else task.held.push(message);
  }

  kill(id: number): void {
    const task = this.#tasks.get(id);
    if (task?.link === undefined) return;
    const place = placeOf(task.request.message);
    generalLog.warn(`${place} did not stop when it was asked to: its process is ended and replaced`);
    task.link.killed = true;
    task.link.terminate();
  }

  async stop(deadline: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#sweeper);
    if (this.#links === undefined) return;
    for (const link of this.#links.all()) if (link.stage === "booting" || link.stage === "failed") link.terminate();
    await within(deadline, Promise.all([this.#links.stop(), this.#untilEmpty()]));
    for (const link of this.#links.all()) link.terminate();
    await within(killLimit, this.#untilEmpty());
  }

  stats(): readonly WorkerStats[] {
    return this.#links?.stats((link) => link.running) ?? [];
  }

  /** @internal */
  ready(link: ProcessLink): void {
    this.#links.ready();
    link.unref();
    link.idleSince = performance.now();
    this.#dispatch();
    this.#watchIdle();
  }

  /** @internal */
  bootFailed(link: ProcessLink, error: Error): void {
    link.unref();
    this.#links.bootFailed(link, error);
    if (this.#links.broken !== undefined) for (const task of this.#waiting) this.#fail(task, error);
  }

  /** @internal */
  retiring(link: ProcessLink): void {
    if (link.running === 0) link.endWithin(retireLimit);
    this.#fill();
    this.#dispatch();
  }

  /** @internal */
  reply(id: number, reply: Reply): void {
    const task = this.#tasks.get(id);
    if (task?.link === undefined) return;
    if (reply.ok !== "refused") task.link.countTask();
    this.#crashes.reset();
    this.#release(task);
    task.resolve(reply);
    this.#dispatch();
    this.#watchIdle();
  }

  /** @internal */
  item(id: number, value: unknown): void {
    this.#links.item(id, value);
  }

  /** @internal */
  lost(link: ProcessLink): void {
    for (const task of this.#tasks.values()) {
      if (task.link === link) this.#fail(task, link.crashOf(task.request.message, this.#settings.maxOldSpaceMb));
    }
  }

  /** @internal */
  vacated(link: ProcessLink): void {
    this.#links.remove(link);
    if (this.#links.all().length === 0) this.#empty?.();
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

  #assign(task: Dispatched, link: ProcessLink): void {
    const { message, args } = task.request;
    try {
      link.send(message);
    } catch (cause) {
      return this.#fail(task, argumentError(args, message, cause));
    }
    task.link = link;
    link.take();
    for (const control of task.held) link.post(control);
  }

  /** The first of those that have least to do, so that the last have nothing to do and may end. */
  #leastBusy(): ProcessLink | undefined {
    let best: ProcessLink | undefined;
    for (const link of this.#links.all()) {
      if (!link.usable || link.running >= this.#settings.concurrency) continue;
      if (best === undefined || link.running < best.running) best = link;
    }
    return best;
  }

  /** Starts what the waiting tasks need beyond what is being started. */
  #grow(): void {
    const needed = Math.ceil(this.#waiting.size / this.#settings.concurrency);
    for (let missing = needed - this.#count("booting"); missing > 0; missing--) this.#spawn();
  }

  #fill(): void {
    for (let missing = this.#settings.minProcesses - this.#kept; missing > 0; missing--) this.#spawn();
  }

  #spawn(): void {
    const { maxProcesses, bootTimeout, maxOldSpaceMb } = this.#settings;
    if (this.#stopping || this.#kept >= maxProcesses) return;
    const launched = launchWorker(maxOldSpaceMb);
    const pid = launched instanceof Error ? undefined : launched.pid;
    const link = new ProcessLink(launched, pid ?? --this.#neverStarted, this, bootTimeout);
    this.#links.add(link);
    link.send(workerSettings(this.#environment, this.#settings));
  }

  /** How many there are that do not retire. */
  get #kept(): number {
    return this.#links.all().length - this.#count("retiring");
  }

  #count(stage: ProcessLink["stage"]): number {
    return this.#links.all().filter((link) => link.stage === stage).length;
  }

  /** It was never sent to a worker, so its place is free at once. */
  #withdraw(task: Dispatched): void {
    this.#release(task);
    task.resolve({ ok: "refused" });
  }

  #fail(task: Dispatched, error: Error): void {
    this.#release(task);
    task.reject(error);
  }

  #release(task: Dispatched): void {
    this.#tasks.delete(task.request.message.id);
    this.#waiting.delete(task);
    const { link } = task;
    if (link === undefined) return;
    link.release();
    if (link.stage === "retiring" && link.running === 0) link.endWithin(retireLimit);
  }

  #watchIdle(): void {
    if (this.#sweeper === undefined && this.#kept > this.#settings.minProcesses) {
      this.#sweepIn(this.#settings.idleTimeout);
    }
  }

  #sweepIn(milliseconds: number): void {
    this.#sweeper = setTimeout(() => this.#sweep(), Math.min(milliseconds, longestTimer)).unref();
  }

  /** Ends those above `minProcesses` that have had nothing to do for long enough, the longest idle first. */
  #sweep(): void {
    this.#sweeper = undefined;
    if (this.#stopping) return;
    const idle = this.#links.all().filter(({ usable, running }) => usable && running === 0);
    const spare = idle.sort((a, b) => a.idleSince - b.idleSince).slice(0, this.#kept - this.#settings.minProcesses);
    const now = performance.now();
    const left = spare.filter((link) => !this.#endIdle(link, now));
    if (left[0] !== undefined) this.#sweepIn(left[0].idleSince + this.#settings.idleTimeout - now);
  }

  /** @returns false when it has not been idle for long enough. */
  #endIdle(link: ProcessLink, now: number): boolean {
    if (now - link.idleSince < this.#settings.idleTimeout) return false;
    link.endWithin(retireLimit);
    void link.stop();
    return true;
  }

  #untilEmpty(): Promise<void> {
    if (this.#links.all().length === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#empty = resolve));
  }
}
