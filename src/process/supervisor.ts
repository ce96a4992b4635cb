import cluster from "node:cluster";
import os from "node:os";
import { ConfigurationError } from "../errors.js";
import { generalLog } from "../log.js";
import { type ResolvedOptions, resolveCount, resolveOptions, type SupervisorOptions } from "./options.js";
import { RestartPolicy } from "./restart-policy.js";
import { claimRole } from "./role.js";
import { SignalQueue } from "./signals.js";
import { type Ending, WorkerHandle, type WorkerListener } from "./worker-handle.js";

/** How it ended, and the exit code that says so. */
export interface SupervisorOutcome {
  readonly code: number;
  /**
   * `completed`: all children exited 0. `stopped`: a signal asked for it. `forced`: so did a second one.
   * `boot failure`: no child ever became ready. `gave up`: too many restarts.
   */
  readonly reason: "completed" | "stopped" | "forced" | "boot failure" | "gave up";
}

/** How long children get to end when one of them has shown that none can start: there is nothing to drain yet. */
const bootFailureGrace = 2_000;

/** How often children tell their figures, and how often they are looked at. Milliseconds. */
const statusInterval = 1_000;

/**
 * Forks `n` children and looks after them until all have ended; 0 is one per CPU. A child is this same program, started
 * with the same arguments, which gets its task id and not this call's result. Children that crash are started again,
 * those that exit 0 are not; SIGTERM and SIGINT stop them all. It does not exit the process: the caller does, with the
 * outcome's code.
 *
 * @throws ConfigurationError (through the promise) in a child, in a worker thread, the second time, when the program has
 * no file, and for `n` or an option that is out of range.
 */
export async function supervise(n: number, options: SupervisorOptions = {}): Promise<SupervisorOutcome> {
  const count = resolveCount(n);
  const resolved = resolveOptions(options);
  const program = programFile();
  claimRole("primary");
  cluster.schedulingPolicy = resolved.balance === "shared" ? cluster.SCHED_NONE : cluster.SCHED_RR;
  cluster.setupPrimary({ exec: program, args: process.argv.slice(2), execArgv: process.execArgv });
  return new Supervisor(count, resolved).run();
}

/** The life cycle of all children of this process: start, restart, stop. One of them is one `WorkerHandle`. */
class Supervisor implements WorkerListener {
  readonly #count: number;
  readonly #options: ResolvedOptions;
  readonly #policy: RestartPolicy;
  readonly #signals: SignalQueue;
  /** What is looked at every `statusInterval`, of each child that is ready. */
  readonly #checks: readonly ((child: WorkerHandle) => void)[] = [];
  readonly #children = new Set<WorkerHandle>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #ended: Promise<SupervisorOutcome>;
  #settle!: (outcome: SupervisorOutcome) => void;
  #checking: NodeJS.Timeout | undefined;
  #outcome: SupervisorOutcome = { code: 0, reason: "completed" };
  #stopping = false;
  #signalled = false;
  #anyEverReady = false;
  #allWereReady = false;

