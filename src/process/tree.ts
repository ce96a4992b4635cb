import os from "node:os";
import { generalLog } from "../log.js";
import { type ChildEnding, describeBootFailure, describeEnding, isClean, isDrained, isShortage } from "./ending.js";
import type { Announce, ChildIdentity, ReadyChild, StopReason } from "./events.js";
import { LivenessCheck } from "./liveness.js";
import type { ResolvedOptions } from "./options.js";
import { replaceChild, type ReplacementHost, type ReplacementOutcome } from "./replacement.js";
import { RestartPolicy } from "./restart-policy.js";
import { type ReloadResult, type RollHost, Rolls, stoppedMeanwhile } from "./roll.js";
import { Slot } from "./slot.js";
import { describeStall, type StallReport } from "./stall.js";
import { WorkerHandle, type WorkerListener } from "./worker-handle.js";

/** How it ended, and the exit code that says so. */
export interface SupervisorOutcome {
  readonly code: number;
  /**
   * `completed`: all children exited 0. `stopped`: a signal asked for it. `forced`: so did a second one.
   * `boot failure`: no child ever became ready. `gave up`: too many restarts.
   */
  readonly reason: "completed" | StopReason;
}

/** Signals that may ask for the end. */
export type StopSignal = "SIGTERM" | "SIGINT" | "SIGHUP";

/** How long children get to end when one of them has shown that none can start: there is nothing to drain yet. */
const bootFailureGrace = 2_000;

/** How often children tell their figures and are looked at: every second, or five times within a short `livenessTimeout`. Milliseconds. */
function statusIntervalOf(livenessTimeout: number): number {
  return livenessTimeout === 0 ? 1_000 : Math.min(1_000, Math.max(20, Math.round(livenessTimeout / 5)));
}

/** What is looked at from time to time, of each child that is ready and has its place. */
export type ChildCheck = (child: WorkerHandle) => void;

/** All children of this process: started, restarted, replaced, stopped. One of them is one `WorkerHandle`. */
export class ProcessTree implements WorkerListener, RollHost, ReplacementHost {
  readonly #options: ResolvedOptions;
  readonly #announce: Announce;
  readonly #policy: RestartPolicy;
  readonly #rolls = new Rolls(this);
  readonly #slots: Slot[] = [];
  /** All that have not ended, those that were asked to included. */
  readonly #children = new Set<WorkerHandle>();
  readonly #checks: ChildCheck[] = [];
  readonly #ended: Promise<SupervisorOutcome>;
  #settle!: (outcome: SupervisorOutcome) => void;
  #outcome: SupervisorOutcome = { code: 0, reason: "completed" };
  readonly #statusInterval: number;
  #checking: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #stopping = false;
  #finished = false;
  #anyEverReady = false;
  #allWereReady = false;

