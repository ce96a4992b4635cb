import type { BootstrapOptions, ServeOptions } from "./bootstrap.js";
import { ConfigurationError } from "./errors.js";
import { IOLoop } from "./loop.js";
import { importDefinition, moduleURL, servedWith } from "./modules.js";
import type { SupervisorOptions } from "./process/options.js";
import { HTTPServer } from "./server.js";
import { explained } from "./start-failure.js";
import { Application, type ApplicationDefinition } from "./web/application.js";
import { definitionNames, refuseUnknown } from "./web/definition.js";

const supervisionNames = {
  balance: 1,
  killMargin: 1,
  bootTimeout: 1,
  stableTime: 1,
  livenessTimeout: 1,
  maxRestarts: 1,
  restartWindow: 1,
  maxRequests: 1,
  maxMemoryMb: 1,
  maxLostThreads: 1,
  title: 1,
  pidFile: 1,
  onSupervisor: 1,
} satisfies Record<keyof Omit<SupervisorOptions, "gracePeriod" | "onReady">, 1>;
const servingNames = ["port", "host", "processes", ...Object.keys(supervisionNames)];

const bootstrapped = new Set<string>();

/** What `bootstrap` does where an application is served. */
export function serve(module: string | URL, options: BootstrapOptions | ServeOptions): Promise<void> {
  return explained(() => serveModule(module, options));
}

async function serveModule(module: string | URL, options: BootstrapOptions | ServeOptions): Promise<void> {
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

/**
 * The definition in `options`, or the one that the module exports, with what `options` add.
 *
 * @throws ConfigurationError when there is none.
 */
async function definitionOf(module: string, options: BootstrapOptions | ServeOptions): Promise<ApplicationDefinition> {
  const own = picked(options, definitionNames) as Partial<ApplicationDefinition>;
  if (own.handlers !== undefined) return { ...own, handlers: own.handlers };
  if (own.configure !== undefined) {
    throw new ConfigurationError(
      `bootstrap(): \`configure\` belongs into the definition that ${module} exports: workers import only that`,
    );
  }
  return servedWith(await importDefinition(module, "bootstrap()"), own);
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
