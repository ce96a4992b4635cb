import { setImmediate as turn } from "node:timers/promises";
import type { Context } from "mocha";
import { checkLog, clearLog, watchRejections } from "./log.js";

/**
 * For mocha's `require`: a warning, an error or an unhandled rejection in the log fails the test in whose course it comes,
 * unless the test announced it by `expectLog`.
 */
export const mochaHooks = {
  /** Once for all files, or once for each where several processes run them. */
  beforeAll(): void {
    watchRejections();
  },

  beforeEach(this: Context): void {
    const test = this.currentTest;
    const body = test?.fn;
    // A hook that fails would skip the rest of its suite, so the check becomes part of the test.
    if (test === undefined || body === undefined || body.length > 0) return;
    test.fn = async function (this: Context): Promise<void> {
      await (body as () => unknown).call(this);
      // What the test left behind is reported in the next turn.
      await turn();
      checkLog();
    };
  },

  afterEach(): void {
    clearLog();
  },

  /** For what came after the last test. */
  afterAll(): void {
    checkLog();
  },
};
