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
export type Verdict<Undecided extends string, R> =
  IsAny<R> extends true ? void : [R] extends [never] ? void : [R] extends [string] ? Refused<R> : Refused<Undecided>;

type IsAny<T> = 0 extends 1 & T ? true : false;

type Reasons<T, K, F> = T extends Function
  ? "must be an instance method, not static"
  : K extends symbol
    ? "must have a plain name, not a symbol"
    : K extends keyof T
      ? MethodReasons<SignaturesOf<F>>
      : "must be public, not private or protected";

/** As `[arguments, result]`. Of more than four overloads the last four; the compiler fills up the pattern if there are fewer. */
type SignaturesOf<F> = F extends {
  (...args: infer A): infer R;
  (...args: infer B): infer S;
  (...args: infer C): infer T;
  (...args: infer D): infer U;
}
  ? [A, R] | [B, S] | [C, T] | [D, U]
  : never;

type MethodReasons<S> = [S] extends [never]
  ? "must be a method"
  : S extends [infer A extends readonly unknown[], infer R]
    ? ArgumentReasons<A> | ReturnReasons<R>
    : never;

/** The fixed arguments are numbered from 0; those of a rest parameter share one place. */
type ArgumentReasons<A extends readonly unknown[]> = {
  [I in keyof A]-?: Search<number extends I ? "rest argument" : `argument ${I & string}`, WholeArgument<A[I]>>;
}[number];

type ReturnReasons<R> =
  IsAny<R> extends true
    ? Search<"result", R>
    : [R] extends [PromiseLike<unknown>]
      ? Search<"result", Whole<Awaited<R>>>
      : [R] extends [AsyncGenerator<infer Y, infer End, infer Next>]
        ? Search<"yield", Whole<Y>> | EndReasons<End> | NextReasons<Next>
        : "must return a Promise or an AsyncGenerator";

/** `any` is what `AsyncGenerator<Row>` says of the value after the last one. */
type EndReasons<End> = IsAny<End> extends true ? never : Search<"return", Whole<End>>;

type NextReasons<Next> = unknown extends Next
  ? never
  : [Next] extends [void]
    ? never
    : "next: what is sent into the generator does not arrive";

/** Waterspout restores a Buffer, which a clone turns into a Uint8Array, where it is the whole value and only there. */
type Whole<T> = Exclude<T, Buffer>;

/** A signal, which a clone turns into `{}`, is replaced by a live one where it is the whole argument. */
type WholeArgument<T> = Exclude<T, Buffer | AbortSignal>;

// ---- the search

/** A part of a value: the step that leads to it from the value, as in `.rows` or `[]`, and its type. */
interface Part<Step extends string, T> {
  readonly step: Step;
  readonly type: T;
}

/**
 * The reasons that stand nearest to the value, each with its path. First the distance is found, without paths, so that a
 * type counts once per level however often it occurs; then one path of that length is followed. To carry the paths of
 * all parts along would take time exponential in the depth of the types.
 */
type Search<Path extends string, T> = Follow<Path, T, Distance<Part<"", T>>>;

/**
 * How many steps away the nearest reason is, as the length of a tuple; never if there is none. The limit ends types that
 * contain themselves: what is wrong further down is left to the check at run time.
 */
type Distance<Parts, Steps extends 0[] = []> = [Parts] extends [never]
  ? never
  : Steps["length"] extends 16
    ? never
    : LookAtEach<Parts> extends infer Found
      ? [Extract<Found, string>] extends [never]
        ? Distance<WithoutStep<Found>, [...Steps, 0]>
        : Steps
      : never;

type LookAtEach<Parts> = Parts extends Part<string, infer T> ? Look<T> : never;

type WithoutStep<Parts> = Parts extends Part<string, infer T> ? Part<"", T> : never;

