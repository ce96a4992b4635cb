import { ConfigurationError, HTTPError } from "../errors.js";
import { isLocalUrl } from "../http/local-url.js";
import { withQuery } from "../http/url-concat.js";
import { RequestHandler } from "./handler.js";
import { anyVerb } from "./any-verb.js";

/** Where a {@link RedirectHandler} leads. */
export interface RedirectArguments {
  /**
   * A path, or a whole URL. `{0}`, `{1}` … are the path's arguments, percent-escaped: they can stand for parts of a path,
   * never for a host. The request's query is added.
   */
  readonly url: string;
  /** 301 rather than 302. Default: true. */
  readonly permanent?: boolean;
  /** Another status. With 307 and 308 every method is redirected and stays what it is, otherwise GET and HEAD alone. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
}

/**
 * Redirects a path to another.
 *
 * @example
 * route("/old/*", RedirectHandler, { url: "/new/{0}" })
 *
 * Source: `tornado.web.RedirectHandler`.
 */
export class RedirectHandler extends RequestHandler {
  #to!: RedirectArguments;

  static checkArguments({ url }: RedirectArguments, pattern: string | RegExp): void {
    const place = `RedirectHandler on ${String(pattern)}`;
    if (typeof url !== "string" || !/^(?:\/(?![/\\])|https?:\/\/[^/?#{}\\]+(?:[/?#]|$))/.test(url)) {
      throw new ConfigurationError(
        `${place}: url is a path that begins with one "/", or an http URL whose host is written out, got ${JSON.stringify(url)}`,
      );
    }
    const count = groupsOf(pattern);
    const beyond = [...url.matchAll(placeholder)].find(([, index]) => Number(index) >= count);
    if (beyond !== undefined) {
      throw new ConfigurationError(`${place}: ${beyond[0]} stands for an argument that its pattern does not have`);
    }
  }

  override initialize(to: RedirectArguments): void {
    this.#to = to;
  }

  get(): void {
    const { url, permanent = true, status } = this.#to;
    const target = url.replaceAll(placeholder, (_, index: string) => escaped(this.pathArguments[Number(index)]));
    if (url.startsWith("/") && !isLocalUrl(target)) throw new HTTPError(404, "a redirect that would leave the site");
    this.redirect(withQuery(target, this.request.query), permanent, status);
  }

  /** @internal */
  [anyVerb](): void {
    const { status = 301 } = this.#to;
    if (status < 307) throw new HTTPError(405, undefined, { headers: { Allow: "GET, HEAD" } });
    this.get();
  }
}

const placeholder = /\{(\d{1,3})\}/g;

/** Slashes stay, as in what `*` takes, but not in front: with the one before it that would be a host. */
function escaped(argument = ""): string {
  return argument.split("/").map(encodeURIComponent).join("/").replace(/^\//, "%2F");
}

function groupsOf(pattern: string | RegExp): number {
  if (typeof pattern === "string") return pattern.split("/").filter((segment) => /^[:*]/.test(segment)).length;
  return (new RegExp(`${pattern.source}|`, pattern.flags).exec("") ?? [""]).length - 1;
}
