import type { Option } from "./option.js";
import type { MultipleSettings, OptionType, SingleSettings, ValueOf } from "./settings.js";

/**
 * Defines an option and returns its handle, whose `value` is typed. Called once per name, usually at the top of the module
 * that uses the option, so that importing a module brings its options along; it starts nothing. A missing `type` follows
 * from `default`: text, boolean, Date, integer if the number is whole, else number; without either it is text.
 *
 * In names `-`, `_` and camelCase are interchangeable.
 *
 * @throws ConfigurationError when the name is taken or not a name, or the settings contradict each other.
 *
 * @example
 * const port = define("port", { type: "integer", default: 8888, min: 1, max: 65_535, env: "PORT" });
 * parseCommandLine();
 * server.listen(port.value); // number
 *
 * Source: Tornado's `tornado.options.define`.
 */
export interface Define {
  <T extends OptionType>(
    name: string,
    settings: MultipleSettings<ValueOf<T>> & { readonly type: T },
  ): Option<readonly ValueOf<T>[]>;
  <T extends OptionType>(
    name: string,
    settings: SingleSettings<ValueOf<T>> & { readonly type: T; readonly default: ValueOf<T> },
  ): Option<ValueOf<T>>;
  <T extends OptionType>(
    name: string,
    settings: SingleSettings<ValueOf<T>> & { readonly type: T },
  ): Option<ValueOf<T> | undefined>;
  <V>(
    name: string,
    settings: MultipleSettings<V> & { readonly type?: never; readonly default: readonly V[] },
  ): Option<readonly V[]>;
  <V>(name: string, settings: SingleSettings<V> & { readonly type?: never; readonly default: V }): Option<V>;
  (name: string, settings: MultipleSettings<string> & { readonly type?: never }): Option<readonly string[]>;
  (name: string, settings?: SingleSettings<string> & { readonly type?: never }): Option<string | undefined>;
}
