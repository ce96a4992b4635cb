import { parseArgs } from "node:util";

/** What a run is told by its arguments. */
export interface BenchOptions {
  /** Names of works; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** How often each server of a work takes its turn. Default 9. */
  readonly rounds: number;
  /** How long one turn lasts. Default 1. */
  readonly seconds: number;
  /** The Node that runs the servers. Default: the one that runs the bench. */
  readonly node: string;
}

/** `--only=json,body --rounds=5 --seconds=3 --node=/path/to/node`. @throws Error for what it does not know. */
export function benchOptions(args: readonly string[], works: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "9" },
      seconds: { type: "string", default: "1" },
      node: { type: "string", default: process.execPath },
    },
  });
  const only = values.only?.split(",");
  const unknown = only?.find((name) => !works.includes(name));
  if (unknown !== undefined) throw new Error(`--only: there is no "${unknown}"; the works are ${works.join(", ")}`);
  return { only, rounds: count("rounds", values.rounds), seconds: count("seconds", values.seconds), node: values.node };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, got ${text}`);
}
