import { Served, program } from "./served.js";

/**
 * How connections reach the children: as Waterspout does it (`shared`), by node:cluster's sharing alone (`cluster`), and
 * dealt out by the primary (`round-robin`).
 */
export const ways = ["shared", "cluster", "round-robin"] as const;

export type Way = (typeof ways)[number];

/** Starts a program that serves in several processes. */
export function startProcesses(node: string, way: Way, processes: number, threads = 0): Promise<Served> {
  return Served.start(processesCommand(node, way, processes, threads));
}

/** The command of that. */
export function processesCommand(node: string, way: Way, processes: number, threads = 0): readonly string[] {
  return program(node, "./processes-server.js", way, String(processes), String(threads));
}
