import { onDemand } from "../on-demand.js";
import type { Define } from "./define.js";
import type { Option } from "./option.js";
import type { OptionParser, OptionValues } from "./parser.js";
import type { OptionSettings } from "./settings.js";

// Every worker thread imports this file, and few programs have options: the parser is loaded when the first is defined.
const parsers = onDemand<typeof import("./parser.js")>("options/parser.js");
let programs: OptionParser | undefined;

/** The values of the program's options by name. A handle returned by {@link define} has a type; prefer it. */
export const options: OptionValues = Object.create(null) as OptionValues;

/** Defines an option of the program; see {@link Define}. */
export const define: Define = (name: string, settings?: OptionSettings): Option<never> =>
  (parser().define as (name: string, settings?: OptionSettings) => Option<never>)(name, settings);

/** See {@link OptionParser.parseCommandLine}. */
export function parseCommandLine(args?: readonly string[]): string[] {
  return parser().parseCommandLine(args);
}

/** See {@link OptionParser.parseConfigFile}. */
export function parseConfigFile(path: string): void {
  parser().parseConfigFile(path);
}

/** See {@link OptionParser.printHelp}. */
export function printHelp(): void {
  parser().printHelp();
}

function parser(): OptionParser {
  return (programs ??= new (parsers().OptionParser)({ values: options, define }));
}
