/**
 * Waterspout and its peers at the same work, in one run: prints a table, writes `results.json` and `results.svg`.
 *
 *   npm run bench                                        # everything
 *   npm run bench -- --only=json,body --rounds=9 --seconds=2
 *   npm run bench -- --node=/path/to/node                # servers on another Node
 */
import { benchOptions } from "./options.js";
import { writeResults } from "./results.js";
import { table } from "./table.js";
import type { Row } from "./work.js";
import { works } from "./works/index.js";

const names = works.map(({ name }) => name);
const options = benchOptions(process.argv.slice(2), names);
const titles = new Map(works.map(({ name, title }) => [name, title]));
const titleOf = (work: string): string => titles.get(work) ?? work;

const rows: Row[] = [];
for (const work of works) {
  if (!options.works.includes(work.name)) continue;
  console.error(`${work.name}: ${work.title} …`);
  rows.push(...(await work.measure(options)));
}
console.log(table(rows, titleOf));
writeResults(rows, options, titleOf);
