import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { generalLog } from "../log.js";
import type { Place } from "./socket-messages.js";

/** Under which number children inherit the scoreboard: after stdin, stdout, stderr and the line to the primary. */
export const scoreboardDescriptor = 4;

/** Children that can be told apart on one socket at one time, those that drain included; and how many sockets. */
const rowsOfBlock = 256;
const blocks = 4;

const rowBytes = Uint32Array.BYTES_PER_ELEMENT;
const absent = 0;
const none = 2 ** 32 - 1;
const empty = new Uint32Array(1);

/**
 * How many connections each child has, for its siblings to see at once: a file without a name, four bytes for each child,
 * which they inherit. A message through the primary would be late when many connections come in the same millisecond.
 *
 * A row is the number of connections plus one; 0 stands for nobody, or one that does not accept.
 *
 * Source: the scoreboard of Apache's httpd.
 */
export class Scoreboard {
  readonly descriptor: number;
  readonly #taken = new Map<number, Set<number>>();

  constructor() {
    this.descriptor = openNameless();
  }

  /** A place among those who accept on the same socket; null when there is no more. */
  take(block: number): Place | null {
    if (block >= blocks) return null;
    const taken = this.#taken.get(block) ?? new Set();
    this.#taken.set(block, taken);
    for (let row = 0; row < rowsOfBlock; row++) {
      if (taken.has(row)) continue;
      taken.add(row);
      return { block, row };
    }
    return null;
  }

  /** The child has ended. */
  release({ block, row }: Place): void {
    writeSync(this.descriptor, empty, 0, rowBytes, positionOf({ block, row }));
    this.#taken.get(block)?.delete(row);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** @returns undefined, with a line in the log, when no file can be made. */
export function openScoreboard(): Scoreboard | undefined {
  try {
    return new Scoreboard();
  } catch (error) {
    generalLog.warn("children cannot see each other's connections, bursts may be spread unevenly", { error });
    return undefined;
  }
}

/** A child's own row, and what it sees of the others. Its cost is one write, or one read, of the page cache. */
export class ScoreboardRow {
  readonly #descriptor: number;
  readonly #place: Place;
  readonly #own = new Uint32Array(1);
  readonly #rows = new Uint32Array(rowsOfBlock);

  constructor(place: Place, descriptor = scoreboardDescriptor) {
    this.#place = place;
    this.#descriptor = descriptor;
  }

  /** Tells how many connections this child has. */
  write(connections: number): void {
    this.#own[0] = connections + 1;
    this.#write();
  }

  /** This child does not accept any more. */
  leave(): void {
    this.#own[0] = absent;
    this.#write();
  }

  /** How many connections the sibling has that has the fewest; undefined when there is none that accepts. */
  leastOfOthers(): number | undefined {
    readSync(this.#descriptor, this.#rows, 0, this.#rows.byteLength, this.#place.block * rowsOfBlock * rowBytes);
    this.#rows[this.#place.row] = absent;
    const least = this.#rows.reduce((fewest, count) => (count !== absent && count < fewest ? count : fewest), none);
    return least === none ? undefined : least - 1;
  }

  #write(): void {
    writeSync(this.#descriptor, this.#own, 0, rowBytes, positionOf(this.#place));
  }
}

function positionOf({ block, row }: Place): number {
  return (block * rowsOfBlock + row) * rowBytes;
}

/** In memory where the system offers that: a container without a writable disk has it, too. */
function openNameless(): number {
  try {
    return openIn("/dev/shm");
  } catch {
    return openIn(os.tmpdir());
  }
}

/** It has no name any more when this returns, so that nothing is left however the primary ends. */
function openIn(directory: string): number {
  const own = mkdtempSync(join(directory, "waterspout-"));
  try {
    const descriptor = openSync(join(own, "scoreboard"), "wx+", 0o600);
    // All of it is there from the beginning: a child could not go on if there were no room left at a write.
    writeSync(descriptor, new Uint32Array(rowsOfBlock * blocks));
    return descriptor;
  } finally {
    rmSync(own, { recursive: true });
  }
}
