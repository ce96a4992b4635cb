import type { BenchOptions } from "../options.js";
import { type Peers, type Start, frameworks, nodeHttp, waterspout } from "../peers.js";
import { Served } from "../served.js";
import { median, ratioOf } from "../statistics.js";
import type { Row, Work } from "../work.js";

const peers: Peers = { waterspout, "node:http": nodeHttp, ...frameworks };

/** Milliseconds from the start of the program to its first answer: on the clock, and of the processor. */
interface Started {
  readonly wall: number;
  readonly cpu: number;
}

export const start: Work = {
  name: "start",
  title: "from the start to the first answer",
  async measure(options) {
    const found = await rounds(options);
    return [rowsOf(found, "wall", "ms"), rowsOf(found, "cpu", "CPU ms")].flat();
  },
};

/** The first round only fills the caches of the file system. */
async function rounds(options: BenchOptions): Promise<Map<string, Started[]>> {
  const found = new Map<string, Started[]>();
  for (let round = 0; round <= options.rounds; round++) {
    for (const [name, how] of Object.entries(peers)) {
      const started = await firstAnswer(how, options);
      if (started !== undefined && round > 0) found.set(name, [...(found.get(name) ?? []), started]);
    }
  }
  return found;
}

/** Undefined for what is not installed. */
async function firstAnswer(how: Start, { node }: BenchOptions): Promise<Started | undefined> {
  const command = how(node);
  if ("missing" in command) return undefined;
  const began = performance.now();
  const server = await Served.start(command);
  try {
    await (await fetch(`${server.url}/json`, { headers: { connection: "close" } })).text();
    return { wall: performance.now() - began, cpu: server.cpu() / 1000 };
  } finally {
    await server.stop();
  }
}

function rowsOf(found: ReadonlyMap<string, readonly Started[]>, which: keyof Started, unit: string): Row[] {
  const [ours = []] = [...found.values()].map((all) => all.map((started) => started[which]));
  return [...found].map(([subject, all]) => {
    const figures = all.map((started) => started[which]);
    const least = Math.min(...figures);
    return { work: "start", subject, figure: median(figures), least, unit, ratio: ratioOf(ours, figures) };
  });
}
