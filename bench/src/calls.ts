/**
 * A call through `@RunOnExecutor` against the same through bare piscina, in turn in one process without HTTP; and what threads and
 * moved memory bring. Prints what it found as lines of JSON: `node calls.js <rounds>`.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { type Executor, ThreadPoolExecutor, move } from "waterspout";
import { startApplication } from "waterspout/testing";
import { Work } from "./application.js";

/** Two ways to do the same. */
export interface Comparison {
  readonly ours: string;
  readonly theirs: string;
  readonly unit: string;
  /** Of each round, in this unit. */
  readonly figures: readonly (readonly [ours: number, theirs: number])[];
}

const rounds = Number(process.argv[2] ?? 9);

const bare = new Piscina({
  filename: fileURLToPath(new URL("./bare-worker.js", import.meta.url)),
  name: "nothing",
  atomics: "disabled",
  minThreads: 1,
  maxThreads: 1,
});

const executor = new ThreadPoolExecutor({ maxThreads: 1, maxQueue: 10_000 });
const app = await startApplication(new URL("./application.js", import.meta.url), { executors: { default: executor } });
const work = app.application.container.resolve(Work);

for (const concurrency of [1, 64]) {
  const calls = concurrency === 1 ? 3_000 : 10_000;
  const inFlight = concurrency === 1 ? "one at a time" : `${concurrency} at a time`;
  await compare(
    "µs / call",
    [`@RunOnExecutor, ${inFlight}`, () => time(calls, concurrency, (value) => work.nothing(value))],
    [`bare piscina, ${inFlight}`, () => time(calls, concurrency, (value) => bare.run(value) as Promise<number>)],
  );
}

const megabyte = new Uint8Array(1_000_000);
let bytes: Uint8Array = new Uint8Array(1_000_000);
await compare(
  "µs / MB",
  ["1 MB moved there and back", () => time(300, 1, async () => void (bytes = await work.moved(move(bytes))))],
  ["1 MB copied there and back", () => time(300, 1, async () => void (await work.copied(megabyte)))],
);

await app.stop();
await bare.destroy();
await scaling();

async function scaling(): Promise<void> {
  const one = new ThreadPoolExecutor({ maxThreads: 1, minThreads: 1, maxQueue: 1_000 });
  const two = new ThreadPoolExecutor({ maxThreads: 2, minThreads: 2, maxQueue: 1_000 });
  const apps = [await start(one), await start(two)];
  const run = (on: Executor): Promise<number> => time(60, 8, () => on.submit(Work, "hash", [20_000]));
  await compare("µs / hash", ["hashes on 2 threads", () => run(two)], ["hashes on 1 thread", () => run(one)]);
  await Promise.all(apps.map((running) => running.stop()));
}

function start(on: Executor): ReturnType<typeof startApplication> {
  return startApplication(new URL("./application.js", import.meta.url), { executors: { default: on } });
}

/** Microseconds for each call, with `concurrency` of them in flight. */
async function time(calls: number, concurrency: number, call: (value: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < calls) await call(next++);
    }),
  );
  return ((performance.now() - started) * 1000) / calls;
}

type Way = readonly [name: string, run: () => Promise<number>];

/** Measured in turn, so that both see the same machine. */
async function compare(unit: string, [ours, runOurs]: Way, [theirs, runTheirs]: Way): Promise<void> {
  await runOurs();
  await runTheirs();
  const figures: [number, number][] = [];
  for (let round = 0; round < rounds; round++) figures.push([await runOurs(), await runTheirs()]);
  console.log(JSON.stringify({ ours, theirs, unit, figures } satisfies Comparison));
}
