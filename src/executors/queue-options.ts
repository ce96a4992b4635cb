import { type NumberRule, milliseconds } from "../check.js";

/** What every executor on this machine can be told. Times are milliseconds. */
export interface QueueOptions {
  /** How many tasks may wait. Default: 16 for each place to run. Past it: `QueueFullError`. */
  readonly maxQueue?: number;
  /** Longest wait of a task that does not say its own. Default: none. */
  readonly queueTimeout?: number;
  /** Longest run of a task that does not say its own. Default: none. */
  readonly deadline?: number;
  /** How long a task that was asked to end may go on before its worker is ended. Default: 1,000. */
  readonly cancelGrace?: number;
  /** Waiting this long counts as one priority more. Default: 1,000. */
  readonly ageing?: number;
}

/** What the numbers of {@link QueueOptions} must be. */
export const queueRules: Readonly<Record<keyof QueueOptions, NumberRule>> = {
  maxQueue: { from: 0, integer: true },
  queueTimeout: milliseconds(1),
  deadline: milliseconds(1),
  cancelGrace: milliseconds(0),
  ageing: milliseconds(1),
};
