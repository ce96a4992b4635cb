import type { Application } from "./application.js";
import type { RouteSpec } from "./route.js";
import { verbTable } from "./verbs.js";

const titles = ["METHODS", "HOST", "PATH", "NAME", "HANDLER"];

/**
 * The routing table of an application as aligned text, in the order in which it is written: for a log at start, or a
 * command line. Nothing has to be started for it.
 *
 * @example console.log(formatRoutes(application));
 * // METHODS             PATH        NAME  HANDLER
 * // GET, HEAD, OPTIONS  /users/:id  user  UserHandler
 */
export function formatRoutes(application: Application): string {
  const rows = application.routes.map(rowOf);
  if (application.defaultRoute !== undefined) {
    rows.push(["any", "", "(no route)", "", application.defaultRoute.handler.name]);
  }
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
