import type { BenchOptions } from "./options.js";

/** How two subjects compare, round by round, so that both saw the same machine. */
export interface Ratio {
  readonly median: number;
  readonly from: number;
  readonly to: number;
  /** The least of one divided by the least of the other. */
  readonly ofLeast: number;
}

/** A line of the table. */
export interface Row {
  readonly work: string;
  /** What was measured: a server, or a way of serving. */
  readonly subject: string;
  /** The median of the rounds … */
  readonly figure: number;
  /** … and what it counts, for example `CPU µs / request`. The less, the better. */
  readonly unit: string;
  /** Of the rounds: what disturbs a machine only ever adds to it. */
  readonly least?: number;
  /** Waterspout's figure divided by this one. */
  readonly ratio?: Ratio;
  readonly requestsPerSecond?: number;
  /** Milliseconds. */
  readonly p99?: number;
  /** The figure divided by that of the same server when it has nothing else to do. */
  readonly timesIdle?: number;
  /** What there is to know about this line. */
  readonly note?: string;
}

/** One piece of work, done by several servers: a group of lines of the table. */
export interface Work {
  /** As `--only` names it. */
  readonly name: string;
  /** As the table names it. */
  readonly title: string;
  measure(options: BenchOptions): Promise<Row[]>;
}
