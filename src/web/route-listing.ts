import type { RouteSpec } from "./route.js";
import { verbTable } from "./verbs.js";

const titles = ["METHODS", "HOST", "PATH", "NAME", "HANDLER"];

/** The lines of `formatRoutes`; empty without a route. */
export function routeListing(routes: readonly RouteSpec[], defaultRoute: RouteSpec | undefined): string {
  const rows = routes.map(rowOf);
  if (defaultRoute !== undefined) rows.push(["any", "", "(no route)", "", defaultRoute.handler.name]);
  if (rows.length === 0) return "";
  // A column in which nothing stands says nothing.
  const columns = titles.map((_, index) => index).filter((index) => rows.some((row) => row[index] !== ""));
  return [titles, ...rows].map((row) => lineOf(row, columns, widthsOf([titles, ...rows]))).join("\n");
}

function rowOf({ pattern, host, name, handler }: RouteSpec): string[] {
  const { allow, other } = verbTable(handler);
  return [other === undefined ? allow : "any", String(host ?? ""), String(pattern), name ?? "", handler.name];
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return titles.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
}

function lineOf(row: readonly string[], columns: readonly number[], widths: readonly number[]): string {
  return columns
    .map((index) => (row[index] ?? "").padEnd(widths[index] ?? 0))
    .join("  ")
    .trimEnd();
}
