import type { SupervisorOptions } from "./options.js";
import { isChild } from "./role.js";

// Every worker thread imports this file: what forks and supervises is loaded where that is done.

export type { Balance, SupervisorOptions } from "./options.js";
export { taskId } from "./role.js";

/**
 * Forks `n` children of this program; 0 is one per CPU. Node cannot copy a process that runs, so each child runs the
 * program's module again from its first line and comes to the same call, which gives it its task id, 0 … n-1. The process
 * that called first becomes the primary: there the promise never settles, and the process exits when all children have
 * ended. Until then it restarts children that crash, under the same task id, and stops all of them on SIGTERM or SIGINT.
 * A child that exits 0 stays down.
 *
 * Open nothing before the call that children must not have a second time, and put what the primary must not do after it.
 * A child counts as ready as soon as the call returns there.
 *
 * @throws ConfigurationError (through the promise) for an `n` that is no integer from 0 up, an option out of range, in a
 * worker thread, in a worker of another cluster, the second time, and after the IOLoop was started.
 *
 * @example
 * const id = await forkProcesses(0);
 * createServer(answer).listen(8888);        // all children share the port
 *
 * Source: Tornado's `tornado.process.fork_processes`.
 */
export async function forkProcesses(n: number, options: SupervisorOptions = {}): Promise<number> {
  const { explained } = await import("../start-failure.js");
  return explained(() => fork(n, options));
}

async function fork(n: number, options: SupervisorOptions): Promise<number> {
  if (isChild()) return becomeReadyChild(options);
  const { supervise } = await import("./supervisor.js");
  const { code } = await supervise(n, options);
  return process.exit(code);
}

async function becomeReadyChild({ title }: SupervisorOptions): Promise<number> {
  const { enterChild, reportReady } = await import("./child.js");
  const { nameProcess } = await import("./title.js");
  const id = enterChild();
  nameProcess(title);
  await reportReady({});
  return id;
}
