/**
 * What processes and threads weigh. Pages that several processes map (the binary of Node, its libraries) are in the RSS of
 * each; PSS divides them among those who have them: what five children have in common is the reason to fork.
 */
import { readFileSync } from "node:fs";
import { type Peers, taskPeers, withPeers } from "../peers.js";
import { processesCommand } from "../processes.js";
import type { Served } from "../served.js";
import type { Row, Work } from "../work.js";

const single = taskPeers(20);

const subjects: Peers = {
  "waterspout, 20 threads": single["waterspout"] ?? nothing,
  "fastify + piscina, 20 threads": single["fastify + piscina"] ?? nothing,
  "waterspout, 5 processes": (node) => processesCommand(node, "shared", 5),
  "waterspout, 5 × 20 threads": (node) => processesCommand(node, "shared", 5, 20),
};

/** Of the processes that serve, all together. Kilobytes. */
interface Memory {
  readonly count: number;
  readonly rss: number;
  readonly pss: number;
  readonly common: number;
}

export const memory: Work = {
  name: "memory",
  title: "memory of each process",
  async measure(options) {
    const rows: Row[] = [];
    // One after the other: programs that run beside each other have Node's own pages in common.
    for (const [subject, how] of Object.entries(subjects)) {
      rows.push(
        ...(await withPeers({ [subject]: how }, options, async (running) => rowsOf(subject, running.get(subject)))),
      );
    }
    return rows;
  },
};

async function rowsOf(subject: string, server: Served | undefined): Promise<Row[]> {
  if (server === undefined) return [];
  // One request for each, so that none is smaller for having done nothing.
  for (let request = 0; request < 50; request++) {
    await (await fetch(`${server.url}/light`, { headers: { connection: "close" } })).text();
  }
  const { children } = server;
  const { count, rss, pss, common } = sum(children.length === 0 ? [server.pid] : children);
  const note = `${((common / rss) * 100).toFixed(0)} % in common pages, PSS / RSS ${(pss / rss).toFixed(2)}`;
  return [
    { work: "memory", subject, figure: rss / 1024 / count, unit: "MB RSS" },
    { work: "memory", subject, figure: pss / 1024 / count, unit: "MB PSS", note },
  ];
}

function sum(pids: readonly number[]): Memory {
  const all = pids.map(memoryOf);
  const of = (...fields: string[]): number =>
    all.reduce((total, fieldsOf) => fields.reduce((part, field) => part + (fieldsOf.get(field) ?? 0), total), 0);
  return { count: pids.length, rss: of("Rss"), pss: of("Pss"), common: of("Shared_Clean", "Shared_Dirty") };
}

/** Kilobytes, by the names in /proc/PID/smaps_rollup. */
function memoryOf(pid: number): ReadonlyMap<string, number> {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return new Map([...text.matchAll(/^(\w+): +(\d+) kB$/gm)].map(([, name = "", size]) => [name, Number(size)]));
}

function nothing(): { readonly missing: string } {
  return { missing: "there is no such peer" };
}
