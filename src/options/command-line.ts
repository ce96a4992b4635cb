import { ConfigurationError } from "../errors.js";
import { canonicalName, unknownName } from "./names.js";
import type { Option } from "./option.js";

/** Options by their canonical names. */
export type OptionTable = ReadonlyMap<string, Option>;

/** What a list of arguments says. */
export interface CommandLine {
  readonly values: ReadonlyMap<Option, unknown>;
  readonly positional: string[];
}

/** True if the arguments ask for help before a `--`. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).includes("--help");
}

/**
 * Reads arguments and changes nothing: `--name=value`, `--name value`, `--flag`, `--no-flag`. The last of several wins;
 * of an option of several values, all count. What is not an option is positional; so is everything behind `--`.
 *
 * @throws ConfigurationError naming the argument, for the first that is wrong.
 */
export function readCommandLine(args: readonly string[], options: OptionTable): CommandLine {
  const values = new Map<Option, unknown>();
  const positional: string[] = [];
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === "--") positional.push(...queue.splice(0));
    else if (!arg.startsWith("-") || arg === "-") positional.push(arg);
    else readOption(arg, queue, options, values);
  }
  return { values, positional };
}

function readOption(arg: string, queue: string[], options: OptionTable, values: Map<Option, unknown>): void {
  const [, name = "", given] = /^--?([^=]*)(?:=([^]*))?$/.exec(arg) ?? [];
  const option = options.get(canonicalName(name));
  if (option === undefined || !arg.startsWith("--")) return readNegated(arg, name, options, values);
  const value = option.parse(given ?? textOf(option, name, queue), `--${name}`);
  const before = option.settings.multiple ? values.get(option) : undefined;
  values.set(option, before === undefined ? value : [before, value].flat());
}

function readNegated(arg: string, name: string, options: OptionTable, values: Map<Option, unknown>): void {
  const canonical = canonicalName(name);
  const option = canonical.startsWith("no-") ? options.get(canonical.slice(3)) : undefined;
  if (option?.isFlag && arg === `--${name}`) {
    values.set(option, false);
    return;
  }
  throw unknownName(`unknown option ${JSON.stringify(arg)}`, name, [...options.keys(), "help"], "--");
}

/** The value of an option without `=`. The next argument is not taken when it looks like an option itself. */
function textOf(option: Option, name: string, queue: string[]): string {
  if (option.isFlag) return "true";
  const next = queue[0];
  if (next === undefined || next.startsWith("--")) {
    throw new ConfigurationError(`--${name} needs a value: --${name}=${option.metavar}`);
  }
  queue.shift();
  return next;
}