  constructor(count: number, options: ResolvedOptions) {
    this.#count = count;
    this.#options = options;
    this.#policy = new RestartPolicy(options);
    this.#signals = new SignalQueue({
      SIGTERM: () => this.#stopOrForce("SIGTERM"),
      SIGINT: () => this.#stopOrForce("SIGINT"),
    });
    this.#ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  run(): Promise<SupervisorOutcome> {
    this.#signals.open();
    this.#checking = setInterval(() => this.#check(), statusInterval);
    for (let taskId = 0; taskId < this.#count; taskId++) this.#start(taskId);
    return this.#ended;
  }

  // ---- what children tell

  childReady(child: WorkerHandle): void {
    this.#anyEverReady = true;
    this.#policy.ready(child.taskId);
    child.tell({ waterspout: "supervision", statusInterval });
    this.#announceOnce();
  }

  childFailedToBoot(child: WorkerHandle): void {
    if (!this.#anyEverReady) this.#abandonBoot(`${child.name} ${bootFailureOf(child)}`);
  }

  childGone(child: WorkerHandle, ending: Ending): void {
    this.#children.delete(child);
    if (this.#stopping) this.#noteStopped(child, ending);
    else if (!isClean(child, ending)) this.#crashed(child, ending);
    this.#announceOnce();
    this.#finishIfEmpty();
  }

  #check(): void {
    const ready = [...this.#children].filter(({ stage }) => stage === "ready");
    for (const child of ready) for (const check of this.#checks) check(child);
  }

  // ---- start and restart

  #start(taskId: number): void {
    this.#children.add(new WorkerHandle(taskId, this, this.#options));
  }

  #announceOnce(): void {
    if (this.#allWereReady || this.#stopping || !this.#allAreReady()) return;
    this.#allWereReady = true;
    const ready = [...this.#children].toSorted((a, b) => a.taskId - b.taskId);
    try {
      this.#options.onReady(ready.map(({ taskId, pid = 0, info }) => ({ taskId, pid, info })));
    } catch (error) {
      generalLog.error("onReady of the processes failed", { error });
    }
  }

  #allAreReady(): boolean {
    const children = [...this.#children];
    return children.length > 0 && this.#restarts.size === 0 && children.every(({ stage }) => stage === "ready");
  }

  #crashed(child: WorkerHandle, ending: Ending): void {
    const what = `${child.name} ${describe(child, ending)}`;
    if (!this.#anyEverReady) return this.#abandonBoot(what);
    const delay = this.#policy.crashed(child.taskId);
    if (delay === undefined) return this.#giveUp(what);
    generalLog.warn(`${what}, restarting${delay === 0 ? "" : ` in ${delay} ms`}`);
    this.#restartAfter(delay, child.taskId);
  }

  #restartAfter(delay: number, taskId: number): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#start(taskId);
    }, delay);
    this.#restarts.add(timer);
  }

  // ---- stop

  /** Nothing serves and nothing will: the siblings have the same program and would fail for the same reason. */
  #abandonBoot(what: string): void {
    generalLog.error(`giving up, no process became ready: ${what}`);
    this.#stop({ code: 1, reason: "boot failure" }, bootFailureGrace);
  }

  #giveUp(what: string): void {
    const { maxRestarts, restartWindow } = this.#options;
    generalLog.error(`${what}; giving up: ${maxRestarts} restarts within ${restartWindow / 1000} s are the limit`);
    this.#stop({ code: 1, reason: "gave up" });
  }

  #stopOrForce(signal: "SIGTERM" | "SIGINT"): void {
    if (this.#signalled) return this.#force(signal);
    this.#signalled = true;
    if (this.#stopping) return;
    generalLog.info(`${signal}: stopping the processes`);
    this.#stop({ code: 0, reason: "stopped" });
  }

  #stop(outcome: SupervisorOutcome, deadline = this.#options.gracePeriod + this.#options.killMargin): void {
    this.#stopping = true;
    this.#outcome = outcome;
    for (const timer of this.#restarts) clearTimeout(timer);
    this.#restarts.clear();
    for (const child of this.#children) child.term(deadline);
    this.#finishIfEmpty();
  }

  #force(signal: "SIGTERM" | "SIGINT"): void {
    generalLog.warn(`${signal} again: killing the processes`);
    this.#outcome = { code: 128 + os.constants.signals[signal], reason: "forced" };
    for (const child of this.#children) child.kill();
  }

  #noteStopped(child: WorkerHandle, ending: Ending): void {
    if (this.#outcome.reason !== "stopped" || isDrained(child, ending)) return;
    const late = child.expired ? ", it did not stop in time" : " while stopping";
    generalLog.warn(`${child.name} ${describe(child, ending)}${late}`);
    this.#outcome = { ...this.#outcome, code: 1 };
  }

  #finishIfEmpty(): void {
    if (this.#children.size > 0 || this.#restarts.size > 0) return;
    this.#signals.close();
    clearInterval(this.#checking);
    this.#settle(this.#outcome);
  }
}

/** A child that exits 0 has done what it had to do: it stays down, as in Tornado. */
function isClean(child: WorkerHandle, ending: Ending): boolean {
  return ending.kind === "exited" && ending.status === 0 && child.bootFailure === undefined;
}

/** A child that has served is to end by itself; one that has no handler for the signal is ended by it. */
function isDrained(child: WorkerHandle, ending: Ending): boolean {
  if (!child.wasReady || isClean(child, ending)) return true;
  return ending.kind === "killed" && ["SIGTERM", "SIGINT"].includes(ending.signal);
}

function describe(child: WorkerHandle, ending: Ending): string {
  if (child.bootFailure !== undefined) return bootFailureOf(child);
  if (ending.kind === "not forked") return `could not be forked: ${ending.error.message}`;
  return ending.kind === "killed" ? `killed by signal ${ending.signal}` : `exited with status ${ending.status}`;
}

function bootFailureOf(child: WorkerHandle): string {
  return `could not start: ${child.bootFailure ?? "the reason is not known"}`;
}

function programFile(): string {
  const file = process.argv[1];
  if (file !== undefined) return file;
  throw new ConfigurationError(
    "processes can be forked by a program in a file only, because each child starts that file again: " +
      "write the program to a file instead of giving it to node by --eval, by stdin or in the REPL",
  );
}
