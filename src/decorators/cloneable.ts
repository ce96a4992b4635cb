import type { MessagePort } from "node:worker_threads";

/**
 * What {@link RunOnExecutor} returns. On a method that may run on an executor it is an ordinary decorator; on any other
 * its return type is {@link Refused}, which no decorator may return, so the compiler reports TS1270 with the reason first:
 * `Decorator function return type 'Refused<"argument 0.onDone: function">' is not assignable to …`.
 */
export type TypedMethodDecorator = <T extends object, K extends PropertyKey, F>(
  target: T,
  key: K,
  descriptor?: TypedPropertyDescriptor<F>,
) => Verdict<"depends on a type parameter or on this", Reasons<T, K, F>>;

/** Why a method cannot run on an executor: the place, then what stands there. It exists for the compiler's message only. */
export interface Refused<Reason extends string> {
  readonly reason: Reason;
}

/**
 * `void` for a method that may run on an executor. Where the compiler cannot decide because of a type parameter of the
 * class, it shows this name with its arguments: `Undecided` stands first so that it is read first. A type that does not
 * exist is one error already, and makes no second one here.
 */
export type Verdict<Undecided extends string, R> = IsAny<R> extends true
  ? void
  : [R] extends [never]
    ? void
    : [R] extends [string]
      ? Refused<R>
      : Refused<Undecided>;

type Reasons<T, K, F> = T extends Function
  ? "must be an instance method, not static"
  : K extends symbol
    ? "must have a plain name, not a symbol"
    : K extends keyof T
      ? MethodReasons<F>
      : "must be public, not private or protected";

type MethodReasons<F> = [SignaturesOf<F>] extends [never] ? "must be a method" : SignatureReasons<SignaturesOf<F>>;

/** As `[arguments, result]`. Of more than four overloads the last four; the compiler fills up the pattern if there are fewer. */
type SignaturesOf<F> = F extends {
  (...args: infer A): infer R;
  (...args: infer B): infer S;
  (...args: infer C): infer T;
  (...args: infer D): infer U;
}
  ? [A, R] | [B, S] | [C, T] | [D, U]
  : never;

type SignatureReasons<S> = S extends [infer A extends readonly unknown[], infer R]
  ? Search<ArgumentValues<A>> | ReturnReasons<R>
  : never;

type ReturnReasons<R> = IsAny<R> extends true
  ? "result: any, give it a type"
  : [R] extends [PromiseLike<unknown>]
    ? Search<Value<"result", Whole<Awaited<R>>>>
    : [R] extends [AsyncGenerator<infer Y, infer End>]
      ? Search<Value<"yield", Whole<Y>> | (IsAny<End> extends true ? never : Value<"return", Whole<End>>)>
      : "must return a Promise or an AsyncGenerator";

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The fixed arguments are numbered from 0; those of a rest parameter share one place. */
type ArgumentValues<A extends readonly unknown[]> = {
  [I in keyof A]-?: Value<number extends I ? "rest argument" : `argument ${I & string}`, WholeArgument<A[I]>>;
}[number];

/** Waterspout restores a Buffer, which a clone turns into a Uint8Array, where it is the whole value and only there. */
type Whole<T> = Exclude<T, Buffer>;

/** A signal, which a clone turns into `{}`, is replaced by a live one where it is the whole argument. */
type WholeArgument<T> = Exclude<T, Buffer | AbortSignal>;

/** A value to look at: where it stands and its type. */
interface Value<Path extends string, T> {
  readonly path: Path;
  readonly type: T;
}

/**
 * Looks at values level by level, so that it ends at the reasons with the shortest paths. A type that was seen is not
 * looked at again, which ends recursive types; those that grow for ever are left to the check at run time.
 */
type Search<Values, Seen = never, Level extends 0[] = []> = [Values] extends [never]
  ? never
  : Level["length"] extends 16
    ? never
    : Look<Values, Seen> extends infer Found
      ? [Extract<Found, string>] extends [never]
        ? Search<Found, Seen | MarksOf<Values>, [...Level, 0]>
        : Extract<Found, string>
      : never;

type MarksOf<Values> = Values extends Value<string, infer T>
  ? T extends object
    ? <G>() => G extends T ? 1 : 2
    : never
  : never;

/**
 * Identity, because `{ a }` must not pass for a seen `{ a, onDone? }`: functions that are generic in this way are
 * assignable only if `T` is the same. It has to be written out here: the compiler compares two uses of one alias loosely.
 */
