import { readFile } from "node:fs/promises";

/** Memory of a process. Bytes. */
export interface ProcessMemory {
  /** Resident: what would be missing if no other process shared it. */
  readonly rss: number;
  /** Proportional: pages that several processes share are divided among them, so that sums are true. */
  readonly pss: number;
}

/** Reads what Linux knows of a process; undefined when it has ended, belongs to somebody else, or on another system. */
export async function memoryOf(pid: number): Promise<ProcessMemory | undefined> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const [rss, pss] = [bytesOf("Rss", text), bytesOf("Pss", text)];
  return rss === undefined || pss === undefined ? undefined : { rss, pss };
}

/** A line of proc_pid_smaps(5): `Pss:   1234 kB`. */
function bytesOf(name: string, text: string): number | undefined {
  const kilobytes = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
