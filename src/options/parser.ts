import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { ConfigurationError, toError } from "../errors.js";
import { type CommandLine, asksForHelp, readCommandLine } from "./command-line.js";
import type { Define } from "./define.js";
import { usage } from "./help.js";
import { canonicalName, unknownName } from "./names.js";
import { Option, type OptionSource } from "./option.js";
import type { OptionSettings } from "./settings.js";

/** What a parser uses of its process; specs give their own. */
export interface ParserSurroundings {
  /** Default: `process.exit`. */
  readonly exit?: (code: number) => never;
  /** Default: `process.stdout`. */
  readonly stdout?: { write(text: string): unknown };
  /** Default: `process.stderr`. */
  readonly stderr?: { write(text: string): unknown };
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the values are put. Default: a new object without a prototype. */
  readonly values?: OptionValues;
  /** What the program calls to define an option: whoever called that is named in messages. Default: the parser's own. */
  readonly define?: Define;
}

/** Values by name, in the spelling of the definition and in camelCase. An interface, so that a program can declare its own. */
export interface OptionValues {
  readonly [name: string]: unknown;
}

/** A set of options that are read together. The program has one; specs make their own. */
export class OptionParser {
  readonly #options = new Map<string, Option>();
  readonly #places = new Map<Option, string>();
  readonly #surroundings: ParserSurroundings;

  /** The values by name, always current; an unknown name is undefined. */
  readonly values: OptionValues;

  constructor(surroundings: ParserSurroundings = {}) {
    this.#surroundings = surroundings;
    this.values = surroundings.values ?? (Object.create(null) as OptionValues);
  }

  /** See {@link Define}. */
  readonly define: Define = (name: string, settings?: OptionSettings): Option<never> => {
    this.#checkName(name);
    const option = new Option<never>(name, settings ?? {});
    this.#options.set(canonicalName(name), option);
    this.#places.set(option, this.#callSite());
    for (const spelling of new Set([name, camelCase(name)])) {
      Object.defineProperty(this.values, spelling, { get: () => option.value, enumerable: spelling === name });
    }
    return option;
  };

  /**
   * Reads arguments and the environment, then sets the options, and returns the positional arguments. `--help` prints the
   * usage to stdout and exits 0. A mistake prints one line that says what is wrong, and the usage, to stderr, and exits 2;
   * no option is set then.
   *
   * Called once, when every option is defined. The command line wins over the environment, that over config files, those
   * over defaults, whichever is read first. A worker thread gets no arguments by itself: who starts it passes
   * `argv: process.argv.slice(2)`.
   *
   * @param args default: `process.argv.slice(2)`.
   *
   * Source: Tornado's `parse_command_line`, which stops at the first positional argument; this goes on to `--`.
   */
  parseCommandLine(args: readonly string[] = process.argv.slice(2)): string[] {
    if (asksForHelp(args)) return this.#exitWithHelp();
    const { values, positional, environment } = this.#readOrExit(args);
    assignAll(environment, "environment");
    assignAll(values, "command line");
    return positional;
  }

  /**
   * Reads a JSON object whose members are options; it is data, never code. A value is a text as on the command line, a
   * number or boolean for options of such types, or an array for several values. Every member is read before one is set.
   *
   * @param path relative to the working directory, if relative.
   * @throws ConfigurationError naming file and member: the file cannot be read, a member is unknown or its value is bad.
   *
   * Source: Tornado's `parse_config_file`, which runs the file as Python.
   */
  parseConfigFile(path: string): void {
    const values = new Map<Option, unknown>();
    for (const [name, value] of Object.entries(readObject(path))) {
      const option = this.#options.get(canonicalName(name));
      if (option === undefined) throw unknownName(`${path}: unknown option "${name}"`, name, this.#options.keys());
      values.set(option, option.parseJson(value, `${path}: "${name}"`));
    }
    assignAll(values, "file");
  }

  /** Prints the usage. Default: to stdout. */
  printHelp(stream: { write(text: string): unknown } = this.#surroundings.stdout ?? process.stdout): void {
    stream.write(usage(basename(process.argv[1] ?? "program"), this.#options.values()));
  }

  /** Puts every option back to its default and keeps the definitions. For specs. */
  reset(): void {
    for (const option of this.#options.values()) option.reset();
  }

  #checkName(name: string): void {
    const canonical = canonicalName(name);
    if (!/^[A-Za-z][\w-]*$/.test(name) || canonical === "help") {
      const rule = "a name is a letter, then letters, digits, - and _; help is taken";
      throw new ConfigurationError(`option ${JSON.stringify(name)}: ${rule}`);
    }
    const present = this.#options.get(canonical);
    if (present === undefined) return;
    const first = `"${present.name}" (${this.#places.get(present)})`;
    throw new ConfigurationError(
      `option "${name}" (${this.#callSite()}) is defined already as ${first}; rename or remove one`,
    );
  }

  #readOrExit(args: readonly string[]): CommandLine & { readonly environment: ReadonlyMap<Option, unknown> } {
    try {
      const line = readCommandLine(args, this.#options);
      return { ...line, environment: this.#readEnvironment(line.values) };
    } catch (error) {
      if (error instanceof ConfigurationError) return this.#exitWithMistake(error);
      throw error;
    }
  }

  /** A variable that the command line overrides is not read, so a bad one does no harm. */
  #readEnvironment(overridden: ReadonlyMap<Option, unknown>): Map<Option, unknown> {
    const values = new Map<Option, unknown>();
    for (const option of this.#options.values()) {
      const { env } = option.settings;
      const text = env === undefined ? undefined : (this.#surroundings.env ?? process.env)[env];
      if (text && !overridden.has(option)) values.set(option, option.parse(text, `${env} (environment)`));
    }
    return values;
  }

  /** Where an option is defined, so that two definitions of one name can be found. */
  #callSite(): string {
    const holder = { stack: "" };
    Error.captureStackTrace(holder, this.#surroundings.define ?? this.define);
    return holder.stack.split("\n")[1]?.trim().replace(/^at /, "") ?? "unknown place";
  }

  #exitWithHelp(): never {
    this.printHelp();
    return this.#exit(0);
  }

  #exitWithMistake(error: ConfigurationError): never {
    const stream = this.#surroundings.stderr ?? process.stderr;
    stream.write(`${error.message}\n\n`);
    this.printHelp(stream);
    return this.#exit(2);
  }

  #exit(code: number): never {
    return this.#surroundings.exit === undefined ? process.exit(code) : this.#surroundings.exit(code);
  }
}

function assignAll(values: ReadonlyMap<Option, unknown>, source: OptionSource): void {
  for (const [option, value] of values) option.assign(value, source);
}

function readObject(path: string): object {
  const value = readJson(path);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new ConfigurationError(`${path}: a config file is a JSON object of options, as in {"port": 8888}`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ConfigurationError(`${path}: the config file cannot be read: ${toError(cause).message}`, { cause });
  }
}

function camelCase(name: string): string {
  return canonicalName(name).replaceAll(/-+(\w)/g, (_, letter: string) => letter.toUpperCase());
}
