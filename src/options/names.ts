import { ConfigurationError } from "../errors.js";
import { nearest } from "../nearest.js";

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
