import { inspect } from "node:util";
import { ConfigurationError } from "./errors.js";

/** What a number must be: finite, if nothing else is said. */
export interface NumberRule {
  readonly from?: number;
  readonly to?: number | undefined;
  /** How the upper bound is called when it is another option. */
  readonly toName?: string;
  readonly integer?: boolean;
}

/** Node turns a longer timer into one of 1 ms. */
export const longestTimer = 2 ** 31 - 1;

/** A time to wait: what a timer can hold. */
export function milliseconds(from: number): NumberRule {
  return { from, to: longestTimer };
}

/** What the numbers of one call must be, wherever they are written: those of a decorator and of `submit`. */
export const callRules = {
  deadline: milliseconds(1),
  queueTimeout: milliseconds(1),
  priority: {},
} satisfies Record<string, NumberRule>;

/**
 * Checks an options object against one rule for each name. Undefined is as good as not given.
 *
 * @throws ConfigurationError naming the option, the rule and what came; also for a name without a rule.
 */
export function checkNumbers<T extends object>(
  owner: string,
  given: T,
  rules: Partial<Record<keyof T, NumberRule>>,
): void {
  if (typeof given !== "object" || given === null) {
    throw new ConfigurationError(`${owner}: the options must be an object, got ${inspect(given)}`);
  }
  for (const [name, value] of Object.entries(given) as [keyof T & string, unknown][]) {
    const { [name]: rule } = rules;
    if (rule === undefined) {
      throw new ConfigurationError(`${owner}: unknown option "${name}"; known are ${Object.keys(rules).join(", ")}`);
    }
    if (value !== undefined) checkNumber(owner, name, value, rule);
  }
}

/** @throws ConfigurationError as {@link checkNumbers} does. */
export function checkNumber(owner: string, name: string, value: unknown, rule: NumberRule): void {
  if (fits(value, rule)) return;
  throw new ConfigurationError(`${owner}: ${name} must be ${text(rule)}, got ${inspect(value)}`);
}

function fits(value: unknown, { from, to = Number.POSITIVE_INFINITY, integer = false }: NumberRule): boolean {
  if (from === undefined) return Number.isFinite(value);
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  return value >= from && value <= to && (!integer || Number.isInteger(value));
}

function text({ from, to, toName, integer = false }: NumberRule): string {
  if (from === undefined) return "a finite number";
  const upper = to === undefined ? "" : ` and at most ${toName === undefined ? to : `${toName} (${to})`}`;
  return `${integer ? "an integer" : "a number"} of at least ${from}${upper}`;
}
