/** `node tasks-main.js <threads> [niceness]` */
import { bootstrap, ThreadPoolExecutor } from "waterspout";

const [threads = 1, niceness = 0] = process.argv.slice(2).map(Number);

await bootstrap(new URL("./tasks.js", import.meta.url), {
  // As many clients as the bench has may wait.
  executors: {
    default: new ThreadPoolExecutor({ maxThreads: threads, minThreads: threads, maxQueue: 1_000, niceness }),
  },
  host: "127.0.0.1",
  port: 0,
});
