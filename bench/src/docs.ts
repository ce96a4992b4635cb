/** Puts what `results.json` has into `docs/performance.md`, a table for each Node, and the chart of the first beside it. */
import { readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.js";
import { type Result, storedResults } from "./results.js";
import { markdownTable } from "./table.js";

const page = new URL("../../docs/performance.md", import.meta.url);
const picture = new URL("../../docs/performance.svg", import.meta.url);

const results = storedResults();
const nodes = [...new Set(results.map(({ node }) => node))];
const sections = nodes.map((node) => sectionOf(results.filter((result) => result.node === node)));
const [first = ""] = nodes;

const text = readFileSync(page, "utf8");
const [before, , after] = text.split(/(?<=<!-- results -->)\n[\s\S]*(<!-- end of the results -->)/);
const image = "![The figures as bars, the shorter the better](performance.svg)";
writeFileSync(page, `${before}\n\n${image}\n\n${sections.join("\n\n")}\n\n<!-- end of the results -->${after ?? ""}`);
writeFileSync(
  picture,
  chart(
    results.filter(({ node }) => node === first),
    `Node ${first}`,
  ),
);

function sectionOf(all: readonly Result[]): string {
  const [{ node, processor, cores, load } = all[0] as Result] = all;
  const rounds = [...new Set(all.map((result) => result.rounds))].join(" or ");
  const days = [...new Set(all.map(({ date }) => date.slice(0, 10)))].join(", ");
  const loads = all.map(({ loadAverage }) => loadAverage);
  const average = `load average ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
  const run = `${processor}, ${cores} cores, ${load}, ${rounds} rounds, ${average}, ${days}.`;
  return `### Node ${node}\n\n${run}\n\n${markdownTable(all)}`;
}
