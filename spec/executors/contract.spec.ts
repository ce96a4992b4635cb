import type { Executor } from "waterspout";
import { InlineExecutor, ThreadPoolExecutor } from "waterspout";
import { type ContractOptions, executorContract } from "waterspout/testing";

/** An executor under the contract, and the rules that cannot hold for it, each with the reason. */
interface Implementation {
  readonly make: (options: ContractOptions) => Executor;
  readonly skips: Readonly<Record<string, string>>;
}

const inThisThread = "a task in this thread cannot be ended from outside";

const implementations: Record<string, Implementation> = {
  ThreadPoolExecutor: {
    make: ({ places, ...options }) => new ThreadPoolExecutor({ maxThreads: places, ...options }),
    skips: {},
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
      if (reason === undefined) it(rule.name, rule.run);
      else it(`${rule.name} (not here: ${reason})`);
    }
  });
}
