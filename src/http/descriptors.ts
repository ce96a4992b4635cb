import { readFileSync } from "node:fs";
import { ConfigurationError } from "../errors.js";

/** What Node, executors, logs and the connections of services need themselves: a fifth, and never less than this. */
const least = 32;
const share = 0.2;

/**
 * How many connections a server may have at a time: `wanted`, or as many as there may be descriptors, less a reserve of a
 * fifth, at least 32, for all else that the process opens. Without a descriptor left, connections would be accepted and
 * closed without a word, and so would fail whatever else the process opens.
 *
 * @param wanted 0 for as many as possible.
 * @param limit how many descriptors this process may have; null where the system does not say: then there is no bound.
 * @throws ConfigurationError when `wanted` is more than that.
 */
export function connectionLimit(wanted: number, limit: number | null = descriptorLimit()): number {
  if (limit === null) return wanted === 0 ? Number.POSITIVE_INFINITY : wanted;
  const possible = Math.max(1, limit - Math.max(least, Math.ceil(limit * share)));
  if (wanted <= possible) return wanted === 0 ? possible : wanted;
  throw new ConfigurationError(
    `maxConnections (${wanted}) must not be above ${possible}: this process may have ${limit} open files, of which it needs ` +
      "some for itself; raise that by `ulimit -n`, or by LimitNOFILE of its service",
  );
}

/** RLIMIT_NOFILE. Node raises it to what it may at its start. */
function descriptorLimit(): number | null {
  try {
    const [, soft = ""] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === "" ? null : Number(soft);
  } catch {
    return null;
  }
}
