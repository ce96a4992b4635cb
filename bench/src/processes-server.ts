/**
 * Serves what tells which process answers: `node processes-server.js <balance> <processes> <threads of each>`. The balance
 * `cluster` is node:cluster's own sharing: the children accept on one socket, and that is all.
 */
import cluster from "node:cluster";
import { bootstrap, RequestHandler, Route, ThreadPoolExecutor } from "waterspout";

@Route("/")
class PidHandler extends RequestHandler {
  get(): string {
    this.setHeader("X-Pid", String(process.pid));
    return "hello";
  }
}

const [balance = "shared", processes = "2", threads = "0"] = process.argv.slice(2);
const count = Number(threads);
/** A hundred threads are started at the same moment. Milliseconds. */
const bootTimeout = 180_000;

if (balance === "cluster" && cluster.isPrimary) {
  // The first call settles the policy.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary();
}
await bootstrap(import.meta.url, {
  handlers: [PidHandler],
  ...(count > 0 && {
    executors: { default: new ThreadPoolExecutor({ maxThreads: count, minThreads: count, bootTimeout }) },
  }),
  bootTimeout,
  balance: balance === "shared" ? "shared" : "round-robin",
  processes: Number(processes),
  port: 0,
  accessLog: false,
  drainLinger: 0,
});
