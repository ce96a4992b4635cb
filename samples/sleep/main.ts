/**
 * The sleep service: one page, one route that blocks for 15 seconds, and one that answers at once.
 *
 *   npm start                                        # http://127.0.0.1:8888, 5 processes with 20 threads each
 *   curl http://127.0.0.1:8888/sleep                 # Finish 2026-11-23T09:00:00.000Z, after 15 s
 *   curl http://127.0.0.1:8888/ping                  # {"pid":4711,"taskId":2}, at once
 *   npm start -- --port=8080 --processes=1 --step=100ms
 */
import { bootstrap, define, parseCommandLine, ThreadPoolExecutor } from "waterspout";
import { SleepHandler } from "./app.js";
import { PageHandler, PingHandler, RunsHandler, StepsHandler } from "./page.js";

const port = define("port", { type: "integer", default: 8888, min: 0, max: 65_535, help: "where to listen" });
const processes = define("processes", { type: "integer", default: 5, min: 0, help: "0 is one per CPU" });
const threads = define("threads", { type: "integer", default: 20, min: 1, help: "threads of each process" });
parseCommandLine();

await bootstrap(import.meta.url, {
  handlers: [SleepHandler, PageHandler, PingHandler, StepsHandler, RunsHandler],
  executors: { default: new ThreadPoolExecutor(threads.value) },
  port: port.value,
  processes: processes.value,
});