type IsSeen<T, Marks> = (<G>() => G extends T ? 1 : 2) extends Marks ? true : false;

/** A reason, or the values inside, or never. */
type Look<Values, Seen> =
  Values extends Value<infer P, infer T>
    ? IsAny<T> extends true
      ? `${P}: any, give it a type`
      : unknown extends T
        ? `${P}: unknown, give it a type`
        : LookAt<P, T, Seen>
    : never;

type Primitive = string | number | bigint | boolean | null | undefined | void;

type LookAt<P extends string, T, Seen> = T extends Primitive
  ? never
  : T extends symbol
    ? `${P}: symbol`
    : T extends Function
      ? `${P}: function`
      : IsSeen<T, Seen> extends true
        ? never
        : T extends readonly unknown[]
          ? Items<P, T>
          : [NativeOf<T>] extends [never]
            ? LookAtObject<P, T>
            : LookAtNative<P, T, NativeOf<T>>;

type LookAtObject<P extends string, T> = [NamesIn<Uncloneable, T>] extends [never]
  ? [keyof T] extends [never]
    ? `${P}: object, give it a type`
    : Members<P, T>
  : `${P}: ${NamesIn<Uncloneable, T>}`;

/** A clone is an instance of the native class itself: what a subclass adds does not arrive. */
type LookAtNative<P extends string, T, N extends keyof Native> = T extends Buffer
  ? `${P}: Buffer (use Uint8Array inside objects)`
  : Content<P, T> | Dropped<P, Exclude<keyof T, KeysOf<Native[N]>>, N>;

type Dropped<P extends string, K, N extends string> = K extends string ? `${P}.${K}: dropped, not a member of ${N}` : never;

/** Members of array types beside the items, as RegExpExecArray has, are cloned too. */
type Items<P extends string, T extends readonly unknown[]> =
  | (number extends T["length"] ? Value<`${P}[]`, T[number]> : never)
  | { [K in keyof T & `${number}`]: Value<`${P}[${K}]`, T[K]> }[keyof T & `${number}`]
  | Members<P, Omit<T, keyof unknown[] | `${number}` | number>>;

type Members<P extends string, T> = {
  [K in keyof T]-?: K extends symbol ? `${P}: symbol key, which is dropped` : Value<`${P}${Step<K>}`, T[K]>;
}[keyof T];

type Step<K> = string extends K ? "[string]" : number extends K ? "[number]" : `.${K & (string | number)}`;

type Content<P extends string, T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Value<`${P}.keys()`, K> | Value<`${P}.values()`, V>
    : T extends ReadonlySet<infer V>
      ? Value<`${P}.values()`, V>
      : never;

type KeysOf<T> = T extends unknown ? keyof T : never;

type NamesIn<Table, T> = { [N in keyof Table & string]: T extends Table[N] ? N : never }[keyof Table & string];

/** `name` and `message` make no error: plain objects have them too. */
type NativeOf<T> = Exclude<NamesIn<Native, T>, "stack" extends keyof T ? never : "Error"> ;

/** What a structured clone keeps although it has methods. */
interface Native {
  readonly Date: Date;
  readonly RegExp: RegExp;
  readonly Error: Error;
  readonly Map: ReadonlyMap<unknown, unknown> | Map<unknown, unknown>;
  readonly Set: ReadonlySet<unknown> | Set<unknown>;
  readonly ArrayBuffer: ArrayBuffer;
  readonly SharedArrayBuffer: SharedArrayBuffer;
  readonly TypedArray: NodeJS.TypedArray;
  readonly DataView: DataView;
  readonly Blob: Blob;
  readonly MessagePort: MessagePort;
}

/** What a structured clone refuses or turns into `{}`; the key is what the message says. */
interface Uncloneable {
  readonly "Promise, await it first": PromiseLike<unknown>;
  readonly "AbortSignal, pass it as an argument of its own": AbortSignal;
  readonly AbortController: AbortController;
  readonly "URL, use its href": URL;
  readonly "URLSearchParams, use its text": URLSearchParams;
  readonly "Headers, use their entries": Headers;
  readonly Request: Request;
  readonly Response: Response;
  readonly FormData: FormData;
  readonly WeakMap: WeakMap<WeakKey, unknown>;
  readonly WeakSet: WeakSet<WeakKey>;
  readonly WeakRef: WeakRef<WeakKey>;
  readonly stream: NodeJS.ReadableStream | NodeJS.WritableStream | ReadableStream | WritableStream | TransformStream;
}
