import { ConfigurationError } from "../errors.js";
import { type PathArgument, type Pattern, StringPattern } from "./pattern.js";
import { RegExpPattern, wholeMatch } from "./regexp-pattern.js";
import { RouteTable, type TableMatch } from "./table.js";

/** What else a route says. */
export interface RouteSettings {
  /** For {@link Router.reverse}; unique in the router. Default: none. */
  readonly name?: string | undefined;
  /** The only host it answers: a name without port, or a RegExp for the whole lower-cased name. Default: any. */
  readonly host?: string | RegExp | undefined;
}

/** A line of the routing table. */
export interface RouteEntry<Target> extends RouteSettings {
  readonly pattern: string | RegExp;
  readonly target: Target;
}

/** Where a request goes, with the path's arguments in order of appearance. */
export interface RouteMatch<Target> {
  readonly target: Target;
  /** Decoded. Undefined stands for a RegExp's group that took no part in the match. */
  readonly args: readonly (string | undefined)[];
}

type Table<Target> = RouteTable<RouteEntry<Target>>;

/**
 * Maps host and path to a target. Routes with a `host` win over those without, a host's name over a RegExp. Then strings
 * win over RegExps: literal text over `:parameter`, `:parameter` over `*`, whatever the order; RegExps are tried in
 * theirs. It knows nothing of methods, so an unknown path and a wrong method stay two answers.
 *
 * @example
 * const router = new Router<string>();
 * router.add("/users/:id", "user", { name: "user" });
 * router.find("example.org", "/users/7"); // { target: "user", args: ["7"] }
 * router.reverse("user", 7);              // "/users/7"
 */
export class Router<Target> {
  readonly #describe: (target: Target) => string;
  readonly #anyHost: Table<Target> = new RouteTable();
  readonly #hosts = new Map<string, Table<Target>>();
  readonly #hostExpressions = new Map<string, { readonly host: RegExp; readonly table: Table<Target> }>();
  readonly #named = new Map<string, { readonly place: string; readonly pattern: Pattern }>();
  readonly #entries: RouteEntry<Target>[] = [];
  #frozen = false;

  /** @param describe names a target in errors. Default: the name of a class or function, else its text. */
  constructor(describe: (target: Target) => string = nameOf) {
    this.#describe = describe;
  }

  /** The table as it was written, in its order. */
  get routes(): readonly RouteEntry<Target>[] {
    return this.#entries;
  }

  /**
   * Adds a route. Patterns are documented at {@link StringPattern} and {@link RegExpPattern}.
   *
   * @throws ConfigurationError when the pattern or host is not valid, its path or name is taken, or the router is frozen.
   */
  add(pattern: string | RegExp, target: Target, settings: RouteSettings = {}): void {
    const { name, host } = settings;
    const entry = { pattern, target, name, host };
    const place = this.#place(entry);
    if (this.#frozen) {
      throw new ConfigurationError(`${place}: the application serves already; add routes before it starts`);
    }
    const parsed = typeof pattern === "string" ? new StringPattern(pattern, place) : new RegExpPattern(pattern, place);
    this.#refuseTakenName(name, place);
    const present = this.#tableOf(host, place).add(parsed, entry);
    if (present !== undefined) {
      throw new ConfigurationError(`${place} has the same path as ${this.#place(present)}; change or remove one`);
    }
    if (name !== undefined) this.#named.set(name, { place, pattern: parsed });
    this.#entries.push(entry);
  }

  /**
   * Where a request goes; undefined for 404. It never throws, whatever a client sent.
   *
   * @param host the `Host` of the request; case and port do not matter.
   * @param path as made by `canonicalPath`.
   */
  find(host: string | undefined, path: string): RouteMatch<Target> | undefined {
    if (!path.startsWith("/")) return undefined;
    const found = this.#findByHost(host, path) ?? this.#anyHost.find(path);
    return found && { target: found.entry.target, args: found.args };
  }

  /**
   * The path of a named route, percent-escaped.
   *
   * @throws ConfigurationError when there is no such name, the number of arguments is wrong, or the pattern is a RegExp
   * of more than literals and flat groups.
   */
  reverse(name: string, ...args: readonly PathArgument[]): string {
    const named = this.#named.get(name);
    if (named !== undefined) return named.pattern.reverse(args);
    const known = [...this.#named.keys()].join(", ") || "none";
    throw new ConfigurationError(`no route is named ${JSON.stringify(name)}; known names: ${known}`);
  }

  /**
   * Ends the set-up: {@link add} throws from here on, so that every request sees one table.
   *
   * @throws ConfigurationError for a route that no request can reach, because others take all its paths.
   */
  freeze(): void {
    for (const table of this.#tables()) {
      const shadowed = table.shadowed();
      if (shadowed === undefined) continue;
      throw new ConfigurationError(
        `${this.#place(shadowed.entry)} can never be reached: ${this.#place(shadowed.by)} takes all its paths; ` +
          "make that one narrower or, if both are RegExps, put it behind",
      );
    }
    this.#frozen = true;
  }

  *#tables(): Iterable<Table<Target>> {
    yield this.#anyHost;
    yield* this.#hosts.values();
    for (const { table } of this.#hostExpressions.values()) yield table;
  }

  #findByHost(host: string | undefined, path: string): TableMatch<RouteEntry<Target>> | undefined {
    if (host === undefined || (this.#hosts.size === 0 && this.#hostExpressions.size === 0)) return undefined;
    const name = hostName(host);
    const exact = this.#hosts.get(name)?.find(path);
    if (exact !== undefined) return exact;
    for (const candidate of this.#hostExpressions.values()) {
      const found = candidate.host.test(name) ? candidate.table.find(path) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #tableOf(host: string | RegExp | undefined, place: string): Table<Target> {
    if (host === undefined) return this.#anyHost;
    if (typeof host === "string") return this.#tableOfName(host, place);
    const known = this.#hostExpressions.get(String(host));
    if (known !== undefined) return known.table;
    const table: Table<Target> = new RouteTable();
    this.#hostExpressions.set(String(host), { host: wholeMatch(host, `${place}, host`), table });
    return table;
  }

  #tableOfName(host: string, place: string): Table<Target> {
    const name = host.toLowerCase();
    if (name === "" || name !== hostName(host) || /[\s/*]/.test(name)) {
      throw new ConfigurationError(
        `${place}: host is a name without scheme, port and final dot, or a RegExp, got ${JSON.stringify(host)}`,
      );
    }
    const table: Table<Target> = this.#hosts.get(name) ?? new RouteTable();
    this.#hosts.set(name, table);
    return table;
  }

  #refuseTakenName(name: string | undefined, place: string): void {
    const taken = name === undefined ? undefined : this.#named.get(name);
    if (taken === undefined) return;
    throw new ConfigurationError(`${place} has the name "${name}" of ${taken.place}; rename one`);
  }

  #place({ pattern, target, host }: RouteEntry<Target>): string {
    const shown = typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern);
    return `the route ${shown} of ${this.#describe(target)}${host === undefined ? "" : ` on host ${String(host)}`}`;
  }
}

/** Lower case, without port and without the root's dot; an IPv6 address keeps its brackets. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/\.?(?::\d*)?$/, "");
}

function nameOf(target: unknown): string {
  return typeof target === "function" ? target.name : String(target);
}
