import { ConfigurationError } from "./errors.js";
import { workerBoot } from "./executors/worker-application.js";
import { IOLoop } from "./loop.js";
import { importDefinition, moduleURL } from "./modules.js";
import type { SupervisorOptions } from "./process/options.js";
import { workerApplication } from "./wiring.js";
import { HTTPServer } from "./server.js";
import { explained } from "./start-failure.js";
import { Application, type ApplicationDefinition } from "./web/application.js";
import { definitionNames, refuseUnknown } from "./web/definition.js";

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

const supervisionNames = {
  balance: 1,
  killMargin: 1,
  bootTimeout: 1,
  stableTime: 1,
  maxRestarts: 1,
  restartWindow: 1,
  maxRequests: 1,
  maxMemoryMb: 1,
  title: 1,
  pidFile: 1,
  onSupervisor: 1,
} satisfies Record<keyof Omit<SupervisorOptions, "gracePeriod" | "onReady">, 1>;
const servingNames = ["port", "host", "processes", ...Object.keys(supervisionNames)];

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
export function bootstrap(module: string | URL, options: BootstrapOptions | ServeOptions = {}): Promise<void> {
  return explained(() => serve(module, options));
}

async function serve(module: string | URL, options: BootstrapOptions | ServeOptions): Promise<void> {
  const url = moduleURL(module, "bootstrap()");
  refuseSecondCall(url);
  refuseUnknown(
    "bootstrap()",
    options,
    [...servingNames, ...definitionNames].filter((name) => name !== "module"),
  );
  const { port, host, processes } = place(options);
  const server = new HTTPServer(new Application({ ...(await definitionOf(url, options)), module: url }));
  server.bind(port, host);
  await server.start(processes, picked(options, Object.keys(supervisionNames)));
  await IOLoop.current().start();
}

function refuseSecondCall(module: string): void {
  if (bootstrapped.has(module)) {
    throw new ConfigurationError(`bootstrap() was called twice for ${module}: one call serves all its handlers`);
  }
  bootstrapped.add(module);
}

async function definitionOf(module: string, options: BootstrapOptions | ServeOptions): Promise<ApplicationDefinition> {
  const own = picked(options, definitionNames) as Partial<ApplicationDefinition>;
  if (own.handlers !== undefined) return { ...own, handlers: own.handlers };
  if (own.configure !== undefined) {
    throw new ConfigurationError(
      `bootstrap(): \`configure\` belongs into the definition that ${module} exports: workers import only that`,
    );
  }
  return { ...(await importDefinition(module, "bootstrap()")), ...own };
}

function picked(options: object, names: readonly string[]): Record<string, unknown> {
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && names.includes(name));
  return Object.fromEntries(given);
}

/** What is not said comes from the environment, as hosts set it. */
function place({ port, host, processes }: ServeOptions): { port: number; host: string | undefined; processes: number } {
  return {
    port: port ?? environmentNumber("PORT") ?? 8888,
    host: host ?? (process.env["HOST"] || undefined),
    processes: processes ?? environmentNumber("WEB_CONCURRENCY") ?? 1,
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
