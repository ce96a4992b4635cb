import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { spawnSync } from "node:child_process";
import { chart } from "./chart.js";
import { loadTool } from "./load.js";
import type { BenchOptions } from "./options.js";
import type { Row } from "./work.js";

/** Writes `results.json` and `results.svg` beside the bench's package.json. */
export function writeResults(rows: readonly Row[], options: BenchOptions, titleOf: (work: string) => string): void {
  const { rounds, seconds, node } = options;
  const results = {
    date: new Date().toISOString(),
    node: spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim(),
    processor: cpus()[0]?.model,
    cores: availableParallelism(),
    load: loadTool,
    rounds,
    seconds,
    rows,
  };
  writeFileSync(fileOf("json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(fileOf("svg"), chart(rows, titleOf, `Node ${results.node}, ${results.cores} cores, ${rounds} rounds`));
}

function fileOf(extension: string): URL {
  return new URL(`../results.${extension}`, import.meta.url);
}
