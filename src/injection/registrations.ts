import type { Class } from "../concurrent.js";
import { ConfigurationError } from "../errors.js";
import type { Delayed, Lifetime, Provider, Registration, Token } from "./model.js";

interface RawRegistration {
  readonly provider: {
    readonly useValue?: unknown;
    readonly useToken?: Token;
    readonly useClass?: Class | Delayed;
    readonly useFactory?: (container: object) => unknown;
  };
  readonly options: { readonly lifecycle: number };
}

interface RawRegistry {
  entries(): Iterable<[Token, RawRegistration[]]>;
  getAll(token: Token): RawRegistration[];
}

/** What was found under a token, and in which lists: it holds as long as they do. */
interface Listing {
  readonly listed: readonly RawRegistration[];
  readonly root: readonly RawRegistration[];
  readonly registrations: readonly Registration[];
}

/** tsyringe's `Lifecycle` by number. */
const lifetimes: readonly Lifetime[] = ["transient", "singleton", "resolution", "request"];

/**
 * The private registry of a container of tsyringe, which has no public way to read registrations.
 *
 * @throws ConfigurationError when this tsyringe keeps it elsewhere.
 */
export function registryOf(container: object): RawRegistry {
  const registry = (container as Readonly<Record<string, unknown>>)["_registry"] as Partial<RawRegistry> | undefined;
  if (typeof registry?.entries === "function" && typeof registry.getAll === "function") return registry as RawRegistry;
  throw new ConfigurationError(
    "the installed tsyringe does not keep its registrations where Waterspout reads them: " +
      "install tsyringe 4.10.0, the version it was written for (npm install tsyringe@4.10.0)",
  );
}

/**
 * The registrations of one application: its own container's, and below them those of tsyringe's root.
 *
 * Registrations that share an instance are replaced, in the application's container, by stand-ins that ask `share`. So
 * whoever resolves through tsyringe, also from a child container, gets the application's singleton; tsyringe itself
 * would keep it on the root's registration, for all applications of the process.
 */
export class Registrations {
  readonly #container: object;
  readonly #own: RawRegistry;
  readonly #root: RawRegistry;
  readonly #share: (registration: Registration) => unknown;
  readonly #described = new WeakMap<RawRegistration, Registration>();
  readonly #standIns = new WeakMap<RawRegistration, RawRegistration>();
  readonly #inherited = new WeakSet<RawRegistration>();
  readonly #listings = new Map<Token, Listing>();

  /** `container` must be a fresh child of `root`: what tsyringe copied into it counts as the root's. */
  constructor(container: object, root: object, share: (registration: Registration) => unknown) {
    this.#container = container;
    this.#own = registryOf(container);
    this.#root = registryOf(root);
    this.#share = share;
    for (const [, copies] of this.#own.entries()) for (const copy of copies) this.#inherited.add(copy);
    for (const [token] of this.#root.entries()) this.of(token);
  }

  /** All registrations of a token, the last one being the one that counts. The application's own hide the root's. */
  of(token: Token): readonly Registration[] {
    const listed = this.#own.getAll(token);
    const root = this.#root.getAll(token);
    const known = this.#listings.get(token);
    if (known !== undefined && sameList(known.listed, listed) && sameList(known.root, root)) return known.registrations;
    const registrations = this.#list(token, listed, root);
    this.#listings.set(token, { listed: [...listed], root: [...root], registrations });
    return registrations;
  }

  #list(token: Token, listed: RawRegistration[], root: readonly RawRegistration[]): readonly Registration[] {
    const own = listed.filter((raw) => !this.#inherited.has(raw));
    const source = own.length > 0 ? own : root;
    const effective = source.map((raw) => this.#standInFor(raw, token));
    if (own.length > 0 || effective.some((raw, index) => raw !== source[index])) {
      listed.splice(0, listed.length, ...effective);
    }
    if (own.length === 0) for (const raw of effective) this.#inherited.add(raw);
    return effective.map((raw) => this.#describe(raw, token));
  }

  #standInFor(raw: RawRegistration, token: Token): RawRegistration {
    const registration = this.#describe(raw, token);
    if (registration.lifetime !== "singleton" && registration.lifetime !== "request") return raw;
    const standIn = this.#standIns.get(raw) ?? this.#createStandIn(registration);
    this.#standIns.set(raw, standIn).set(standIn, standIn);
    return standIn;
  }

  #createStandIn(registration: Registration): RawRegistration {
    const standIn = { provider: { useFactory: () => this.#share(registration) }, options: { lifecycle: 0 } };
    this.#described.set(standIn, registration);
    return standIn;
  }

  #describe(raw: RawRegistration, token: Token): Registration {
    const known = this.#described.get(raw);
    if (known !== undefined) return known;
    const lifetime = lifetimes[raw.options.lifecycle] ?? "transient";
    const registration = { token, lifetime, provider: this.#providerOf(raw) };
    this.#described.set(raw, registration);
    return registration;
  }

  /** The kinds in the order in which tsyringe looks for them. */
  #providerOf({ provider }: RawRegistration): Provider {
    const { useValue, useToken, useClass, useFactory } = provider;
    if (useValue !== undefined && useValue !== null) return { kind: "value", value: useValue };
    if (useToken) return { kind: "token", token: useToken };
    if (useFactory) return { kind: "factory", make: () => useFactory(this.#container) };
    return { kind: "class", target: useClass as Class };
  }
}

function sameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
