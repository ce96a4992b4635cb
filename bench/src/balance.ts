/**
 * How connections reach the children, in three ways. Fairness as shares of 64 connections, costs as ratios of one run.
 */
import type { LoadOptions, LoadResult } from "../../spec/support/load-client.js";
import { type Way, startProcesses, ways } from "./processes.js";
import type { Served } from "./served.js";

const client = new URL("../../.build/spec/support/load-client.js", import.meta.url);
const { startLoad } = (await import(client.href)) as typeof import("../../spec/support/load-client.js");

const rounds = 5;
const seconds = 2;

await fairness(2);
await fairness(5);
await costs();

async function fairness(processes: number): Promise<void> {
  for (const way of ways) {
    const served = await startProcesses(process.execPath, way, processes);
    for (const [how, openEvery] of [
      ["at once", 0],
      ["one every 10 ms", 10],
    ] as const) {
      const found: number[][] = [];
      for (let round = 0; round < rounds; round++) {
        found.push(shares(await run(served, { clients: 64, mix: { paced: 1 }, openEvery, seconds: 1.5 }), processes));
      }
      const worst = Math.min(...found.map((connections) => Math.min(...connections))) / 64;
      const list = found.map((connections) => connections.join("/")).join("  ");
      console.log(
        `${processes} processes, 64 connections ${how}, ${way}: least ${(worst * 100).toFixed(0)} %   ${list}`,
      );
    }
    await served.stop();
  }
}

/** Connections of each process, those that got none included. */
function shares({ processes }: LoadResult, count: number): number[] {
  const connections = Object.values(processes).map((share) => share.connections);
  return [...connections, ...Array.from({ length: count - connections.length }, () => 0)].toSorted((a, b) => b - a);
}

async function costs(): Promise<void> {
  const served = new Map<Way, Served>();
  for (const way of ways) served.set(way, await startProcesses(process.execPath, way, 2));
  for (const kind of ["fresh", "busy"] as const) {
    const rates = new Map<Way, number[]>(ways.map((way) => [way, []]));
    const cpus = new Map<Way, number[]>(ways.map((way) => [way, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [way, server] of served) {
        const before = server.cpu();
        const result = await run(server, { clients: 32, mix: { [kind]: 1 }, seconds });
        rates.get(way)?.push(result.requests / result.seconds);
        cpus.get(way)?.push((server.cpu() - before) / result.requests);
      }
    }
    const what = kind === "fresh" ? "a connection for each request" : "keep-alive";
    console.log(`${what}: requests/s ${ratios(rates)}; processor time of the servers ${ratios(cpus)}`);
  }
  for (const server of served.values()) await server.stop();
}

/** Each way against node:cluster's sharing: the median of the rounds' ratios. */
function ratios(figures: ReadonlyMap<Way, readonly number[]>): string {
  const base = figures.get("cluster") ?? [];
  return ways
    .map((way) => {
      const all = (figures.get(way) ?? []).map((figure, round) => figure / (base[round] ?? Number.NaN));
      const median = all.toSorted((a, b) => a - b)[all.length >> 1];
      return `${way} ${median?.toFixed(2)}`;
    })
    .join(", ");
}

async function run(served: Served, options: Omit<LoadOptions, "url" | "method">): Promise<LoadResult> {
  const result = await startLoad({ url: `${served.url}/`, method: "GET", ...options }).result;
  if (result.failed > 0) console.error(`${result.failed} requests failed`, result.counts);
  return result;
}
