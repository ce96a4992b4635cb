import { isWorker } from "./decorators/calls.js";
import { handOver, workerBoot } from "./executors/worker-application.js";
import { onDemand } from "./on-demand.js";
import type { SupervisorOptions } from "./process/options.js";
import type { ApplicationDefinition } from "./web/application.js";
import { workerApplication } from "./wiring.js";

// At once: while an `import()` of it is under way, an `Application` that is made could not load its own part of the same file.
const serving = onDemand<typeof import("./serve.js")>("serve.js");

/** What workers need of a definition, too: it stands in the module that they import, and nowhere else. */
type SharedWithWorkers = "handlers" | "configure" | "module";

/** Where and how often an application is served, and what of its definition concerns servers alone. */
export interface ServeOptions
  extends Omit<SupervisorOptions, "gracePeriod" | "onReady">, Partial<Omit<ApplicationDefinition, SharedWithWorkers>> {
  /** Default: `PORT`, else 8888. 0 is any free one. */
  readonly port?: number;
  /** Default: `HOST`, else `0.0.0.0` when NODE_ENV is production, else `127.0.0.1`. */
  readonly host?: string;
  /** 0 is one per CPU, 1 does not fork. Default: `WEB_CONCURRENCY`, else 1. */
  readonly processes?: number;
}

/** A definition and how it is served. */
export interface BootstrapOptions extends ServeOptions, Omit<ApplicationDefinition, "module"> {}

/**
 * Makes a definition the default export of a module, so that it can be named by its URL: by `bootstrap`, by specs and by
 * workers, which then import nothing else.
 *
 * @example
 * // app.ts
 * export default defineApplication({ handlers: [SleepHandler] });
 * // main.ts
 * await bootstrap(new URL("./app.js", import.meta.url), { port: 8888, processes: 5 });
 */
export function defineApplication(definition: ApplicationDefinition): ApplicationDefinition {
  const defined = { ...definition };
  const boot = (): ReturnType<typeof workerApplication> => workerApplication(definition);
  return Object.freeze(Object.defineProperty(defined, workerBoot, { value: boot }));
}

/**
 * Serves an application: the whole of a main module. The module that calls it is evaluated in each role. In the primary it
 * forks and supervises, and settles when all children have ended. In a server, forked or alone, it starts container,
 * executors, application, listens, and settles after the drain. In a worker of an executor it hands the container over and
 * never settles.
 *
 * @param module `import.meta.url` of the calling module when `options` has the handlers, or the URL or path of a module
 * whose default export is made by `defineApplication`.
 * @throws ConfigurationError, InjectionError, StartError, WorkerBootError: before anything is served, with what to change.
 * A program that does not catch them prints the message alone and exits 1.
 *
 * @example
 * await bootstrap(import.meta.url, {
 *   handlers: [SleepHandler],
 *   executors: { default: new ThreadPoolExecutor(20) },
 *   port: 8888,
 *   processes: 5,
 * });
 */
export async function bootstrap(module: string | URL, options: BootstrapOptions | ServeOptions = {}): Promise<void> {
  if (isWorker()) return handOver(async () => workerApplication(await definitionOf(module, options)));
  return serving().serve(module, options);
}

/** As a worker needs it; its server has checked it. */
async function definitionOf(
  module: string | URL,
  options: BootstrapOptions | ServeOptions,
): Promise<ApplicationDefinition> {
  if ("handlers" in options) return options;
  const { importDefinition, moduleURL } = await import("./modules.js");
  const caller = "bootstrap()";
  return { ...(await importDefinition(moduleURL(module, caller), caller)), ...options };
}
