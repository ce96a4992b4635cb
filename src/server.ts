import type { AddressInfo } from "node:net";
import { handOver } from "./executors/worker-application.js";
import { isWorker } from "./decorators/calls.js";
import { ConfigurationError } from "./errors.js";
import type { HTTPTransport } from "./http/server.js";
import { IOLoop } from "./loop.js";
import { generalLog } from "./log.js";
import type { ReadyChild, SupervisorOptions } from "./process/options.js";
import { isChild } from "./process/role.js";
import { resolveCount } from "./process/options.js";
import { ApplicationRuntime, workerApplication } from "./runtime.js";
import type { Application } from "./web/application.js";

// What only a server or a primary needs is imported where it becomes one: every worker thread imports this file, too, and
// a thread is ready the sooner and the smaller the less it loads.

/** Where a server listens. */
interface Binding {
  readonly port: number;
  readonly host: string;
}

/**
 * Serves an application over HTTP, from this process or from several that share one port.
 *
 * @example
 * const server = new HTTPServer(new Application({ handlers: [SleepHandler] }));
 * server.bind(8888);
 * await server.start(5);
 * await IOLoop.current().start();
 *
 * Source: `tornado.httpserver.HTTPServer`.
 */
export class HTTPServer {
  readonly #application: Application;
  #binding: Binding | undefined;
  #transport: HTTPTransport | undefined;
  #runtime: ApplicationRuntime | undefined;
  #opened = false;
  #stopping: Promise<void> | undefined;

  constructor(application: Application) {
    this.#application = application;
  }

  /**
   * Says where `start` will listen; opens nothing.
   *
   * @param port 0 for any free one.
   * @param host Default: `0.0.0.0` when NODE_ENV is production, else `127.0.0.1`.
   * @throws ConfigurationError for a port that is none.
   */
  bind(port: number, host: string = defaultHost()): void {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new ConfigurationError(`HTTPServer.bind(): a port is an integer from 0 to 65535, got ${String(port)}`);
    }
    this.#binding = { port, host };
  }

  /**
   * Serves as a program: SIGTERM and SIGINT drain, a second signal forces. With 1 in this process. With another number in
   * as many children, 0 being one per CPU; this process becomes their primary, opens nothing itself, and the call returns
   * there when all children have ended, with `process.exitCode` set.
   *
   * @throws ConfigurationError before `bind`, with `debug` and several processes, after `IOLoop.current()` was started.
   * @throws StartError, InjectionError, WorkerBootError when the application cannot start.
   */
  async start(processes = 1, options: SupervisorOptions = {}): Promise<void> {
    const binding = this.#bound();
    if (isWorker()) return handOver(() => workerApplication(this.#application));
    refuseDebugWithProcesses(this.#application.debug, processes);
    if (IOLoop.initialized()) {
      throw new ConfigurationError(
        "HTTPServer.start(): the IOLoop was started before; start servers first, then the loop",
      );
    }
    if (processes === 1 || isChild()) return this.#serve(binding, processes);
    return this.#supervise(binding, processes, options);
  }

  /**
   * Serves in this process and leaves signals alone: for specs, and for programs with a life cycle of their own.
   *
   * @throws StartError, InjectionError, WorkerBootError when the application cannot start.
   */
  async listen(port: number, host?: string): Promise<AddressInfo> {
    this.bind(port, host);
    if (isWorker()) return handOver(() => workerApplication(this.#application));
    return this.#open(this.#bound(), 1);
  }

  /** Where it listens; null before and after. */
  get address(): AddressInfo | null {
    return this.#transport?.address ?? null;
  }

  /**
   * Stops accepting, answers what is due, then ends executors and services; what is not done after the `gracePeriod` is
   * cut off. Safe to call twice.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Destroys every connection at once. */
  closeAllConnections(): void {
    this.#transport?.closeAllConnections();
  }

  async #serve(binding: Binding, processes: number): Promise<void> {
    const { Program } = await import("./program.js");
    const program = new Program({
      open: async () => {
        const address = await this.#open(binding, resolveCount(processes));
        if (!isChild()) generalLog.info(`listening on ${urlOf(address, binding.host)}`);
        return { port: address.port };
      },
      close: async () => {
        await this.stop();
        IOLoop.current().stop();
      },
    });
    await program.start();
  }

  async #supervise({ host, port }: Binding, processes: number, options: SupervisorOptions): Promise<void> {
    const { gracePeriod } = this.#application.settings;
    const onReady = (children: readonly ReadyChild[]): void => {
      const actual = Number(children[0]?.info["port"] ?? port);
      generalLog.info(`listening on ${urlOf({ port: actual }, host)}, ${children.length} processes`);
    };
    const { supervise } = await import("./process/supervisor.js");
    const { code } = await supervise(processes, { gracePeriod, onReady, ...options });
    process.exitCode = code;
    // What follows in the program is the loop of a server; the primary has nothing to serve.
    IOLoop.current().stop();
  }

  async #open(binding: Binding, processes: number): Promise<AddressInfo> {
    if (this.#opened) throw new ConfigurationError("HTTPServer: it serves already; make one for each port");
    this.#opened = true;
    const { HTTPTransport: Transport } = await import("./http/server.js");
    const transport: HTTPTransport = new Transport((message, response) => {
      this.#application.handle(message, response, transport);
    }, this.#application.settings);
    this.#transport = transport;
    this.#runtime = await ApplicationRuntime.start(this.#application, processes);
    try {
      return await transport.listen(binding);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const started = performance.now();
    await this.#transport?.drain();
    const { gracePeriod } = this.#application.settings;
    await this.#runtime?.stop(Math.max(0, gracePeriod - (performance.now() - started)));
  }

  #bound(): Binding {
    if (this.#binding !== undefined) return this.#binding;
    throw new ConfigurationError("HTTPServer.start(): call bind(port) first, to say where it listens");
  }
}

function defaultHost(): string {
  return process.env["NODE_ENV"] === "production" ? "0.0.0.0" : "127.0.0.1";
}

function urlOf({ port }: Pick<AddressInfo, "port">, host: string): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** @throws ConfigurationError when `debug` is asked for with several processes. */
function refuseDebugWithProcesses(debug: boolean, processes: number): void {
  if (!debug || processes === 1) return;
  throw new ConfigurationError(
    `debug cannot be used with ${processes === 0 ? "one process per CPU" : `${processes} processes`}: ` +
      "a page with the stack of one process says nothing about the others; use processes: 1 while debugging",
  );
}