  constructor(options: ResolvedOptions, announce: Announce) {
    this.#options = options;
    this.#announce = announce;
    this.#policy = new RestartPolicy(options);
    this.#statusInterval = statusIntervalOf(options.livenessTimeout);
    this.check(new LivenessCheck(options.livenessTimeout, this.#statusInterval).check);
    this.#ended = new Promise((resolve) => (this.#settle = resolve));
  }

  /** In the order of their task ids, 0 … n-1. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** All that have not ended, in the order in which they were started. */
  get children(): readonly WorkerHandle[] {
    return [...this.#children];
  }

  get generation(): number {
    return this.#generation;
  }

  /** True from the moment at which all children were ready for the first time. */
  get serving(): boolean {
    return this.#allWereReady;
  }

  /** True while children are replaced by those of a new generation. */
  get reloading(): boolean {
    return this.#rolls.running;
  }

  /** True from the first moment at which nothing will be started any more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Adds what is looked at from time to time. */
  check(check: ChildCheck): void {
    this.#checks.push(check);
  }

  /** Forks `count` children; settles when all have ended. Called once. */
  run(count: number): Promise<SupervisorOutcome> {
    // Whoever was lent the supervisor may have stopped it before.
    if (!this.#stopping) this.#checking = setInterval(() => this.#checkAll(), this.#statusInterval);
    this.resize(count);
    return this.#ended;
  }

  /** Adds children, or lets those with the highest task ids drain. Does nothing while stopping. */
  resize(count: number): void {
    if (this.#stopping) return;
    while (this.#slots.length < count) this.#start(this.#addSlot());
    while (this.#slots.length > count) this.#removeSlot();
  }

  /** Replaces all children, one at a time: see `Rolls`. Never rejects. */
  reload(): Promise<ReloadResult> {
    if (this.#stopping) return Promise.resolve(stoppedMeanwhile(0));
    return this.#rolls.request();
  }

  /** Replaces one child for a reason of its own; whoever else is being replaced comes first. */
  async recycle(child: WorkerHandle): Promise<ReplacementOutcome> {
    const slot = this.#slotOf(child);
    return slot === undefined ? { kind: "abandoned" } : this.replace(slot, child);
  }

  // ---- what children tell

  childReady(child: WorkerHandle): void {
    this.#anyEverReady = true;
    this.#policy.ready(child.taskId);
    child.tell({
      waterspout: "supervision",
      statusInterval: this.#statusInterval,
      livenessTimeout: this.#options.livenessTimeout,
    });
    this.#announce("ready", identityOf(child));
    this.#announceOnce();
  }

  childFailedToBoot(child: WorkerHandle): void {
    if (!this.#anyEverReady) this.#abandonBoot(`${child.name} ${describeBootFailure(child)}`);
  }

  childStalled(child: WorkerHandle, report: StallReport): void {
    generalLog.error(`${child.name}: ${describeStall(report)}`, { fields: { stall: report } });
    this.#announce("stall", identityOf(child), report);
  }

  childGone(child: WorkerHandle, ending: ChildEnding): void {
    this.#children.delete(child);
    this.#announce("exit", identityOf(child), ending, child.asked || isClean(child, ending));
    if (this.#stopping) this.#noteStopped(child, ending);
    else this.#vacate(child, ending);
    this.#announceOnce();
    this.#finishIfEmpty();
  }

  // ---- what a roll and a replacement ask for

  beginGeneration(): number {
    this.#generation++;
    this.#announce("reload", this.#generation);
    return this.#generation;
  }

  endGeneration(result: ReloadResult): void {
    this.#announce("reloaded", result);
  }

  replace(slot: Slot, child = slot.current): Promise<ReplacementOutcome> {
    const outcome = this.#turn.then(() => this.#replaceNow(slot, child));
    this.#turn = outcome;
    return outcome;
  }

  succeed(slot: Slot): WorkerHandle {
    slot.successor = this.#fork(slot);
    return slot.successor;
  }

  dismiss(child: WorkerHandle): void {
    child.term(this.#stopWithin());
    this.#announce("dismiss", identityOf(child));
  }

  async #replaceNow(slot: Slot, child: WorkerHandle | undefined): Promise<ReplacementOutcome> {
    // What was to be replaced may have ended, or been replaced, while it waited for its turn.
    if (this.#stopping || child === undefined || this.#slotOf(child) !== slot) return { kind: "abandoned" };
    const outcome = await replaceChild(slot, this, this.#options.stableTime);
    if (outcome.kind === "replaced") generalLog.info(`${outcome.by.name} has taken over from pid ${child.pid}`);
    return outcome;
  }

  // ---- start and restart

  #addSlot(): Slot {
    const slot = new Slot(this.#slots.length);
    this.#slots.push(slot);
    return slot;
  }

  #removeSlot(): void {
    const slot = this.#slots.pop();
    slot?.cancel();
    for (const child of slot?.children ?? []) this.dismiss(child);
  }

  #slotOf(child: WorkerHandle): Slot | undefined {
    return this.#slots.find(({ current, successor }) => current === child || successor === child);
  }

  #start(slot: Slot): void {
    slot.current = this.#fork(slot);
  }

  #fork({ taskId }: Slot): WorkerHandle {
    const child = new WorkerHandle({ taskId, generation: this.#generation }, this, this.#options);
    this.#children.add(child);
    if (child.pid !== undefined) this.#announce("fork", identityOf(child));
    return child;
  }

  #announceOnce(): void {
    if (this.#allWereReady || this.#stopping || !this.#allAreReady()) return;
    this.#allWereReady = true;
    const ready = this.#slots.flatMap(({ current }) => (current === undefined ? [] : [readyChildOf(current)]));
    this.#announce("serving", ready);
  }

  #allAreReady(): boolean {
    const present = this.#slots.filter(({ current, waiting }) => current !== undefined || waiting);
    return present.length > 0 && present.every(({ current }) => current?.stage === "ready");
  }

  #checkAll(): void {
    for (const { current } of this.#slots) {
      if (current?.stage === "ready") for (const check of this.#checks) check(current);
    }
  }

  /** The place of a child that has ended by itself; one that was replaced or dismissed has none. */
  #vacate(child: WorkerHandle, ending: ChildEnding): void {
    const slot = this.#slotOf(child);
    if (slot === undefined) return this.#noteDismissed(child, ending);
    const served = slot.current === child;
    slot.release(child);
    if (slot.current === undefined) this.#vacant(slot, child, ending);
    // While a child is being replaced there are two. That the new one failed is told by who asked for it.
    else if (served) this.#noteSucceeded(child, ending, slot.current);
  }

  #vacant(slot: Slot, child: WorkerHandle, ending: ChildEnding): void {
    if (!isClean(child, ending)) this.#crashed(slot, child, ending);
  }

  #crashed(slot: Slot, child: WorkerHandle, ending: ChildEnding): void {
    const what = `${child.name} ${describeEnding(child, ending)}`;
    if (!this.#anyEverReady && !isShortage(ending)) return this.#abandonBoot(what);
    const delay = this.#policy.crashed(slot.taskId);
    if (delay === undefined) return this.#giveUp(what);
    generalLog.warn(`${what}, restarting${delay === 0 ? "" : ` in ${delay} ms`}`);
    slot.restartAfter(delay, () => this.#start(slot));
  }

  // ---- stop

  /** Asks all children to end; the first reason counts. */
  stop(reason: StopReason, code: number, deadline = this.#stopWithin()): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#outcome = { code, reason };
    this.#announce("stop", reason);
    for (const slot of this.#slots) slot.cancel();
    for (const child of this.#children) child.term(deadline);
    this.#finishIfEmpty();
  }

  /** Ends all children without asking them. */
  force(signal: StopSignal): void {
    this.#outcome = { code: 128 + os.constants.signals[signal], reason: "forced" };
    this.#announce("stop", "forced");
    for (const child of this.#children) child.kill();
  }

  #stopWithin(): number {
    return this.#options.gracePeriod + this.#options.killMargin;
  }

  /** Nothing serves and nothing will: the siblings have the same program and would fail for the same reason. */
  #abandonBoot(what: string): void {
    if (this.#stopping) return;
    generalLog.error(`giving up, no process became ready: ${what}`);
    this.stop("boot failure", 1, bootFailureGrace);
  }

  #giveUp(what: string): void {
    const { maxRestarts, restartWindow } = this.#options;
    generalLog.error(`${what}; giving up: ${maxRestarts} restarts within ${restartWindow / 1000} s are the limit`);
    this.stop("gave up", 1);
  }

  #noteStopped(child: WorkerHandle, ending: ChildEnding): void {
    if (this.#outcome.reason !== "stopped" || isDrained(child, ending)) return;
    this.#noteDismissed(child, ending);
    this.#outcome = { ...this.#outcome, code: 1 };
  }

  #noteDismissed(child: WorkerHandle, ending: ChildEnding): void {
    if (isDrained(child, ending)) return;
    const late = child.expired ? ", it did not stop in time" : " while stopping";
    generalLog.warn(`${child.name} ${describeEnding(child, ending)}${late}`);
  }

  #noteSucceeded(child: WorkerHandle, ending: ChildEnding, successor: WorkerHandle): void {
    generalLog.warn(
      `${child.name} ${describeEnding(child, ending)} while it was being replaced; ${successor.name} takes over`,
    );
  }

  /** The end is told once, also when the last child's own end is the reason to stop, or somebody stops what has ended. */
  #finishIfEmpty(): void {
    if (this.#finished || this.#children.size > 0 || this.#slots.some(({ waiting }) => waiting)) return;
    this.#finished = this.#stopping = true;
    clearInterval(this.#checking);
    this.#announce("end");
    this.#settle(this.#outcome);
  }
}

function identityOf({ taskId, pid, generation }: WorkerHandle): ChildIdentity {
  return { taskId, pid: pid ?? null, generation };
}

function readyChildOf({ taskId, pid = 0, info }: WorkerHandle): ReadyChild {
  return { taskId, pid, info };
}
