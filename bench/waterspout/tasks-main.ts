/** `node tasks-main.js <threads> [niceness]` */
import { bootstrap, ThreadPoolExecutor } from "waterspout";

const [threads = 1, niceness = 0] = process.argv.slice(2).map(Number);
// As many clients as the bench has may wait.
const pool = new ThreadPoolExecutor({ maxThreads: threads, minThreads: threads, maxQueue: 1_000, niceness });

await bootstrap(new URL("./tasks.js", import.meta.url), { executors: { default: pool }, host: "127.0.0.1", port: 0 });
