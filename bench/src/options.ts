import { parseArgs } from "node:util";

/** What a run is told by its arguments. */
export interface BenchOptions {
  /** The works to do, by name. Default: all. */
  readonly works: readonly string[];
  /** How often each server of a work takes its turn. Default 9. */
  readonly rounds: number;
  /** How long one turn lasts. Default 1. */
  readonly seconds: number;
  /** The Node that runs the servers. Default: the one that runs the bench. */
  readonly node: string;
}

/**
 * `--only=json,executor --rounds=5 --seconds=3 --node=/path/to/node`; `executor` stands for `executor-1` and `executor-64`.
 *
 * @throws Error for what it does not know.
 */
export function benchOptions(args: readonly string[], all: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "9" },
      seconds: { type: "string", default: "1" },
      node: { type: "string", default: process.execPath },
    },
  });
  const works = values.only?.split(",").flatMap((name) => named(name, all)) ?? all;
  return {
    works,
    rounds: count("rounds", values.rounds),
    seconds: count("seconds", values.seconds),
    node: values.node,
  };
}

function named(name: string, all: readonly string[]): string[] {
  const found = all.filter((work) => work === name || work.startsWith(`${name}-`));
  if (found.length > 0) return found;
  throw new Error(`--only: there is no "${name}"; the works are ${all.join(", ")}`);
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, got ${text}`);
}
