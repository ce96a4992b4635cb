/**
 * How much memory five children have in common: the reason to fork. Pages that several processes map (the binary of Node, its
 * libraries) are in the RSS of each; PSS divides them among those who have them.
 */
import { readFileSync } from "node:fs";
import { Served, program } from "./served.js";

for (const threads of [0, 20]) {
  const served = await Served.start(program(process.execPath, "./processes-server.js", "shared", "5", String(threads)));
  // One request for each, so that none is smaller for having done nothing.
  for (let request = 0; request < 50; request++)
    await (await fetch(served.url, { headers: { connection: "close" } })).text();
  const children = served.children.map(memoryOf);
  const sum = (field: string): number => children.reduce((total, memory) => total + (memory.get(field) ?? 0), 0);
  const [rss, pss, common] = [sum("Rss"), sum("Pss"), sum("Shared_Clean") + sum("Shared_Dirty")];
  console.log(
    `${children.length} children${threads === 0 ? "" : ` with ${threads} threads each`}: ` +
      `RSS ${mb(rss / children.length)}, PSS ${mb(pss / children.length)} each; ` +
      `${((common / rss) * 100).toFixed(0)} % of RSS in common pages; PSS / RSS = ${(pss / rss).toFixed(2)}`,
  );
  await served.stop();
}

/** Kilobytes, by the names in /proc/PID/smaps_rollup. */
function memoryOf(pid: number): ReadonlyMap<string, number> {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return new Map([...text.matchAll(/^(\w+): +(\d+) kB$/gm)].map(([, name = "", size]) => [name, Number(size)]));
}

function mb(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(1)} MB`;
}
