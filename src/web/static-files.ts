import { FileVersions } from "../http/file-versions.js";
import { StaticRoot } from "../http/static-root.js";
import type { StaticFileArguments } from "./static-handler.js";

/** A folder with the versions of its files. */
export interface StaticFiles {
  readonly root: StaticRoot;
  readonly versions: FileVersions;
}

/** Routes have one object of arguments for all requests; what is made of it is made once. */
const made = new WeakMap<StaticFileArguments, StaticFiles>();

/** The folder that the arguments of a route name. @throws Error of `node:fs` when it is gone. */
export function staticFiles(args: StaticFileArguments): StaticFiles {
  let files = made.get(args);
  if (files === undefined) {
    files = { root: new StaticRoot(args.path, args.hidden), versions: new FileVersions() };
    made.set(args, files);
  }
  return files;
}
