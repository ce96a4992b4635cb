import type { BenchOptions } from "./options.js";
import type { Running } from "./peers.js";
import type { Served } from "./served.js";

/** What each server showed in each of its turns. */
export type Turns<T> = ReadonlyMap<string, readonly T[]>;

/** Lets the servers take their turns, round by round. Each round begins with another, so that none always follows the same one. */
export async function takeTurns<T>(
  running: Running,
  { rounds }: BenchOptions,
  turn: (server: Served) => Promise<T>,
): Promise<Turns<T>> {
  const turns = new Map<string, T[]>([...running.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of rotated([...running], round)) turns.get(name)?.push(await turn(server));
  }
  return turns;
}

function rotated<T>(all: readonly T[], by: number): T[] {
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}
