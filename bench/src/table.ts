import type { Row } from "./work.js";

const head = ["work", "server", "figure", "", "requests/s", "p99 ms", "waterspout / it", "", ""];
const isText = new Set([0, 1, 3, 7, 8]);

/** One table for all, its columns aligned, numbers to the right. */
export function table(rows: readonly Row[], titleOf: (work: string) => string): string {
  const lines = rows.map((row, index) => [
    row.work === rows[index - 1]?.work ? "" : titleOf(row.work),
    ...cellsOf(row),
  ]);
  return aligned([head, ...lines]);
}

function cellsOf(row: Row): string[] {
  return [
    row.subject,
    digits(row.figure),
    row.unit,
    row.requestsPerSecond?.toFixed(0) ?? "",
    row.p99 === undefined ? "" : digits(row.p99),
    row.ratio?.toFixed(2) ?? "",
    row.spread === undefined ? "" : `(${row.spread.map((ratio) => ratio.toFixed(2)).join(" to ")})`,
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
