import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

const threads = Number(process.argv[2] ?? 1);

const pool = new Piscina({
  filename: fileURLToPath(new URL("./piscina-worker.js", import.meta.url)),
  atomics: "disabled",
  minThreads: threads,
  maxThreads: threads,
  maxQueue: 1_000,
});

/** The routes of the programs that use piscina by hand: what each answers, given the number in its query. */
export const routes: Readonly<Record<string, (rounds: number) => Promise<object> | object>> = {
  "/nothing": async () => ({ value: (await pool.run(1, { name: "nothing" })) as number }),
  "/image": async () => {
    const sent = new Uint8Array(1_000_000);
    const image = (await pool.run(sent, { name: "inverted", transferList: [sent.buffer] })) as Uint8Array;
    return { bytes: image.byteLength, first: image[0] };
  },
  "/hash": async (rounds) => ({ hash: (await pool.run(rounds, { name: "hash" })) as string }),
  "/light": () => ({ value: 1 }),
};
