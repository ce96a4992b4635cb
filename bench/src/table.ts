import type { Result } from "./results.js";
import type { Row } from "./work.js";

const head = ["work", "server", "median", "least", "", "requests/s", "p99 ms", "waterspout / it", "", "of least", ""];
const isText = new Set([0, 1, 4, 8, 10]);

/** One table for all, its columns aligned, numbers to the right. */
export function table(results: readonly Result[]): string {
  return aligned([head, ...linesOf(results)]);
}

/** The same for a page. */
export function markdownTable(results: readonly Result[]): string {
  const rule = head.map((_, column) => (isText.has(column) ? "---" : "--:"));
  return [head, rule, ...linesOf(results)].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A work is named in its first line. */
function linesOf(results: readonly Result[]): string[][] {
  return results.flatMap(({ title, rows }) => rows.map((row, index) => [index === 0 ? title : "", ...cellsOf(row)]));
}

function cellsOf(row: Row): string[] {
  return [
    row.subject,
    digits(row.figure),
    row.least === undefined ? "" : digits(row.least),
    row.unit,
    row.requestsPerSecond?.toFixed(0) ?? "",
    row.p99 === undefined ? "" : digits(row.p99),
    row.ratio?.median.toFixed(2) ?? "",
    row.ratio === undefined ? "" : `(${row.ratio.from.toFixed(2)} to ${row.ratio.to.toFixed(2)})`,
    row.ratio?.ofLeast.toFixed(2) ?? "",
    row.note ?? "",
  ];
}

/** Three of them, which is more than the machine can repeat. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    isText.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((cells) => cells.map(pad).join("  ").trimEnd()).join("\n");
}
