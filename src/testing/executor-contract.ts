import type { Executor } from "../executors/executor.js";
import { calls } from "./contract/calls.js";
import { cancellation } from "./contract/cancellation.js";
import { errors } from "./contract/errors.js";
import { queue } from "./contract/queue.js";
import { shutdownRules } from "./contract/shutdown.js";
import { play } from "./contract/stage.js";
import { streams } from "./contract/streams.js";
import { values } from "./contract/values.js";

/** How an executor is made for one rule: one place to run unless the rule asks for more, and its grace. */
export interface ContractOptions {
  readonly places: number;
  readonly maxQueue?: number;
  readonly cancelGrace: number;
}

/** One rule that every executor keeps. */
export interface ContractCase {
  readonly name: string;
  run(): Promise<void>;
}

const rules = { ...calls, ...values, ...errors, ...queue, ...cancellation, ...streams, ...shutdownRules };

/**
 * The rules of `Executor`, for every implementation: ours and yours. It needs no test runner of its own. A rule that cannot
 * hold for an implementation is skipped by its name, with a reason.
 *
 * @param make makes a fresh executor; it is started and shut down by each case.
 * @example
 * for (const { name, run } of executorContract((options) => new MyExecutor(options))) it(name, run);
 */
export function executorContract(make: (options: ContractOptions) => Executor): ContractCase[] {
  return Object.entries(rules).map(([name, rule]) => ({ name, run: () => play(make(optionsOf(name)), rule) }));
}

function optionsOf(name: string): ContractOptions {
  const places = name.includes("two places") ? 2 : 1;
  // Where a task is to be killed it is short; elsewhere long enough for a task that stops, on a busy machine.
  const cancelGrace = name.includes("does not stop") ? 200 : 5_000;
  return { places, cancelGrace, ...(name.includes("maxQueue") && { maxQueue: 2 }) };
}
