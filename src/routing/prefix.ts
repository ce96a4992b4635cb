import { ConfigurationError } from "../errors.js";
import { tokensOf } from "./regexp-pattern.js";

/**
 * The pattern of a route that is mounted under a prefix: the two texts one behind the other, so that `/` under `/api` is
 * `/api/`, and an empty string is `/api` itself.
 *
 * @param place names the group in errors.
 * @throws ConfigurationError for a prefix that has no `/` in front or has one at its end, a string pattern that would run
 * into it, or a RegExp under a prefix with parameters, whose groups would be counted differently.
 */
export function prefixed(prefix: string, pattern: string | RegExp, place: string): string | RegExp {
  if (!/^\/.*[^/]$/s.test(prefix)) {
    throw new ConfigurationError(`${place}: a prefix begins with "/" and does not end with one, as in "/api"`);
  }
  if (typeof pattern !== "string") return prefixedExpression(prefix, pattern, place);
  if (pattern !== "" && !pattern.startsWith("/")) {
    throw new ConfigurationError(`${place}: ${JSON.stringify(pattern)} in it must be empty or begin with "/"`);
  }
  return prefix + pattern;
}

function prefixedExpression(prefix: string, { source, flags }: RegExp, place: string): RegExp {
  if (/[:*]/.test(prefix)) {
    throw new ConfigurationError(`${place}: a RegExp cannot stand under a prefix with parameters; write it whole`);
  }
  const inner = source.replace(/^\^/, "");
  return new RegExp(escaped(prefix) + (hasAlternatives(inner) ? `(?:${inner})` : inner), flags);
}

/** `RegExp.escape`, which only Node 24 has, for what stands in a path. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** Whether a `|` stands outside of all groups. */
function hasAlternatives(source: string): boolean {
  let depth = 0;
  for (const piece of tokensOf(source)) {
    if (piece === "|" && depth === 0) return true;
    if (piece.startsWith("(")) depth++;
    if (piece === ")") depth--;
  }
  return false;
}
