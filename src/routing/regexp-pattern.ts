import type isSafe from "safe-regex2";
import { ConfigurationError } from "../errors.js";
import { library } from "../on-demand.js";
import { decodeRest } from "./path.js";
import { type Part, type PathArgument, type Pattern, buildPath } from "./pattern.js";

const safeRegex = library<typeof isSafe>("safe-regex2");

const token = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<[^>]+>))?|\)|[*+?]\??|\{\d+(?:,\d*)?\}\??|./gsu;

/** The pieces of a RegExp's source: an escape, a class, the start or end of a group, a quantifier, another character. */
export function tokensOf(source: string): string[] {
  return source.match(token) ?? [];
}

/**
 * A RegExp that must match the whole canonical path. Groups become positional arguments, decoded; a group that took no
 * part is undefined. The flags `g`, `m` and `y` have no meaning here and are dropped.
 *
 * @throws ConfigurationError when the expression cannot match any path, or matching it may take exponential time.
 */
export class RegExpPattern implements Pattern {
  readonly source: RegExp;
  readonly shape: string;
  readonly #place: string;
  readonly #whole: RegExp;

  constructor(source: RegExp, place: string) {
    if (/^\^?[A-Za-z0-9]/.test(source.source)) {
      throw new ConfigurationError(`${place}: it can match nothing, since a path begins with "/"; begin with "\\/"`);
    }
    this.source = source;
    this.shape = `RegExp ${String(source)}`;
    this.#place = place;
    this.#whole = wholeMatch(source, place);
  }

  /** The arguments, or undefined when the path is another. */
  match(path: string): (string | undefined)[] | undefined {
    const groups: (string | undefined)[] | undefined = this.#whole.exec(path)?.slice(1);
    return groups?.map((group) => (group === undefined ? undefined : decodeRest(group)));
  }

  /** Only literals with flat groups between them can be built back. Source: Tornado's `PathMatches.reverse`. */
  reverse(args: readonly PathArgument[]): string {
    return buildPath(partsOf(this.source, this.#place), args, this.#place);
  }
}

/**
 * The same expression, matching only whole texts and keeping no state between matches.
 *
 * @throws ConfigurationError when matching may take exponential time in the length of what a client sends.
 */
export function wholeMatch(source: RegExp, place: string): RegExp {
  if (!isLinearEnough(source.source)) {
    throw new ConfigurationError(
      `${place}: a client could make it match for ever (a repetition or an alternative inside a repetition, ` +
        `a look-behind, or more than 25 repetitions); simplify it, for example "([^/]+)" instead of "((?:a+)+)"`,
    );
  }
  return new RegExp(`^(?:${source.source})$`, source.flags.replaceAll(/[gmy]/g, ""));
}

/**
 * safe-regex2 counts `?` as a repetition, so it would refuse the harmless `(?:\/(\d+))?`, and it overlooks alternatives:
 * `(?:a|aa)+` is exponential. So optional groups outside every repetition are hidden from it, and alternatives inside
 * one are refused. Read from the right, because a group's quantifier stands behind it.
 */
function isLinearEnough(source: string): boolean {
  const tokens = tokensOf(source);
  const repeated: boolean[] = [];
  for (let index = tokens.length - 1; index >= 0; index--) {
    const piece = tokens[index] ?? "";
    const inside = repeated.at(-1) ?? false;
    if (piece === "|" && inside) return false;
    if (piece.startsWith("(")) repeated.pop();
    if (piece !== ")") continue;
    const quantifier = tokens[index + 1] ?? "";
    repeated.push(inside || /^[*+{]/.test(quantifier));
    if (!inside && quantifier.startsWith("?")) tokens[index + 1] = "";
  }
  return safeRegex(tokens.join(""));
}

function partsOf(source: RegExp, place: string): Part[] {
  const tokens = tokensOf(source.source);
  if (tokens[0] === "^") tokens.shift();
  if (tokens.at(-1) === "$") tokens.pop();
  const parts: Part[] = [];
  while (tokens.length > 0) {
    const part = takePart(tokens);
    if (part === undefined) {
      throw new ConfigurationError(
        `${place}: no path can be built from it; only literal text with flat, unrepeated groups between can be reversed, ` +
          "so simplify the expression or write the route as a string",
      );
    }
    parts.push(part);
  }
  return parts;
}

/** Takes a literal or a whole group off the front; undefined when what stands there may match several texts. */
function takePart(tokens: string[]): Part | undefined {
  const piece = tokens.shift() ?? "";
  if (/^\((?:\?<[^=!]|$)/.test(piece)) return takeGroup(tokens) ? encodeURIComponent : undefined;
  if (/^[*+?{]/.test(tokens[0] ?? "")) return undefined;
  if (/^\\[^A-Za-z0-9]$/.test(piece)) return piece.slice(1);
  return /^(?:[[()*+?{\\]|[.|^$]$)/.test(piece) ? undefined : piece;
}

/** True if the group holds no other and is not repeated. */
function takeGroup(tokens: string[]): boolean {
  const inner = tokens.splice(0, tokens.indexOf(")") + 1);
  return !inner.some((piece) => piece.startsWith("(")) && !/^[*+?{]/.test(tokens[0] ?? "");
}
