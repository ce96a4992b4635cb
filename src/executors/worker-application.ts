import { setTimeout as delay } from "node:timers/promises";
import type { Acquired } from "../concurrent.js";
import { isWorker } from "../decorators/calls.js";
import { ConfigurationError, WorkerBootError } from "../errors.js";

/** What a worker needs of the application: no routes, no sockets, only instances of its classes. */
export interface WorkerApplication {
  readonly registryHash: string;
  /** The worker's own instance of the class that is registered under `token`; services are shared between tasks. */
  acquire(token: string): Acquired;
  dispose(): Promise<void>;
}

/** Builds the container of an application for a worker. */
export type WorkerBoot = (taskId: number | null) => Promise<WorkerApplication>;

/** On a definition that is a module's default export: how a worker builds it. */
export const workerBoot = Symbol("waterspout:worker-boot");

let deliver: ((boot: WorkerBoot) => void) | undefined;

/**
 * Hands the application of the module that is being imported to the worker that imports it. The promise never settles, so
 * that nothing after `await bootstrap()` runs on a worker.
 *
 * @throws ConfigurationError in a thread that no executor started.
 */
export function handOver(boot: WorkerBoot): Promise<never> {
  if (deliver === undefined) {
    throw new ConfigurationError(
      "the application was started in a worker thread of your own: start it in the main thread; executors start their threads themselves",
    );
  }
  deliver(boot);
  return new Promise<never>(() => undefined);
}

/**
 * How long a module may take to call `bootstrap` once it has been evaluated, in milliseconds: one that does not await it at
 * the top level, such as CommonJS, calls it a little later.
 */
const callWithin = 2_000;

/**
 * Imports the application's module and waits for what it hands over: by calling `bootstrap` or starting a server, or as a
 * default export made by `defineApplication`.
 *
 * @throws WorkerBootError when the module does neither, and whatever the module throws.
 */
export async function importApplication(module: string): Promise<WorkerBoot> {
  if (!isWorker()) throw new Error("importApplication: not a worker");
  const handedOver = new Promise<WorkerBoot>((resolve) => (deliver = resolve));
  // A module that awaits bootstrap() is never done evaluating: whichever comes first counts.
  const imported = import(module).then((namespace: object) => exportedBoot(namespace) ?? neverCalled(module));
  return Promise.race([handedOver, imported]);
}

function exportedBoot(namespace: object): WorkerBoot | undefined {
  const { [workerBoot]: boot } = (defaultExport(namespace) ?? {}) as { [workerBoot]?: WorkerBoot };
  return boot;
}

async function neverCalled(module: string): Promise<never> {
  await delay(callWithin, undefined, { ref: false });
  throw new WorkerBootError(
    `${module} was imported by a worker but never called bootstrap(): pass bootstrap(import.meta.url, …) the module that calls it, ` +
      "or make `export default defineApplication({ … })` in the module that you name " +
      "(if it does call it, two copies of waterspout are installed: see `npm ls waterspout`)",
  );
}

/** How compilers mark a CommonJS module that they made of an ES module. */
const compiled = "__esModule";

/** The default export. Of a CommonJS module that a compiler made of `export default`, Node gives all exports as that. */
export function defaultExport(namespace: object): unknown {
  const { default: exported } = namespace as { default?: { [compiled]?: boolean; default?: unknown } };
  return exported?.[compiled] === true ? exported.default : exported;
}
