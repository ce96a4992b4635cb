/** `node tasks-main.js <threads>` */
import { bootstrap, ThreadPoolExecutor } from "waterspout";

const threads = Number(process.argv[2] ?? 1);

await bootstrap(new URL("./tasks.js", import.meta.url), {
  // As many clients as the bench has may wait.
  executors: { default: new ThreadPoolExecutor({ maxThreads: threads, minThreads: threads, maxQueue: 1_000 }) },
  host: "127.0.0.1",
  port: 0,
});
