import { workerBoot } from "./executors/worker-application.js";
import { ConfigurationError } from "./errors.js";
import { IOLoop } from "./loop.js";
import type { SupervisorOptions } from "./process/options.js";
import { moduleURL, workerApplication } from "./runtime.js";
import { HTTPServer } from "./server.js";
import { Application, type ApplicationDefinition } from "./web/application.js";

/** Where and how often an application is served. */
export interface ServeOptions extends Omit<SupervisorOptions, "gracePeriod" | "onReady"> {
  /** Default: `PORT`, else 8888. 0 is any free one. */
  readonly port?: number;
  /** Default: `HOST`, else `0.0.0.0` when NODE_ENV is production, else `127.0.0.1`. */
  readonly host?: string;
  /** 0 is one per CPU, 1 does not fork. Default: `WEB_CONCURRENCY`, else 1. */
  readonly processes?: number;
}

/** A definition and how it is served. */
export interface BootstrapOptions extends ApplicationDefinition, ServeOptions {}

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
  const boot = (): ReturnType<typeof workerApplication> => workerApplication(new Application(definition));
  return Object.freeze(Object.defineProperty(defined, workerBoot, { value: boot }));
}

const bootstrapped = new Set<string>();

/**
 * Serves an application: the whole of a main module. The module that calls it is evaluated in each role. In the primary it
 * forks and supervises, and settles when all children have ended. In a server, forked or alone, it starts container,
 * executors, application, listens, and settles after the drain. In a worker of an executor it hands the container over and
 * never settles.
 *
 * @param module `import.meta.url` of the calling module when `options` has the handlers, or the URL or path of a module
 * whose default export is made by `defineApplication`.
 * @throws ConfigurationError, InjectionError, StartError, WorkerBootError: before anything is served, with what to change.
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
  const url = moduleURL(module);
  refuseSecondCall(url);
  const definition = await definitionOf(url, options);
  const { port, host, processes, supervision } = serveOptions(options);
  const server = new HTTPServer(new Application({ ...definition, module: url }));
  server.bind(port, host);
  await server.start(processes, supervision);
  await IOLoop.current().start();
}

function refuseSecondCall(module: string): void {
  if (bootstrapped.has(module)) {
    throw new ConfigurationError(`bootstrap() was called twice for ${module}: one call serves all its handlers`);
  }
  bootstrapped.add(module);
}

async function definitionOf(module: string, options: BootstrapOptions | ServeOptions): Promise<ApplicationDefinition> {
  if ("handlers" in options) return options;
  const namespace = (await import(module)) as { default?: ApplicationDefinition };
  if (namespace.default?.handlers !== undefined) return { ...namespace.default, ...options };
  throw new ConfigurationError(
    `bootstrap(): there are no \`handlers\` in the options, and ${module} has no default export made by defineApplication({ handlers, … })`,
  );
}

interface Serving {
  readonly port: number;
  readonly host: string | undefined;
  readonly processes: number;
  readonly supervision: SupervisorOptions;
}

/** What is not said comes from the environment, as hosts set it. */
function serveOptions(options: ServeOptions): Serving {
  const { balance, killMargin, bootTimeout, maxRestarts, restartWindow } = options;
  const given = { balance, killMargin, bootTimeout, maxRestarts, restartWindow };
  const supervision = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    port: options.port ?? environmentNumber("PORT") ?? 8888,
    host: options.host ?? (process.env["HOST"] || undefined),
    processes: options.processes ?? environmentNumber("WEB_CONCURRENCY") ?? 1,
    supervision,
  };
}

function environmentNumber(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new ConfigurationError(
    `the environment variable ${name} must be a whole number, it is ${JSON.stringify(text)}`,
  );
}
