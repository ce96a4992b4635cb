import { createRequire } from "node:module";

/**
 * Makes a function that loads a module when it is called first, at once and not in a turn to come: for what some processes
 * need, and where no promise can be waited for, as in a constructor. Where one can, use `import()`.
 *
 * A CommonJS library that is loaded so costs less, too: for an `import` of it Node looks for the names of its exports in its
 * text, which for a large one is more work than to run it.
 *
 * @param from `import.meta.url` of the caller.
 * @example const site = onDemand<typeof import("./site.js")>(import.meta.url, "./site.js");
 */
export function onDemand<M>(from: string, specifier: string): () => M {
  let loaded: M | undefined;
  return () => (loaded ??= createRequire(from)(specifier) as M);
}
