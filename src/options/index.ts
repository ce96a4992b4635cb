import type { Define } from "./define.js";
import { OptionParser, type OptionValues } from "./parser.js";

const parser = new OptionParser();

/** The values of the program's options by name. A handle returned by {@link define} has a type; prefer it. */
export const options: OptionValues = parser.values;

/** Defines an option of the program; see {@link Define}. */
export const define: Define = parser.define;

/** See {@link OptionParser.parseCommandLine}. */
export function parseCommandLine(args?: readonly string[]): string[] {
  return parser.parseCommandLine(args);
}

/** See {@link OptionParser.parseConfigFile}. */
export function parseConfigFile(path: string): void {
  parser.parseConfigFile(path);
}

/** See {@link OptionParser.printHelp}. */
export function printHelp(): void {
  parser.printHelp();
}
