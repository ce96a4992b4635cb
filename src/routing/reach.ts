import { tokensOf } from "./regexp-pattern.js";

/** What is known of the paths that a pattern matches without trying any. */
export interface Reach {
  /** Every path that it matches begins with this. */
  readonly prefix: string;
  /** What may follow: nothing, anything at all, or something that only matching can tell. */
  readonly rest: "nothing" | "anything" | "something";
}

/** Of a string pattern. */
export function reachOfString(source: string): Reach {
  const prefix = /^(?:\/[^:*/]*(?=\/|$))*\/?/.exec(source)?.[0] ?? "";
  const rest = source.slice(prefix.length);
  return { prefix, rest: rest === "" ? "nothing" : rest === "*" ? "anything" : "something" };
}

/** Of a RegExp that must match the whole path. */
export function reachOfExpression({ source, flags }: RegExp): Reach {
  const tokens = tokensOf(source);
  if (tokens.includes("|")) return { prefix: "", rest: "something" };
  let index = tokens[0] === "^" ? 1 : 0;
  let prefix = "";
  for (; index < tokens.length; index++) {
    const text = literalOf(tokens, index);
    if (text === undefined || (flags.includes("i") && /\p{L}/u.test(text))) break;
    prefix += text;
  }
  return { prefix, rest: restOf(tokens.slice(index).join("").replace(/\$$/, "")) };
}

/** The character that a token stands for, once and no more; undefined for any other token. */
function literalOf(tokens: readonly string[], index: number): string | undefined {
  const [piece = "", next = ""] = tokens.slice(index, index + 2);
  if (/^[*+?{]/.test(next)) return undefined;
  if (/^\\[^A-Za-z0-9]$/.test(piece)) return piece.slice(1);
  return /^(?:[[()*+?{\\]|[.|^$]$)/.test(piece) ? undefined : piece;
}

function restOf(source: string): Reach["rest"] {
  if (source === "") return "nothing";
  return /^(?:\.\*|\((?:\?:|\?<\w+>)?\.\*\))$/.test(source) ? "anything" : "something";
}

/** Whether every path of `later` is one of `earlier`. False when it cannot be told. */
export function covers(earlier: Reach, later: Reach): boolean {
  return earlier.rest === "anything" && later.prefix.startsWith(earlier.prefix);
}
