import os from "node:os";
import { ConfigurationError } from "../errors.js";
import type { ReadyChild } from "./events.js";
import { programName } from "./title.js";
import type { Supervisor } from "./view.js";

/**
 * How connections reach the children. `"shared"`: all of them accept on one socket, as in Tornado, and one that is ahead of
 * another lets it go first. `"round-robin"`: node:cluster accepts in the primary and hands over in turn; that costs more
 * for each connection, and leaves one that was handed to a child at the moment the child was killed hanging until the
 * client gives up.
 */
export type Balance = "shared" | "round-robin";

/** How children are supervised. Times are milliseconds. */
export interface SupervisorOptions {
  /** Default: `"shared"`. */
  readonly balance?: Balance;
  /** How long a child that was asked to stop may drain. Default: 30 s. */
  readonly gracePeriod?: number;
  /** How long after `gracePeriod` the primary kills what is still there. Default: 5 s. */
  readonly killMargin?: number;
  /** How long a child may take until it is ready; after that it is killed. Default: 60 s. */
  readonly bootTimeout?: number;
  /** How long a new child must have been ready before the one that it replaces is asked to drain. Default: 2 s. */
  readonly stableTime?: number;
  /**
   * A child whose event loop has not turned for so long is killed and started again; what the loop stands in is in the log.
   * For that each child has a watchdog, a thread of 10 to 19 MB. 0 is never, and no watchdog. Default: 30 s.
   */
  readonly livenessTimeout?: number;
  /** The primary gives up at the restart that would exceed this number within `restartWindow`. Default: 100. */
  readonly maxRestarts?: number;
  /** Default: 60 s. */
  readonly restartWindow?: number;
  /**
   * A child that has answered so many requests is replaced as in a reload, the new one first; up to a tenth later at random,
   * so that children that were started together are not replaced together. Default: 0, which is never.
   */
  readonly maxRequests?: number;
  /**
   * A child whose process has more resident memory than so many mebibytes, at three looks in a row a second apart, is
   * replaced in the same way. `resourceLimits` of threads do not count Buffers, this does. Default: 0, which is never.
   */
  readonly maxMemoryMb?: number;
  /**
   * A child of which so many threads are stuck in native code, at ten looks in a row a second apart, is replaced in the same
   * way: such a thread has been told to end and cannot, it takes a place of its executor, and only the end of the process
   * frees it. Default: 1. 0 is never.
   */
  readonly maxLostThreads?: number;
  /**
   * What the processes are called in `ps`: `waterspout: <title> (child 2)`. An empty one leaves their names as they are.
   * Default: the program's file without folder and extension.
   */
  readonly title?: string;
  /** A file that has the primary's pid while it serves. Default: none. */
  readonly pidFile?: string;
  /** Called once in the primary, when all children are ready for the first time; in the order of their task ids. */
  readonly onReady?: (children: readonly ReadyChild[]) => void;
  /**
   * Called once in the primary, before anything is forked, with what shows and steers its children. What it throws ends
   * the start.
   */
  readonly onSupervisor?: (supervisor: Supervisor) => void;
}

/** The options with their defaults; a callback that was not given does nothing. */
export type ResolvedOptions = Required<SupervisorOptions>;

const defaults: ResolvedOptions = {
  balance: "shared",
  gracePeriod: 30_000,
  killMargin: 5_000,
  bootTimeout: 60_000,
  stableTime: 2_000,
  livenessTimeout: 30_000,
  maxRestarts: 100,
  restartWindow: 60_000,
  maxRequests: 0,
  maxMemoryMb: 0,
  maxLostThreads: 1,
  title: programName(),
  pidFile: "",
  onReady: () => {},
  onSupervisor: () => {},
};

/** The least value of each number. */
const least = {
  gracePeriod: 0,
  killMargin: 0,
  bootTimeout: 1,
  stableTime: 0,
  livenessTimeout: 0,
  maxRestarts: 0,
  restartWindow: 1,
  maxRequests: 0,
  maxMemoryMb: 0,
  maxLostThreads: 0,
};

// Node turns a longer timer into one of 1 ms; two of these are added up before they are waited for.
const longest = 2 ** 30;

/** @throws ConfigurationError naming the option, its rule and what came. */
export function resolveOptions(options: SupervisorOptions): ResolvedOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedOptions = { ...defaults, ...given };
  for (const [name, minimum] of Object.entries(least)) {
    checkNumber(name, resolved[name as keyof typeof least], minimum);
  }
  for (const name of ["title", "pidFile"] as const) checkText(name, resolved[name]);
  if (!["shared", "round-robin"].includes(resolved.balance)) {
    throw new ConfigurationError(`balance must be "shared" or "round-robin", got ${JSON.stringify(resolved.balance)}`);
  }
  return resolved;
}

/**
 * The number of children for `n`: 0 stands for one per CPU that this process may use.
 *
 * @throws ConfigurationError unless `n` is an integer from 0 up.
 */
export function resolveCount(n: number): number {
  if (Number.isSafeInteger(n) && n >= 0) return n === 0 ? os.availableParallelism() : n;
  throw new ConfigurationError(
    `the number of processes must be an integer from 0 up, got ${String(n)}: 0 is one process per CPU`,
  );
}

function checkNumber(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum && value <= longest) return;
  throw new ConfigurationError(`${name} must be an integer from ${minimum} to ${longest}, got ${String(value)}`);
}

function checkText(name: string, value: unknown): void {
  if (typeof value === "string") return;
  throw new ConfigurationError(`${name} must be a string, got ${String(value)}`);
}
