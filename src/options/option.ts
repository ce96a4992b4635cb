import { ConfigurationError, toError } from "../errors.js";
import { type Kind, type TypeName, customKind, kinds } from "./kinds.js";
import type { OptionSettings } from "./settings.js";

/** Later sources win over earlier ones, in whatever order they are read. */
const sources = ["default", "file", "environment", "command line"] as const;
export type OptionSource = (typeof sources)[number];

/** The most values of one integer range: a slip of the keyboard must not fill the memory. */
const longestRange = 65_536;

/** One option: reads texts into values, checks them, and holds the one that counts. */
export class Option<T = unknown> {
  /** As defined. */
  readonly name: string;
  readonly settings: OptionSettings;
  readonly kind: Kind;
  #value: unknown;
  #source: OptionSource = "default";

  /** @throws ConfigurationError when the settings contradict each other, or the default is outside its own limits. */
  constructor(name: string, settings: OptionSettings) {
    this.name = name;
    this.settings = settings;
    this.kind = kindOf(name, settings);
    this.#value = this.#default;
    this.#checkDefinition();
  }

  /** The value of the highest source read so far; before anything is read, the default. */
  get value(): T {
    return this.#value as T;
  }

  /** True if `--name` alone means true. */
  get isFlag(): boolean {
    return this.kind === kinds.boolean && !this.settings.multiple;
  }

  get metavar(): string {
    return this.settings.metavar ?? this.kind.metavar;
  }

  /** The default as it would be written on a command line; empty when there is none. */
  get defaultText(): string {
    return this.#defaults.map((value) => this.kind.format(value)).join(",");
  }

  /**
   * Reads a value and changes nothing. `place` says where the text stands.
   *
   * @throws ConfigurationError with place, rule and text.
   */
  parse(text: string, place: string): unknown {
    if (!this.settings.multiple) return this.#parseOne(text, place);
    return text === "" ? [] : text.split(",").flatMap((part) => this.#parseSome(part, place));
  }

  /**
   * The same for a value of a JSON document: a text as on the command line, the type's own JSON type, or an array.
   *
   * @throws ConfigurationError with place, rule and value.
   */
  parseJson(value: unknown, place: string): unknown {
    if (typeof value === "string") return this.parse(value, place);
    if (Array.isArray(value) && this.settings.multiple) {
      return value.map((element, index) => this.#parseScalar(element, `${place}[${index}]`));
    }
    const one = this.#parseScalar(value, place);
    return this.settings.multiple ? [one] : one;
  }

  /** Sets the value, unless a higher source has set one. */
  assign(value: unknown, source: OptionSource): void {
    if (sources.indexOf(source) < sources.indexOf(this.#source)) return;
    this.#source = source;
    this.#value = value;
    this.settings.callback?.(value as never);
  }

  /** Back to the default, as if nothing had been read. */
  reset(): void {
    this.#source = "default";
    this.#value = this.#default;
  }

  get #default(): unknown {
    return this.settings.default ?? (this.settings.multiple ? [] : undefined);
  }

  get #defaults(): readonly unknown[] {
    if (this.settings.multiple) return this.#default as readonly unknown[];
    return this.#default === undefined ? [] : [this.#default];
  }

  #parseScalar(value: unknown, place: string): unknown {
    if (typeof value === "string" || typeof value === this.kind.json) return this.#parseOne(String(value), place);
    throw fault(place, `needs ${this.kind.expects}`, JSON.stringify(value));
  }

  #parseSome(text: string, place: string): unknown[] {
    const [, from, to] = (this.kind === kinds.integer && /^(-?[0-9]+):(-?[0-9]+)$/.exec(text)) || [];
    if (from === undefined || to === undefined) return [this.#parseOne(text, place)];
    const first = this.#parseOne(from, place) as number;
    const length = (this.#parseOne(to, place) as number) - first + 1;
    if (length >= 1 && length <= longestRange) return Array.from({ length }, (_, index) => first + index);
    throw fault(place, `needs a range of 1 to ${longestRange} numbers, as in 5:7`, JSON.stringify(text));
  }

  #parseOne(text: string, place: string): unknown {
    const value = this.#read(text, place);
    if (value === undefined) throw fault(place, `needs ${this.kind.expects}`, JSON.stringify(text));
    this.#check(value, place);
    return value;
  }

  #read(text: string, place: string): unknown {
    try {
      return this.kind.parse(text);
    } catch (thrown) {
      throw fault(place, toError(thrown).message, JSON.stringify(text), thrown);
    }
  }

  #check(value: unknown, place: string): void {
    const { min, max, choices } = this.settings;
    const shown = this.kind.format(value);
    if (choices !== undefined && !choices.some((choice) => isSame(choice, value))) {
      throw fault(place, `must be one of ${choices.map((choice) => this.kind.format(choice)).join(", ")}`, shown);
    }
    if (min !== undefined && Number(value) < Number(min)) {
      throw fault(place, `must be at least ${this.kind.format(min)}`, shown);
    }
    if (max !== undefined && Number(value) > Number(max)) {
      throw fault(place, `must be at most ${this.kind.format(max)}`, shown);
    }
  }

  #checkDefinition(): void {
    const { min, max, multiple } = this.settings;
    const place = `option "${this.name}"`;
    for (const limit of [min, max]) {
      if (limit !== undefined && typeof limit !== "number" && !(limit instanceof Date)) {
        throw fault(place, "takes numbers or dates as min and max", JSON.stringify(limit));
      }
    }
    if (min !== undefined && max !== undefined && Number(min) > Number(max)) {
      throw fault(place, "needs a min that is not above max", `${this.kind.format(min)} and ${this.kind.format(max)}`);
    }
    if (multiple && !Array.isArray(this.#default)) {
      throw fault(place, "needs an array as default of several values", String(this.#default));
    }
    for (const value of this.#defaults) this.#check(value, `the default of ${place}`);
  }
}

function fault(place: string, rule: string, got: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`${place} ${rule}, got ${got}`, cause === undefined ? {} : { cause });
}

function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime());
}

function kindOf(name: string, { type, default: value }: OptionSettings): Kind {
  if (typeof type === "function") return customKind(type);
  const kind = type ?? inferredType([value].flat());
  if (kind !== undefined && Object.hasOwn(kinds, kind)) return kinds[kind];
  const names = Object.keys(kinds).join(", ");
  const problem = type === undefined ? "no type follows from its default" : `unknown type "${type}"`;
  throw new ConfigurationError(`option "${name}": ${problem}; type is a function or one of ${names}`);
}

function inferredType(values: readonly unknown[]): TypeName | undefined {
  const [first] = values;
  if (first === undefined || typeof first === "string") return "string";
  if (typeof first === "number") return values.every(Number.isSafeInteger) ? "integer" : "number";
  if (typeof first === "boolean") return "boolean";
  return first instanceof Date ? "date" : undefined;
}
