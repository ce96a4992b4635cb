import { ConfigurationError } from "../errors.js";

/** The form in which names are compared: `logLevel`, `log_level` and `LOG_LEVEL` are all `log-level`. */
export function canonicalName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** `problem` says what is unknown; the nearest known name is added if `name` may be a slip of it. */
export function unknownName(problem: string, name: string, known: Iterable<string>, prefix = ""): ConfigurationError {
  const near = nearest(canonicalName(name), known);
  return new ConfigurationError(`${problem}${near === undefined ? "" : `; did you mean ${prefix}${near}?`}`);
}

function nearest(name: string, known: Iterable<string>): string | undefined {
  // Two swapped letters are a distance of two; in names of three letters that would make everything near.
  const limit = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
  return [...known]
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** How many letters must be added, removed or replaced (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 0; row < from.length; row++) {
    const current = [row + 1];
    for (let column = 0; column < to.length; column++) {
      const replaced = (previous[column] ?? 0) + (from[row] === to[column] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
