import { spawnSync } from "node:child_process";
import type { Comparison } from "../calls.js";
import { environment, program } from "../served.js";
import { median, ratioOf } from "../statistics.js";
import type { Row, Work } from "../work.js";

/** Calls of executors in one process, without HTTP. */
export const calls: Work = {
  name: "calls",
  title: "calls without HTTP",
  async measure({ node, rounds }) {
    const [file = "", ...args] = program(node, "./calls.js", String(rounds));
    const { status, stdout } = spawnSync(file, args, {
      encoding: "utf8",
      env: environment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`calls.js ended with ${status}`);
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .flatMap((line) => rowsOf(JSON.parse(line) as Comparison));
  },
};

function rowsOf({ ours, theirs, unit, figures }: Comparison): Row[] {
  const first = figures.map(([figure]) => figure);
  const second = figures.map(([, figure]) => figure);
  return [rowOf(ours, unit, first, first), rowOf(theirs, unit, first, second)];
}

function rowOf(subject: string, unit: string, ours: readonly number[], all: readonly number[]): Row {
  const least = Math.min(...all);
  return { work: "calls", subject, figure: median(all), least, unit, ratio: ratioOf(ours, all) };
}
