import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Where a compiled file of this package is, by its path in `src`: `executors/worker-entry.js`. Not by its place beside the
 * code that names it, for what is published stands in few files (see `rolldown.config.js`), this one's at the top.
 */
export function ownFile(path: string): URL {
  return new URL(path, import.meta.url);
}

const require = createRequire(import.meta.url);

/**
 * A library that is CommonJS, by `require`: for an `import` of it Node looks for the names of its exports in its whole text, which
 * takes about as long as to run it. By it a server with the libraries of `routing/` and `http/` starts in four fifths of the time.
 *
 * @example const { create } = library<typeof import("content-disposition")>("content-disposition");
 */
export function library<M>(name: string): M {
  return require(name) as M;
}

/**
 * Makes a function that loads a module when it is called first, at once and not in a turn to come: for what some processes
 * need, and where no promise can be waited for, as in a constructor. Where one can, use `import()`.
 *
 * @param path of a module of this package as {@link ownFile} takes it, or a `file:` URL.
 * @example const site = onDemand<typeof import("./site.js")>("web/site.js");
 */
export function onDemand<M>(path: string): () => M {
  let loaded: M | undefined;
  return () => (loaded ??= require(fileURLToPath(ownFile(path))) as M);
}
