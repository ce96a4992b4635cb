/**
 * A call through `@RunOnExecutor` against the same through bare piscina, in turn in one process; and what threads and moved
 * memory bring. Every figure is a ratio of one run, the median of its rounds.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { type Executor, ThreadPoolExecutor, move } from "waterspout";
import { startApplication } from "waterspout/testing";
import { Work } from "./application.js";

const rounds = 9;

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
  const ratios = await compare(
    () => time(calls, concurrency, (value) => work.nothing(value)),
    () => time(calls, concurrency, (value) => bare.run(value) as Promise<number>),
  );
  report(`no-op call, concurrency ${concurrency}: @RunOnExecutor / bare piscina`, ratios);
}

const megabyte = new Uint8Array(1_000_000);
let bytes: Uint8Array = new Uint8Array(1_000_000);
const transfers = await compare(
  () => time(300, 1, async () => void (bytes = await work.moved(move(bytes)))),
  () => time(300, 1, async () => void (await work.copied(megabyte))),
);
report("1 MB there and back: moved / copied", transfers);
console.log(
  `  moved: ${(await time(300, 1, async () => void (bytes = await work.moved(move(bytes))))).toFixed(1)} µs each`,
);

await app.stop();
await bare.destroy();
await scaling();

async function scaling(): Promise<void> {
  const one = new ThreadPoolExecutor({ maxThreads: 1, minThreads: 1, maxQueue: 1_000 });
  const two = new ThreadPoolExecutor({ maxThreads: 2, minThreads: 2, maxQueue: 1_000 });
  const apps = [await start(one), await start(two)];
  const run = (on: Executor): Promise<number> => time(60, 8, () => on.submit(Work, "hash", [20_000]));
  report(
    "CPU-bound work: throughput of 2 threads / 1 thread",
    await compare(
      () => run(one),
      () => run(two),
    ),
  );
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

/** Ratios of the two, measured in turn so that both see the same machine. */
async function compare(ours: () => Promise<number>, theirs: () => Promise<number>): Promise<number[]> {
  await ours();
  await theirs();
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) ratios.push((await ours()) / (await theirs()));
  return ratios.toSorted((a, b) => a - b);
}

function report(what: string, ratios: readonly number[]): void {
  const [least, median, most] = [ratios[0], ratios[Math.floor(ratios.length / 2)], ratios.at(-1)];
  console.log(`${what}: ${median?.toFixed(2)} (${least?.toFixed(2)} to ${most?.toFixed(2)})`);
}
