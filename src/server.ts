import type { AddressInfo } from "node:net";
import { isMainThread } from "node:worker_threads";
import { handOver } from "./executors/worker-application.js";
import { isWorker } from "./decorators/calls.js";
import { ConfigurationError, StartError } from "./errors.js";
import type { HTTPTransport } from "./http/server.js";
import { IOLoop } from "./loop.js";
import { generalLog } from "./log.js";
import { lostThreads } from "./lost-threads.js";
import type { ReadyChild } from "./process/events.js";
import type { SupervisorOptions } from "./process/options.js";
import type { ServerFigures } from "./process/heartbeat.js";
import { isChild } from "./process/role.js";
import type { ApplicationRuntime } from "./runtime.js";
import { describeStop, type StopReport } from "./stop-report.js";
import type { Application } from "./web/application.js";
import type { Exchange } from "./web/exchange.js";
import { workerApplication } from "./wiring.js";

// What only a server or a primary needs is imported where it becomes one: every worker thread imports this file, too, and
// a thread is ready the sooner and the smaller the less it loads.

/** How long the end of a program may take beyond its `gracePeriod`, whatever hangs. Milliseconds. */
const endMargin = 1_000;

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
  #opening: Promise<AddressInfo> | undefined;
  #transport: HTTPTransport | undefined;
  #runtime: ApplicationRuntime | undefined;
  #stopping: Promise<StopReport> | undefined;

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
   * as many children, 0 being one per CPU; this process becomes their primary, accepts nothing itself, and the call returns
   * there when all children have ended, with `process.exitCode` set.
   *
   * @throws ConfigurationError before `bind`, without handlers, in a thread, with `debug` and several processes, and when
   * it would fork after the IOLoop was started.
   * @throws StartError, InjectionError, WorkerBootError when the application cannot start. A program that does not catch
   * them prints the message alone and exits 1.
   */
  async start(processes = 1, options: SupervisorOptions = {}): Promise<void> {
    if (isWorker()) return this.#handOver();
    const { explained } = await import("./start-failure.js");
    return explained(() => this.#start(processes, options));
  }

  /**
   * Serves in this process and leaves signals alone: for specs, and for programs with a life cycle of their own.
   *
   * @throws StartError, InjectionError, WorkerBootError when the application cannot start. Nothing is left then.
   */
  async listen(port: number, host?: string): Promise<AddressInfo> {
    this.bind(port, host);
    if (isWorker()) return this.#handOver();
    return this.#open(this.#bound(), 1);
  }

  /** Where it listens; null before and after. */
  get address(): AddressInfo | null {
    return this.#transport?.address ?? null;
  }

  /**
   * Stops accepting, answers what is due, then ends executors and services. After the `gracePeriod` requests are answered 503
   * where their headers are not out, and all else is cut off, which the log says once. What waits for `start` or `listen` to
   * finish is rejected. Safe to call twice; it cannot be started again.
   *
   * @returns what was cut off.
   */
  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Destroys every connection at once. */
  closeAllConnections(): void {
    this.#transport?.closeAllConnections();
  }

  async #start(processes: number, options: SupervisorOptions): Promise<void> {
    const binding = this.#bound();
    this.#refuse(processes);
    const { useLogging } = await import("./logging.js");
    await useLogging(this.#application.definition.logging);
    if (processes === 1 || isChild()) return this.#serve(binding, processes, options);
    return this.#supervise(binding, processes, options);
  }

  #handOver(): Promise<never> {
    this.#bound();
    return handOver(() => workerApplication(this.#application.definition));
  }

  /** What the operator or the author has to change. */
  #refuse(processes: number): void {
    refuseThread();
    refuseDebugWithProcesses(this.#application.debug, processes);
    if (this.#application.routes.length > 0) return;
    throw new ConfigurationError("the application has no handlers: list at least one class with @Route, or route(…)");
  }

  async #serve(binding: Binding, processes: number, { title, pidFile }: SupervisorOptions): Promise<void> {
    const { Program } = await import("./program.js");
    const { resolveCount } = await import("./process/options.js");
    const program = new Program({
      open: async () => ({ port: (await this.#open(binding, resolveCount(processes))).port }),
      opened: ({ port }) => {
        if (!isChild()) generalLog.info(`listening on ${urlOf({ port: Number(port) }, binding.host)}`);
      },
      figures: () => this.#figures(),
      close: async () => void (await this.stop()),
      closeWithin: this.#application.settings.gracePeriod + endMargin,
      title,
      pidFile,
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

  #open(binding: Binding, processes: number): Promise<AddressInfo> {
    if (this.#opening !== undefined || this.#stopping !== undefined) {
      throw new ConfigurationError(
        "HTTPServer: it serves once, on one port; make another server (and application) to serve again",
      );
    }
    this.#opening = this.#openParts(binding, processes);
    return this.#opening;
  }

  async #openParts(binding: Binding, processes: number): Promise<AddressInfo> {
    const { HTTPTransport: Transport } = await import("./http/server.js");
    const { ApplicationRuntime: Runtime } = await import("./runtime.js");
    const { site } = this.#application;
    const transport: HTTPTransport = new Transport(
      (message, response) => site.handle(message, response, transport),
      site.settings,
      site.hasSockets ? (await import("./http/websocket-handshake.js")).isHandshake : undefined,
    );
    transport.onClosed((exchange) => (exchange as Exchange).closed());
    transport.onExpired((exchange) => site.expire(exchange as Exchange));
    const runtime = await Runtime.start(this.#application, processes);
    this.#runtime = runtime;
    this.#transport = transport;
    try {
      if (this.#stopping !== undefined) throw new StartError("HTTPServer: it was stopped before it listened");
      return isChild() ? await listenAsChild(transport, binding) : await transport.listen(binding);
    } catch (error) {
      await runtime.stop(0);
      throw error;
    }
  }

  async #stop(): Promise<StopReport> {
    const { gracePeriod } = this.#application.settings;
    const started = performance.now();
    await settled(this.#opening, gracePeriod);
    const cancelledBefore = this.#runtime?.cancelledTasks ?? 0;
    const left = (): number => Math.max(0, gracePeriod - (performance.now() - started));
    const drained = await this.#transport?.drain();
    const cutSockets = await this.#application.sockets?.ended(left());
    await this.#runtime?.stop(left());
    const report: StopReport = {
      expiredRequests: drained?.expired ?? 0,
      cutRequests: drained?.cut ?? 0,
      cutSockets: cutSockets ?? 0,
      cancelledTasks: (this.#runtime?.cancelledTasks ?? 0) - cancelledBefore,
      lostThreads: lostThreads(),
    };
    const text = describeStop(report);
    if (text !== undefined) generalLog.warn(text, { fields: { ...report } });
    return report;
  }

  #figures(): ServerFigures {
    return {
      requests: this.#transport?.requests ?? 0,
      blockedLoops: this.#runtime?.blockedLoops ?? 0,
      droppedConnections: this.#transport?.droppedConnections ?? 0,
      draining: this.#transport?.draining ?? false,
    };
  }

  #bound(): Binding {
    if (this.#binding !== undefined) return this.#binding;
    throw new ConfigurationError("HTTPServer.start(): call bind(port) first, to say where it listens");
  }
}

async function listenAsChild(transport: HTTPTransport, binding: Binding): Promise<AddressInfo> {
  const [{ listenShared }, { startError }] = await Promise.all([
    import("./process/acceptor.js"),
    import("./http/listen.js"),
  ]);
  try {
    return await listenShared(transport, binding);
  } catch (error) {
    throw error instanceof StartError ? error : startError(error as NodeJS.ErrnoException, binding);
  }
}

/** Waits for the outcome, whichever it is, but no longer than `limit` milliseconds. */
async function settled(work: Promise<unknown> | undefined, limit: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, limit)));
  await Promise.race([Promise.allSettled([work]), late]);
  clearTimeout(timer);
}

function defaultHost(): string {
  return process.env["NODE_ENV"] === "production" ? "0.0.0.0" : "127.0.0.1";
}

function urlOf({ port }: Pick<AddressInfo, "port">, host: string): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A program's signals and its end belong to its main thread. */
function refuseThread(): void {
  if (isMainThread) return;
  throw new ConfigurationError(
    "the application was started in a worker thread of your own: call bootstrap, or HTTPServer.start, in the main thread; " +
      "executors start their threads themselves",
  );
}

/** @throws ConfigurationError when `debug` is asked for with several processes. */
function refuseDebugWithProcesses(debug: boolean, processes: number): void {
  if (!debug || processes === 1) return;
  throw new ConfigurationError(
    `debug cannot be used with ${processes === 0 ? "one process per CPU" : `${processes} processes`}: ` +
      "a page with the stack of one process says nothing about the others; use processes: 1 while debugging",
  );
}
