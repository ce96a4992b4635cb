import { execFileSync, spawnSync } from "node:child_process";
import type { Context } from "mocha";
import { skip } from "./skip.js";

/** Debian's, which has `python3-tornado`, or another. */
export const python = process.env["PYTHON"] || "/usr/bin/python3";

/**
 * For a `before` hook: where there is no Tornado, the suite is skipped, and the console says what was not tested and what to
 * install.
 */
export function requireTornado(suite: Context): void {
  if (spawnSync(python, ["-c", "import tornado.web"]).status === 0) return;
  skip(
    suite,
    `${python} has no Tornado.\n` +
      "  Install it (apt-get install python3-tornado), or name another Python: PYTHON=/path/to/python3 npm test",
  );
}

const prelude = "import json, sys\nfrom tornado import httputil, web\ngiven = json.load(sys.stdin)\n";

/**
 * What `expression` is in Python, with `given` as its input and Tornado's `web` and `httputil` at hand. Both go over as JSON.
 *
 * @example
 * tornado("[httputil.parse_cookie(field) for field in given]", ["a=1"]); // [{ a: "1" }]
 */
export function tornado<T>(expression: string, given: unknown, definitions = ""): T {
  const script = `${prelude}${definitions}\nprint(json.dumps(${expression}))`;
  return JSON.parse(execFileSync(python, ["-c", script], { input: JSON.stringify(given), encoding: "utf8" })) as T;
}
