import { inspect } from "node:util";
import { ConfigurationError } from "../errors.js";

/** What a number must be. */
export interface NumberRule {
  readonly from: number;
  readonly to?: number | undefined;
  /** How the upper bound is called when it is another option. */
  readonly toName?: string;
  readonly integer?: boolean;
}

/**
 * Checks an options object against one rule for each name.
 *
 * @throws ConfigurationError naming the option, the rule and what came; also for a name without a rule.
 */
export function checkNumbers<T extends object>(
  owner: string,
  given: T,
  rules: Partial<Record<keyof T, NumberRule>>,
): void {
  for (const [name, value] of Object.entries(given) as [keyof T & string, unknown][]) {
    if (value === undefined || typeof value === "object") continue;
    const rule = rules[name];
    if (rule === undefined)
      throw new ConfigurationError(`${owner}: unknown option "${name}"; known are ${Object.keys(rules).join(", ")}`);
    if (!fits(value, rule))
      throw new ConfigurationError(`${owner}: ${name} must be ${text(rule)}, got ${inspect(value)}`);
  }
}

function fits(value: unknown, { from, to = Number.POSITIVE_INFINITY, integer = false }: NumberRule): boolean {
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  return value >= from && value <= to && (!integer || Number.isInteger(value));
}

function text({ from, to, toName, integer = false }: NumberRule): string {
  const upper = to === undefined ? "" : ` and at most ${toName === undefined ? to : `${toName} (${to})`}`;
  return `${integer ? "an integer" : "a number"} of at least ${from}${upper}`;
}
