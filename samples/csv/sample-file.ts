import { existsSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { define } from "waterspout";

const rows = define("rows", { type: "integer", default: 200_000, min: 1, help: "how many rows the sample file has" });
const stations = ["Abha", "Bergen", "Cusco", "Dakar", "Erbil", "Fukuoka", "Genoa", "Havana"];

/** A CSV of measurements in the temporary folder; written when it is first asked for. */
export function sampleFile(): string {
  const file = join(tmpdir(), `waterspout-measurements-${rows.value}.csv`);
  if (existsSync(file)) return file;
  // Whole or not at all: others may be looking for it.
  writeFileSync(`${file}.${process.pid}`, lines().join("\n"));
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

function lines(): string[] {
  return Array.from({ length: rows.value }, (_, row) => `${stations[row % stations.length]},${(row % 500) / 10}`);
}
