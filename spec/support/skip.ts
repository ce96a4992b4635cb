import type { Context, Runnable } from "mocha";

/**
 * Skips the test that calls it, or in a `before` hook the suite; the console says what was not tested, and why.
 *
 * @param why with what to do about it, if anything can be done.
 */
export function skip(context: Context, why: string): never {
  const test: (Runnable & { readonly type?: string }) | undefined = context.test;
  const skipped = test?.type === "hook" ? test.parent : test;
  console.warn(`\n  SKIPPED ${skipped?.fullTitle()}: nothing of it was tested, ${why}\n`);
  return context.skip();
}

/** Skips where the system is another than Linux. @param reason what only Linux has. */
export function requireLinux(context: Context, reason: string): void {
  if (process.platform !== "linux") skip(context, `${reason}: this is ${process.platform}`);
}
