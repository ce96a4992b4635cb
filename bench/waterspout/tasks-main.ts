/** `node tasks-main.js <threads> [niceness]` */
import { bootstrap, ThreadPoolExecutor } from "waterspout";

const [threads, given] = process.argv.slice(2);
const niceness = given === undefined ? "auto" : Number(given);
// As many clients as the bench has may wait.
const pool = new ThreadPoolExecutor({
  maxThreads: Number(threads),
  minThreads: Number(threads),
  maxQueue: 1_000,
  niceness,
});

await bootstrap(new URL("./tasks.js", import.meta.url), { executors: { default: pool }, host: "127.0.0.1", port: 0 });
