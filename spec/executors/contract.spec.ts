import type { Executor } from "waterspout";
import { InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from "waterspout";
import { type ContractOptions, executorContract } from "waterspout/testing";
import { expectLog } from "../support/log.js";

/** An executor under the contract, and the rules that cannot hold for it, each with the reason. */
interface Implementation {
  readonly make: (options: ContractOptions) => Executor;
  readonly skips: Readonly<Record<string, string>>;
}

/** What a rule writes to the log where it holds. */
const logs: Readonly<Record<string, RegExp>> = {
  "ends and replaces a worker that does not stop": /Probe\.spin did not stop when it was asked to/,
  "gives no task the error that another one threw after its end": /a worker failed outside of its tasks/,
};

const inThisThread = "a task in this thread cannot be ended from outside";

const implementations: Record<string, Implementation> = {
  ThreadPoolExecutor: {
    make: ({ places, ...options }) => new ThreadPoolExecutor({ maxThreads: places, ...options }),
    skips: {},
  },
  ProcessPoolExecutor: {
    make: ({ places, ...options }) => new ProcessPoolExecutor({ maxProcesses: places, ...options }),
    skips: {
      "lets a loop that never yields see that it is cancelled": "processes share no memory to read it from",
    },
  },
  InlineExecutor: {
    make: ({ places, ...options }) => new InlineExecutor({ concurrency: places, ...options }),
    skips: {
      "ends and replaces a worker that does not stop": inThisThread,
      "reports a worker that exits, and replaces it": inThisThread,
      "lets a loop that never yields see that it is cancelled": "the loop blocks the thread that would cancel it",
      "gives no task the error that another one threw after its end": "a late error of this thread is the process's",
    },
  },
};

for (const [name, { make, skips }] of Object.entries(implementations)) {
  describe(`${name} keeps the contract of Executor: it`, () => {
    for (const rule of executorContract(make)) {
      const reason = skips[rule.name];
      const log = logs[rule.name];
      const run = (): Promise<void> => {
        if (log !== undefined) expectLog(log);
        return rule.run();
      };
      if (reason === undefined) it(rule.name, run);
      else it(`${rule.name} (not here: ${reason})`);
    }
  });
}
