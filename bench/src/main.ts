/**
 * Waterspout and its peers at the same work, in one run: prints a table, and keeps it in `results.json` and
 * `results.svg`.
 *
 *   npm run bench                                        # everything
 *   npm run bench -- --only=json,body --rounds=9 --seconds=2
 *   npm run bench -- --node=/path/to/node                # servers on another Node
 */
import { availableParallelism, loadavg } from "node:os";
import { benchOptions } from "./options.js";
import { type Result, keepResults, resultOf } from "./results.js";
import { table } from "./table.js";
import { works } from "./works/index.js";

const options = benchOptions(
  process.argv.slice(2),
  works.map(({ name }) => name),
);

if ((loadavg()[0] ?? 0) > availableParallelism() / 2) {
  console.error(`this machine is busy (load average ${loadavg()[0]?.toFixed(1)}): medians will be off, see "of least"`);
}

const measured: Result[] = [];
for (const work of works) {
  if (!options.works.includes(work.name)) continue;
  console.error(`${work.name}: ${work.title} …`);
  measured.push(resultOf(work, await work.measure(options), options));
  keepResults(measured);
}
console.log(table(measured));
