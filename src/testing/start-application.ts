import { importDefinition, moduleURL, noModule, servedWith } from "../modules.js";
import { HTTPServer } from "../server.js";
import type { StopReport } from "../stop-report.js";
import { Application, type ApplicationDefinition } from "../web/application.js";

/** What a spec may change of the application that it starts. */
export type StartOptions = Partial<ApplicationDefinition>;

/** An application that serves on a free port of 127.0.0.1 in this process, until it is stopped. */
export interface RunningApplication extends AsyncDisposable {
  /** `http://127.0.0.1:…`, without a slash at the end. */
  readonly url: string;
  readonly application: Application;
  /** Asks for a path of the application. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Drains, ends executors and services. Safe to call twice. */
  stop(): Promise<StopReport>;
}

/**
 * Starts an application for a spec: the default export of the module at `source`, or a definition. Threads of its
 * executors import the module, so a bare definition can use an `InlineExecutor` only, unless `module` names one.
 *
 * @param options replaces parts of the definition. Idle connections are closed at once at the end unless `drainLinger` says
 * otherwise, so that a spec does not wait for them; `blockedLoopThreshold` is off, because a machine that runs specs is slow at
 * times, and an `InlineExecutor` blocks on purpose.
 * @throws ConfigurationError when the module has no such export, and whatever starting throws.
 *
 * @example
 * await using app = await startApplication(new URL("../src/app.js", import.meta.url), { accessLog: false });
 * expect((await app.fetch("/sleep")).status).to.equal(200);
 */
export async function startApplication(
  source: string | URL | ApplicationDefinition,
  options: StartOptions = {},
): Promise<RunningApplication> {
  const definition = isModule(source)
    ? servedWith(await exportedBy(source), options)
    : { module: noModule, ...source, ...options };
  const application = new Application({ drainLinger: 0, blockedLoopThreshold: 0, ...definition });
  const server = new HTTPServer(application);
  const { port } = await server.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    application,
    fetch: (path, init) => fetch(url + path, init),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: async () => void (await server.stop()),
  };
}

function isModule(source: string | URL | ApplicationDefinition): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

async function exportedBy(source: string | URL): Promise<ApplicationDefinition> {
  const module = moduleURL(source, "startApplication()");
  return { ...(await importDefinition(module, "startApplication()")), module };
}
