import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "./errors.js";
import { defaultExport } from "./executors/worker-application.js";
import type { ApplicationDefinition } from "./web/application.js";

/**
 * Stands for the module of a definition that is in none, such as one written in a spec: an executor whose workers would
 * have to import it is refused.
 */
export const noModule = new URL("waterspout:no-module");

/**
 * A module's URL, from a URL or a path.
 *
 * @param caller names the place in the message.
 * @throws ConfigurationError when it is neither.
 */
export function moduleURL(module: string | URL, caller: string): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "string" && module !== "") {
    return module.startsWith("file:") ? module : pathToFileURL(module).href;
  }
  throw new ConfigurationError(
    `${caller}: the module is a file: URL, a URL or a path, such as import.meta.url (__filename in CommonJS), got ${typeof module}`,
  );
}

/**
 * The module that workers import when the definition does not say: the program's main module.
 *
 * @throws ConfigurationError when there is none, as with `node --eval`, or the definition is known to be in no module.
 */
export function applicationModule(module: string | URL | undefined): string {
  if (module !== undefined && String(module) !== noModule.href) return moduleURL(module, "module");
  const program = module === undefined ? mainModule() : undefined;
  if (program !== undefined) return program;
  throw new ConfigurationError(
    "workers of an executor import the application's module, and this definition does not name one: add " +
      "`module: import.meta.url` to it in the module that calls bootstrap() or exports defineApplication(…), " +
      "or use an InlineExecutor",
  );
}

/** `node dist/main` and `node dist` name no file: Node looks for one, and so does this. */
function mainModule(): string | undefined {
  const program = process.argv[1];
  if (program === undefined) return undefined;
  try {
    return pathToFileURL(createRequire(program).resolve(program)).href;
  } catch {
    return pathToFileURL(program).href;
  }
}

/** On a definition that is served with options of its own: the one that the module exports, and workers find there. */
const exportedDefinition = Symbol("waterspout:exported-definition");

/** A definition as it is served: `options` take the place of what its module says, for servers alone. */
export function servedWith(
  exported: ApplicationDefinition,
  options: Partial<ApplicationDefinition>,
): ApplicationDefinition {
  return { ...exported, ...options, [exportedDefinition]: exported } as ApplicationDefinition;
}

/** What workers find of a definition in its module: all of it, unless it is {@link servedWith} options. */
export function knownToWorkers(definition: ApplicationDefinition): ApplicationDefinition {
  const { [exportedDefinition]: exported = definition } = definition as {
    readonly [exportedDefinition]?: ApplicationDefinition;
  };
  return exported;
}

/**
 * The definition that a module exports as its default.
 *
 * @throws ConfigurationError when the module does not exist or exports none; whatever it throws itself.
 */
export async function importDefinition(module: string, caller: string): Promise<ApplicationDefinition> {
  // The main module is being evaluated: to import it here would be to wait for itself.
  const exported = module === mainModule() ? undefined : await importDefault(module, caller);
  if (typeof exported === "object" && exported !== null && "handlers" in exported) {
    return exported as ApplicationDefinition;
  }
  throw new ConfigurationError(
    `${caller}: there are no \`handlers\` in the options, and ${module} has no default export made by defineApplication({ handlers, … })`,
  );
}

async function importDefault(module: string, caller: string): Promise<unknown> {
  try {
    return defaultExport((await import(module)) as object);
  } catch (error) {
    const { code, url } = error as { code?: string; url?: string };
    if (code !== "ERR_MODULE_NOT_FOUND" || url !== module) throw error;
    throw new ConfigurationError(
      `${caller}: there is no module ${module}; name the compiled file, such as new URL("./app.js", import.meta.url)`,
      { cause: error },
    );
  }
}
