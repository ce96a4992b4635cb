/** The named types of options and what their values are in the program. */
export interface ValueTypes {
  readonly string: string;
  /** `^-?[0-9]+$` and safe: `1_0`, ` 10`, `0x10` and `1e3` are refused. */
  readonly integer: number;
  /** A finite decimal, with an exponent if need be. */
  readonly number: number;
  /** `true`, `t`, `1`, `yes` or `false`, `f`, `0`, `no`, in any case. */
  readonly boolean: boolean;
  /** Milliseconds, rounded; written `100`, `100ms`, `1.5s`, `2m`, `1h` or `1d`. */
  readonly duration: number;
  /** Bytes, rounded; written `512`, `512k`, `1MiB`, `2G`. All units are binary: `k`, `kB` and `KiB` are 1,024 bytes. */
  readonly size: number;
  /** ISO 8601: `2026-11-23`, `2026-11-23T05:44:15+01:00`. UTC unless an offset says otherwise. */
  readonly date: Date;
}

export type TypeName = keyof ValueTypes;

/** How values of one type are read and shown. */
export interface Kind<V = unknown> {
  /** Completes "needs …" in an error. */
  readonly expects: string;
  /** The JSON type, besides strings, in which a config file may give it. */
  readonly json: "string" | "number" | "boolean";
  readonly metavar: string;
  /** Undefined when the text is not such a value. */
  parse(text: string): V | undefined;
  format(value: V): string;
}

const trueWords = ["true", "t", "1", "yes"];
const falseWords = ["false", "f", "0", "no"];

const string: Kind<string> = {
  expects: "a text",
  json: "string",
  metavar: "TEXT",
  parse: (text) => text,
  format: (value) => value,
};

const integer: Kind<number> = {
  expects: "a whole number",
  json: "number",
  metavar: "INTEGER",
  parse: (text) => only(Number.isSafeInteger, /^-?[0-9]+$/.test(text) ? Number(text) : NaN),
  format: String,
};

const number: Kind<number> = {
  expects: "a number",
  json: "number",
  metavar: "NUMBER",
  parse: (text) => only(Number.isFinite, /^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : NaN),
  format: String,
};

const boolean: Kind<boolean> = {
  expects: "true or false",
  json: "boolean",
  metavar: "BOOLEAN",
  parse: (text) =>
    trueWords.includes(text.toLowerCase()) || (falseWords.includes(text.toLowerCase()) ? false : undefined),
  format: String,
};

const duration: Kind<number> = {
  expects: "a duration such as 100ms, 1.5s, 2m, 1h or 1d",
  json: "number",
  metavar: "DURATION",
  ...measure({ d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }, (unit) => unit || "ms"),
};

const size: Kind<number> = {
  expects: "a size such as 512, 64k or 1MiB",
  json: "number",
  metavar: "SIZE",
  ...measure({ TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 }, (unit) => unit.replace(/i?b$/, "")),
};

const date: Kind<Date> = {
  expects: "a date such as 2026-11-23 or 2026-11-23T05:44:15Z",
  json: "string",
  metavar: "DATE",
  parse: parseDate,
  format: (value) => value.toISOString(),
};

/** Every named type. */
export const kinds: { readonly [N in TypeName]: Kind<ValueTypes[N]> } = {
  string,
  integer,
  number,
  boolean,
  duration,
  size,
  date,
};

/** A type of the application's own; what `parse` throws is shown to whoever gave the value. */
export function customKind(parse: (text: string) => unknown): Kind {
  return { expects: "another value", json: "string", metavar: "VALUE", parse, format: String };
}

function only(accepts: (value: number) => boolean, value: number): number | undefined {
  return accepts(value) ? value : undefined;
}

/** Amounts with a unit, largest unit first. `spelling` brings the lower-case spellings of a unit together. */
function measure(
  units: Readonly<Record<string, number>>,
  spelling: (unit: string) => string,
): Pick<Kind<number>, "parse" | "format"> {
  const factors = new Map(Object.entries(units).map(([unit, factor]) => [spelling(unit.toLowerCase()), factor]));
  return {
    parse(text) {
      const [, amount, unit = ""] = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(text) ?? [];
      const factor = factors.get(spelling(unit.toLowerCase())) ?? NaN;
      return only(Number.isSafeInteger, Math.round(Number(amount) * factor));
    },
    format(value) {
      const unit = Object.entries(units).find(([, factor]) => value !== 0 && value % factor === 0);
      return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`;
    },
  };
}

/** `Date.parse` takes a time without an offset as local, and the 31st of February as the 3rd of March. */
function parseDate(text: string): Date | undefined {
  const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/;
  const [, day = "", time = "00:00", zone = "Z"] = form.exec(text) ?? [];
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  const value = new Date(`${day}T${time}${zone}`);
  return Number.isNaN(value.getTime()) ? undefined : value;
}
