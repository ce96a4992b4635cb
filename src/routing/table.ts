import type makeRouter from "find-my-way";
import { library } from "../on-demand.js";
import { StringPattern } from "./pattern.js";
import { covers, reachOfExpression, reachOfString } from "./reach.js";
import type { RegExpPattern } from "./regexp-pattern.js";

const findMyWay = library<typeof makeRouter>("find-my-way");

/** Something found, with the path's arguments in order of appearance. */
export interface TableMatch<Entry> {
  readonly entry: Entry;
  readonly args: readonly (string | undefined)[];
}

/** The routes of one host: strings in a radix tree, then RegExps in the order they were added. */
export class RouteTable<Entry> {
  // find-my-way answers 404 for a parameter above 100 characters; paths are limited where requests are read.
  readonly #strings = findMyWay({ maxParamLength: Number.MAX_SAFE_INTEGER });
  /** By the whole path: what has no parameter needs no search. */
  readonly #literals = new Map<string, TableMatch<Entry>>();
  readonly #stringPatterns: { readonly pattern: StringPattern; readonly entry: Entry }[] = [];
  readonly #expressions: { readonly pattern: RegExpPattern; readonly entry: Entry }[] = [];
  readonly #shapes = new Map<string, Entry>();

  /** Adds nothing and returns the entry in the way, if a pattern of the same shape is there already. */
  add(pattern: StringPattern | RegExpPattern, entry: Entry): Entry | undefined {
    const present = this.#shapes.get(pattern.shape);
    if (present !== undefined) return present;
    this.#shapes.set(pattern.shape, entry);
    if (pattern instanceof StringPattern) this.#addString(pattern, entry);
    else this.#expressions.push({ pattern, entry });
    return undefined;
  }

  #addString(pattern: StringPattern, entry: Entry): void {
    if (plainPath.test(pattern.source)) this.#literals.set(pattern.source, { entry, args: noArguments });
    this.#strings.on("GET", pattern.syntax, unused, entry);
    this.#stringPatterns.push({ pattern, entry });
  }

  /** `path` is canonical. */
  find(path: string): TableMatch<Entry> | undefined {
    return this.#literals.get(path) ?? this.#findString(path) ?? this.#findExpression(path);
  }

  /**
   * An expression that no request can reach, because a string or an earlier expression takes all its paths, with what takes
   * them. It finds catch-alls and literal texts; that one expression lies within another cannot be told in general.
   */
  shadowed(): { readonly entry: Entry; readonly by: Entry } | undefined {
    const catchAlls = this.#stringPatterns.map(({ pattern, entry }) => ({
      entry,
      reach: reachOfString(pattern.source),
    }));
    for (const { pattern, entry } of this.#expressions) {
      const reach = reachOfExpression(pattern.source);
      const literal = reach.rest === "nothing" ? this.#findString(reach.prefix)?.entry : undefined;
      const by = literal ?? catchAlls.find((earlier) => covers(earlier.reach, reach))?.entry;
      if (by !== undefined) return { entry, by };
      catchAlls.push({ entry, reach });
    }
    return undefined;
  }

  #findString(path: string): TableMatch<Entry> | undefined {
    const found = this.#strings.find("GET", asTarget(path));
    return found === null ? undefined : { entry: found.store as Entry, args: Object.values(found.params) };
  }

  #findExpression(path: string): TableMatch<Entry> | undefined {
    for (const { pattern, entry } of this.#expressions) {
      const args = pattern.match(path);
      if (args !== undefined) return { entry, args };
    }
    return undefined;
  }
}

/**
 * find-my-way expects a raw target: it ends a path at `?` and `#`, which in a canonical path are decoded text. The other
 * escapes of a canonical path it resolves itself, once, so nothing is decoded twice.
 */
function asTarget(path: string): string {
  return /[?#]/.test(path) ? path.replaceAll(/[?#]/g, encodeURIComponent) : path;
}

/** Of these characters a pattern is the path that it stands for, and a literal path wins over one with parameters. */
const plainPath = /^[\w/.~-]+$/;
const noArguments: readonly undefined[] = Object.freeze([]);

/** find-my-way insists on a function per route; what is found is its store. */
function unused(): void {}