type Follow<Path extends string, T, Steps> = [Steps] extends [never]
  ? never
  : Steps extends [0, ...infer Rest]
    ? OneOf<AtDistance<Rest, Look<T>>> extends Part<infer Step, infer U>
      ? Follow<`${Path}${Step}`, U, Rest>
      : never
    : `${Path}${Extract<Look<T>, string>}`;

type AtDistance<Steps, Parts> =
  Parts extends Part<string, infer T> ? (Steps extends Distance<Part<"", T>> ? Parts : never) : never;

/** Of overloads the compiler infers from the last one. */
type OneOf<Union> = (Union extends unknown ? (each: (one: Union) => void) => void : never) extends (
  all: infer All,
) => void
  ? All extends (one: infer One) => void
    ? One
    : never
  : never;

// ---- one value

/** What is wrong with a value itself, as text to follow its path, and the parts that have to be looked at. */
type Look<T> =
  IsAny<T> extends true ? ": any, give it a type" : unknown extends T ? ": unknown, give it a type" : LookAtMember<T>;

type Primitive = string | number | bigint | boolean | null | undefined | void;

/** Distributes over the members of a union. */
type LookAtMember<T> = T extends Primitive
  ? never
  : T extends symbol
    ? ": symbol"
    : T extends Function
      ? ": function"
      : T extends readonly unknown[]
        ? Items<T>
        : [NamesIn<Uncloneable, T>] extends [never]
          ? LookAtObject<T, NativeOf<T>>
          : `: ${NamesIn<Uncloneable, T>}`;

type LookAtObject<T, N extends keyof Native> = [N] extends [never]
  ? [keyof T] extends [never]
    ? ": object, give it a type"
    : Members<T>
  : LookAtNative<T, N>;

/** Members that an array type has beside the items, as RegExpExecArray does, are cloned too. */
type Items<T extends readonly unknown[]> =
  | (number extends T["length"] ? Part<"[]", T[number]> : never)
  | { [K in keyof T & `${number}`]: Part<`[${K}]`, T[K]> }[keyof T & `${number}`]
  | Members<Omit<T, keyof unknown[] | `${number}` | number>>;

type Members<T> = {
  [K in keyof T]-?: K extends string | number ? Part<StepTo<K>, T[K]> : ": symbol key, which is dropped";
}[keyof T];

type StepTo<K extends string | number> = string extends K ? "[string]" : number extends K ? "[number]" : `.${K}`;

// ---- natives

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
  /** Another type where the program includes the library of the DOM. */
  readonly "the global MessagePort": InstanceType<typeof globalThis.MessagePort>;
}

/** What a structured clone refuses or turns into `{}`; the name is what the message says. */
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
  readonly WeakMap: WeakMap<WeakKey, unknown> & Sizeless;
  readonly WeakSet: WeakSet<WeakKey> & Sizeless;
  readonly WeakRef: WeakRef<WeakKey>;
  readonly stream: NodeJS.ReadableStream | NodeJS.WritableStream | ReadableStream | WritableStream | TransformStream;
}

/** A Map has all that a WeakMap has, and a size. */
interface Sizeless {
  readonly size?: never;
}

type NamesIn<Table, T> = { [N in keyof Table & string]: T extends Table[N] ? N : never }[keyof Table & string];

/** `name` and `message` make no error: plain objects have them too. */
type NativeOf<T> = Exclude<NamesIn<Native, T>, "stack" extends keyof T ? never : "Error">;

/** A clone is an instance of the native class itself: what a subclass adds does not arrive. */
type LookAtNative<T, N extends keyof Native> = T extends Buffer
  ? ": Buffer (use Uint8Array inside objects)"
  : Content<T> | Dropped<Exclude<keyof T, KeysOf<Native[N]>>, N>;

type Content<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Part<".keys()", K> | Part<".values()", V>
    : T extends ReadonlySet<infer V>
      ? Part<".values()", V>
      : never;

type Dropped<K, N extends string> = K extends string ? `.${K}: dropped, not a member of ${N}` : never;

type KeysOf<T> = T extends unknown ? keyof T : never;
