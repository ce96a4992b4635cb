import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { chart } from "./chart.js";
import { loadTool } from "./load.js";
import type { BenchOptions } from "./options.js";
import type { Row, Work } from "./work.js";
import { works } from "./works/index.js";

/** What one run found of one work: its lines were measured together and may be compared. */
export interface Result {
  readonly name: string;
  readonly title: string;
  /** The Node that ran the servers. */
  readonly node: string;
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly load: string;
  /** Programs that wanted a processor at the end, averaged over a minute: more than there are cores, and others were at work. */
  readonly loadAverage: number;
  readonly rounds: number;
  /** Of each turn. */
  readonly seconds: number;
  readonly rows: readonly Row[];
}

export function resultOf({ name, title }: Work, rows: readonly Row[], { node, rounds, seconds }: BenchOptions): Result {
  return {
    name,
    title,
    node: spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim(),
    date: new Date().toISOString(),
    processor: cpus()[0]?.model ?? "",
    cores: availableParallelism(),
    load: loadTool,
    loadAverage: loadavg()[0] ?? 0,
    rounds,
    seconds,
    rows,
  };
}

/**
 * Writes `results.json` and `results.svg` beside the bench's package.json. Works that were not measured this time stay as they were,
 * and so do those of other Nodes; the chart is of this Node.
 */
export function keepResults(measured: readonly Result[]): void {
  const isNew = (old: Result): boolean => measured.some(({ name, node }) => name === old.name && node === old.node);
  const all = [...storedResults().filter((old) => !isNew(old)), ...measured].toSorted(byPlace);
  writeFileSync(fileOf("json"), `${JSON.stringify(all, null, 2)}\n`);
  const node = measured[0]?.node ?? "";
  const shown = all.filter((result) => result.node === node);
  writeFileSync(fileOf("svg"), chart(shown, `Node ${node}`));
}

/** Empty when there are none. */
export function storedResults(): Result[] {
  try {
    return JSON.parse(readFileSync(fileOf("json"), "utf8")) as Result[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function byPlace(a: Result, b: Result): number {
  const place = ({ name }: Result): number => works.findIndex((work) => work.name === name);
  return a.node.localeCompare(b.node, "en", { numeric: true }) || place(a) - place(b);
}

function fileOf(extension: string): URL {
  return new URL(`../results.${extension}`, import.meta.url);
}
