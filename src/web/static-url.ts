import { ConfigurationError } from "../errors.js";
import type { HandlerContext } from "./handler.js";
import { staticFiles } from "./static-files.js";
import type { StaticFileArguments } from "./static-handler.js";

/** Where an application serves its `staticPath`. */
export interface StaticRoute {
  /** Begins and ends with a slash. */
  readonly prefix: string;
  readonly args: StaticFileArguments;
}

/** The URL of a file of `staticPath`, with its version; see `RequestHandler.staticUrl`. */
export function staticUrl({ application, exchange }: HandlerContext, path: string, includeHost: boolean): string {
  const { staticRoute } = application;
  if (staticRoute === undefined) {
    throw new ConfigurationError("staticUrl() needs `staticPath` in the application's definition");
  }
  const { root, versions } = staticFiles(staticRoute.args);
  const file = root.findNow(path);
  const version = file?.kind === "file" ? versions.now(file) : undefined;
  const url = staticRoute.prefix + path.split("/").map(encodeURIComponent).join("/");
  const { protocol, host } = exchange.request;
  return `${includeHost ? `${protocol}://${host}` : ""}${url}${version === undefined ? "" : `?v=${version}`}`;
}
