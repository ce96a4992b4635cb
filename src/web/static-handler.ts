import { ConfigurationError } from "../errors.js";
import { RequestHandler } from "./handler.js";

/** What a {@link StaticFileHandler} serves. */
export interface StaticFileArguments {
  /** The folder; it must exist when the application starts. */
  readonly path: string;
  /** The file that stands for a folder, `index.html` for example. Default: none, a folder is 404. */
  readonly defaultFilename?: string;
  /**
   * `Cache-Control` of what was not asked for by its version. Default: `no-cache`, which lets clients keep a file and ask
   * whether it has changed.
   */
  readonly cacheControl?: string;
  /**
   * Names of files and folders that are not served. Default: those that begin with a dot or end in `~` or `.map`. Neither
   * `g` nor `y`.
   */
  readonly hidden?: RegExp;
  /**
   * Serves `app.js.br`, `app.js.zst` or `app.js.gz` in the place of `app.js` to clients that take it, if it is there and not
   * older. Default: false.
   */
  readonly precompressed?: boolean;
}

type Serve = typeof import("./serve-file.js");
let loading: Promise<Serve> | undefined;

/**
 * Serves the files of a folder to GET and HEAD, with `Etag`, `Last-Modified`, conditions, single ranges and, for URLs made
 * by `staticUrl`, long caching. The route's argument is the path below the folder; a route without arguments serves the
 * file that its path ends with.
 *
 * Only regular files whose real path lies in the folder: no hidden names, no link that leads out, no device. A folder is
 * redirected to its path with a slash when it has a `defaultFilename`.
 *
 * @example
 * route("/files/*", StaticFileHandler, { path: "/srv/files", defaultFilename: "index.html" })
 *
 * Source: `tornado.web.StaticFileHandler`.
 */
export class StaticFileHandler extends RequestHandler {
  #args!: StaticFileArguments;

  static checkArguments({ path, hidden }: StaticFileArguments, pattern: string | RegExp): void {
    const place = `StaticFileHandler on ${String(pattern)}`;
    if (typeof path !== "string" || !isFolder(path)) {
      throw new ConfigurationError(`${place}: path must be a folder, there is none at ${JSON.stringify(path)}`);
    }
    // They remember where they matched, so every other request would find a file that is hidden.
    if (hidden !== undefined && /[gy]/.test(hidden.flags)) {
      throw new ConfigurationError(`${place}: hidden is a RegExp without the flags g and y, got ${String(hidden)}`);
    }
  }

  override initialize(args: StaticFileArguments): void {
    this.#args = args;
  }

  async get(path?: string): Promise<unknown> {
    loading ??= import("./serve-file.js");
    const { serveFile } = await loading;
    return serveFile(this, this.#args, path ?? this.request.path.slice(this.request.path.lastIndexOf("/") + 1));
  }

  /** Sets headers of a file that will be answered; override it. Not async. Default: nothing. */
  setExtraHeaders(_path: string): void {}
}

function isFolder(path: string): boolean {
  const { statSync } = process.getBuiltinModule("node:fs");
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
