import type { TypeName, ValueTypes } from "./kinds.js";

/** A named type, or a function that reads a text and throws, with a message for the user, when it cannot. */
export type OptionType = TypeName | ((text: string) => unknown);

/** The values of an option of type `T`. */
export type ValueOf<T extends OptionType> = T extends TypeName
  ? ValueTypes[T]
  : T extends (text: string) => infer V
    ? V
    : never;

/** What an option says about itself whatever its type. `V` is one value, `All` what the program reads. */
export interface Settings<V, All> {
  /** One sentence for `--help`. Default: none. */
  readonly help?: string;
  /** Stands for the value in `--help`. Default: the type's name. */
  readonly metavar?: string;
  /** The heading under which `--help` lists it. Default: `Options`. */
  readonly group?: string;
  /** The environment variable that counts when the command line does not set the option; empty is unset. Default: none. */
  readonly env?: string;
  /** The least value, for numbers and dates. Default: none. */
  readonly min?: V;
  /** The greatest value, for numbers and dates. Default: none. */
  readonly max?: V;
  /** The only values. Default: all. */
  readonly choices?: readonly V[];
  /** Called with each value that takes effect, not with the default. What it throws is not caught. */
  callback?(value: All): void;
}

/** An option of one value. */
export interface SingleSettings<V> extends Settings<V, V> {
  readonly multiple?: false;
  /** Default: undefined. */
  readonly default?: V;
}

/**
 * An option of several values: separated by commas, or given again. Integers may be ranges, both ends included: `1,5:7`
 * is 1, 5, 6, 7.
 */
export interface MultipleSettings<V> extends Settings<V, readonly V[]> {
  readonly multiple: true;
  /** Default: none. */
  readonly default?: readonly V[];
}

/** Any settings, after the types of {@link Define} have done their work. */
export interface OptionSettings extends Settings<unknown, never> {
  readonly type?: OptionType;
  readonly multiple?: boolean;
  readonly default?: unknown;
}
