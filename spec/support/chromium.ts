import { existsSync } from "node:fs";
import type { Context } from "mocha";
import { type Browser, chromium } from "playwright-core";
import { skip } from "./skip.js";

const usualPath = "/usr/bin/chromium";

/** Without a sandbox, which containers do not allow, and without what Chromium asks the network for by itself. */
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * For a `before` hook: starts a headless Chromium, `$CHROMIUM` or else Debian's. Where there is none, the suite is skipped,
 * and the console says what was not tested and what to install.
 *
 * @example
 * before(async function () {
 *   browser = await launchChromium(this);
 * });
 * after(() => browser?.close());   // also runs after a skip
 */
export function launchChromium(suite: Context): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] || usualPath;
  if (!existsSync(executablePath)) {
    skip(
      suite,
      `there is no Chromium at ${executablePath}.\n` +
        "  Install it (apt-get install chromium), or name another: CHROMIUM=/path/to/chrome npm test",
    );
  }
  return chromium.launch({ executablePath, args });
}
