import { ConfigurationError } from "../errors.js";

/** What stands in a built path; anything else has no one spelling in a URL. */
export type PathArgument = string | number | bigint | boolean;

/** The path side of a route. */
export interface Pattern {
  /** As the application wrote it. */
  readonly source: string | RegExp;
  /** Patterns of the same shape match the same paths, so a table can have only one of them. */
  readonly shape: string;
  /**
   * The path that the pattern matches with these arguments, percent-escaped.
   *
   * @throws ConfigurationError when the number of arguments is wrong, or the pattern cannot be built back.
   */
  reverse(args: readonly PathArgument[]): string;
}

/** A piece of a path to build: literal text, or what escapes the argument that stands there. */
export type Part = string | ((argument: string) => string);

/** Joins literals and escaped arguments. `place` names the route in the error. */
export function buildPath(parts: readonly Part[], args: readonly PathArgument[], place: string): string {
  const wanted = parts.filter((part) => typeof part === "function").length;
  if (args.length !== wanted) {
    throw new ConfigurationError(`${place}: building its path takes ${wanted} argument(s), got ${args.length}`);
  }
  const given = args.map(String).values();
  return parts
    .map((part) => (typeof part === "string" ? escapeLiteral(part) : part(given.next().value ?? "")))
    .join("");
}

function escapeLiteral(text: string): string {
  return encodeURI(text).replaceAll(/[?#]/g, encodeURIComponent);
}

const parameter = /^:[A-Za-z_]\w*$/;

/**
 * A path of segments: `/users/:id` matches one non-empty segment, `/files/*` whatever follows, nothing included. Literal
 * text is compared with the canonical path, so it is written decoded (`/café`). Case and every slash count.
 *
 * @throws ConfigurationError when the text is not such a path; the message says what to write instead.
 */
export class StringPattern implements Pattern {
  readonly source: string;
  readonly #place: string;
  readonly #segments: readonly string[];

  constructor(source: string, place: string) {
    checkText(source, place);
    this.source = source;
    this.#place = place;
    this.#segments = source.slice(1).split("/");
    checkSegments(this.#segments, place);
  }

  get shape(): string {
    return this.#mapped(() => ":");
  }

  /** In find-my-way's words; the expression keeps its parameters from matching an empty segment. */
  get syntax(): string {
    return this.#mapped((segment) => `${segment}([\\s\\S]+)`);
  }

  reverse(args: readonly PathArgument[]): string {
    const parts = this.#segments.flatMap((segment): Part[] => ["/", this.#part(segment)]);
    return buildPath(parts, args, this.#place);
  }

  #mapped(replace: (parameter: string) => string): string {
    return this.#segments.map((segment) => `/${parameter.test(segment) ? replace(segment) : segment}`).join("");
  }

  #part(segment: string): Part {
    if (segment === "*") return escapeTail;
    return parameter.test(segment) ? (argument) => this.#escapeSegment(segment, argument) : segment;
  }

  #escapeSegment(segment: string, argument: string): string {
    if (argument !== "") return encodeURIComponent(argument);
    throw new ConfigurationError(`${this.#place}: "${segment}" stands for a segment and cannot be empty`);
  }
}

/** Slashes stay, but not in front: `/*` with `/example.org` would build `//example.org`, which leads to another host. */
function escapeTail(argument: string): string {
  return argument.split("/").map(encodeURIComponent).join("/").replace(/^\//, "%2F");
}

function checkText(source: string, place: string): void {
  if (!source.startsWith("/")) {
    throw new ConfigurationError(`${place}: a pattern begins with "/", write "/${source}"`);
  }
  const escape = /%[0-9A-F]{2}/i.exec(source)?.[0];
  if (escape !== undefined) {
    throw new ConfigurationError(
      `${place}: "${escape}" never matches, paths are decoded first; write the character itself`,
    );
  }
  const stray = /[?#\\\u0000-\u001f\u007f-\u009f]/.exec(source)?.[0];
  if (stray !== undefined) {
    throw new ConfigurationError(
      `${place}: ${JSON.stringify(stray)} is never in a path; use a RegExp for optional parts`,
    );
  }
}

function checkSegments(segments: readonly string[], place: string): void {
  for (const [index, segment] of segments.entries()) {
    checkSegment(segment, index === segments.length - 1, place);
    if (parameter.test(segment) && segments.indexOf(segment) !== index) {
      throw new ConfigurationError(`${place}: two parameters are named "${segment}", rename one`);
    }
  }
}

function checkSegment(segment: string, last: boolean, place: string): void {
  if (segment.includes("*") && !(segment === "*" && last)) {
    throw new ConfigurationError(
      `${place}: "*" stands alone and last, as in "/files/*"; use a RegExp for "${segment}"`,
    );
  }
  if (segment.includes(":") && !parameter.test(segment)) {
    throw new ConfigurationError(
      `${place}: a parameter is a whole segment, ":" and a name, as in "/users/:id"; use a RegExp for "${segment}"`,
    );
  }
}
