import cluster, { type ClusterSettings } from "node:cluster";
import { EventEmitter } from "node:events";
import { ConfigurationError } from "../errors.js";
import { generalLog } from "../log.js";
import type { Announce, Observer, SupervisorEvents } from "./events.js";
import { type ResolvedOptions, resolveCount, resolveOptions, type SupervisorOptions } from "./options.js";
import { outliveOutput } from "./outlive-output.js";
import { Presence } from "./presence.js";
import { Recycler } from "./recycler.js";
import { claimRole } from "./role.js";
import type { ReloadResult } from "./roll.js";
import { setUpSharing } from "./sharing.js";
import { SignalQueue } from "./signals.js";
import { stallDescriptor } from "./stall.js";
import { childrenOf, type SupervisorStatus } from "./status.js";
import { hasTerminal } from "./terminal.js";
import { nameProcess } from "./title.js";
import { ProcessTree, type StopSignal, type SupervisorOutcome } from "./tree.js";
import type { Supervisor } from "./view.js";

/**
 * Forks `n` children and looks after them until all have ended; 0 is one per CPU. A child is this same program, started
 * with the same arguments, which gets its task id and not this call's result. Children that crash are started again,
 * those that exit 0 are not; SIGTERM and SIGINT stop them all, SIGHUP replaces them. It does not exit the process: the
 * caller does, with the outcome's code.
 *
 * @throws ConfigurationError (through the promise) in a child, in a worker thread, the second time, when the program has
 * no file, and for `n` or an option that is out of range.
 * @throws StartError when the pid file cannot be written.
 */
export async function supervise(n: number, options: SupervisorOptions = {}): Promise<SupervisorOutcome> {
  const count = resolveCount(n);
  const resolved = resolveOptions(options);
  const program = programFile();
  const presence = new Presence(resolved.pidFile);
  claimRole("primary");
  nameProcess(resolved.title);
  outliveOutput();
  const sharing = setUpSharing(resolved.balance);
  cluster.setupPrimary({
    exec: program,
    args: process.argv.slice(2),
    execArgv: process.execArgv,
    stdio: withStallPipe(sharing.settings.stdio),
  });
  return new PrimarySupervisor(resolved, presence, sharing.observer).run(count);
}

type Stdio = NonNullable<ClusterSettings["stdio"]>;

/** What children inherit: `stallDescriptor` comes behind the others. */
function withStallPipe(others: Stdio = ["inherit", "inherit", "inherit", "ipc"]): Stdio {
  const padding = Array.from({ length: stallDescriptor - others.length }, () => "ignore");
  return [...others, ...padding, "pipe"];
}

/** The primary: signals and calls on the one side, the process tree on the other. */
class PrimarySupervisor extends EventEmitter<SupervisorEvents> implements Supervisor {
  readonly #options: ResolvedOptions;
  readonly #tree: ProcessTree;
  readonly #signals: SignalQueue;
  readonly #observers: readonly Observer[];
  readonly #hadTerminal = hasTerminal();
  #signalled = false;

  constructor(options: ResolvedOptions, presence: Presence, sharing: Observer) {
    super();
    this.#options = options;
    this.#tree = new ProcessTree(options, this.#announce);
    this.#tree.check(new Recycler(options, (child) => this.#tree.recycle(child)).check);
    this.#observers = [sharing, this.#shownBy(presence), { serving: options.onReady }];
    this.#signals = new SignalQueue({
      SIGTERM: () => this.#stopOrForce("SIGTERM"),
      SIGINT: () => this.#stopOrForce("SIGINT"),
      SIGHUP: () => this.#hangUp(),
      SIGTTIN: () => this.#resizeBy(1, "SIGTTIN"),
      SIGTTOU: () => this.#resizeBy(-1, "SIGTTOU"),
    });
  }

  async run(count: number): Promise<SupervisorOutcome> {
    this.#options.onSupervisor(this);
    this.#signals.open();
    const outcome = await this.#tree.run(count);
    this.#signals.close();
    return outcome;
  }

  async status(): Promise<SupervisorStatus> {
    const { generation } = this.#tree;
    return { pid: process.pid, state: this.#state(), generation, children: await childrenOf(this.#tree) };
  }

  reload(): Promise<ReloadResult> {
    return this.#reload();
  }

  resize(count: number): void {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(`resize: the number of processes must be an integer from 1 up, got ${String(count)}`);
    }
    this.#tree.resize(count);
  }

  stop(): void {
    this.#tree.stop("stopped", 0);
  }

  #state(): SupervisorStatus["state"] {
    if (this.#tree.stopping) return "stopping";
    if (!this.#tree.serving) return "starting";
    return this.#tree.reloading ? "reloading" : "serving";
  }

  #reload(why = ""): Promise<ReloadResult> {
    if (!this.#tree.stopping) generalLog.info(`${why}reloading, new processes take over one at a time`);
    return this.#tree.reload();
  }

  #resizeBy(difference: 1 | -1, signal: string): void {
    const { stopping, slots } = this.#tree;
    const count = Math.max(1, slots.length + difference);
    if (stopping) return;
    generalLog.info(
      `${signal}: ${count === slots.length ? "one process is the least" : `${count} processes from now on`}`,
    );
    this.#tree.resize(count);
  }

  /** The end of a terminal is told by the same signal as the wish for a reload, and must not leave a server behind. */
  #hangUp(): void {
    if (this.#hadTerminal && !hasTerminal()) this.#stopOrForce("SIGHUP");
    else void this.#reload("SIGHUP: ");
  }

  #stopOrForce(signal: StopSignal): void {
    if (this.#signalled) return this.#force(signal);
    this.#signalled = true;
    if (this.#tree.stopping) return;
    generalLog.info(`${signal}: stopping the processes`);
    this.stop();
  }

  #force(signal: StopSignal): void {
    generalLog.warn(`${signal} again: killing the processes`);
    this.#tree.force(signal);
  }

  #shownBy(presence: Presence): Observer {
    const isWell = (): boolean => this.#tree.slots.some(({ current }) => current?.stage === "ready");
    return {
      serving: ({ length }) => presence.serving(`${length} processes serve`, isWell),
      reload: () => presence.reloading(),
      reloaded: (result) => presence.reloaded(result.ok ? "reloaded" : `reload failed: ${result.reason}`),
      stop: () => presence.stopping(),
      end: () => presence.ended(),
    };
  }

  readonly #announce: Announce = (name, ...told) => {
    for (const observer of this.#observers) guarded(name, () => observer[name]?.(...told));
    guarded(name, () => EventEmitter.prototype.emit.call(this, name, ...told));
  };
}

/** The program's own code must not take the supervisor with it. */
function guarded(event: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    generalLog.error(`a listener of the supervisor's "${event}" failed`, { error });
  }
}

function programFile(): string {
  const file = process.argv[1];
  if (file !== undefined) return file;
  throw new ConfigurationError(
    "processes can be forked by a program in a file only, because each child starts that file again: " +
      "write the program to a file instead of giving it to node by --eval, by stdin or in the REPL",
  );
}
