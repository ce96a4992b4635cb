import { parentPort } from "node:worker_threads";

/** The least that a worker of an ESM project is; it stays, as a worker of a pool does. */
parentPort?.on("message", () => undefined);
parentPort?.postMessage("ready");
