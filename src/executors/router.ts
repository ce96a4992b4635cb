import { inspect } from "node:util";
import type {
  CallOptions,
  Class,
  ExecutorEnvironment,
  ExecutorMethod,
  MethodArguments,
  StreamMethod,
  TaskExecutor,
  TaskOptions,
} from "../concurrent.js";
import type { RequestContext } from "../context.js";
import type { CallRouter, ExecutorCall } from "../decorators/calls.js";
import type { RetryOptions, RunOnExecutorOptions } from "../decorators/run-on-executor.js";
import { ConfigurationError } from "../errors.js";
import { generalLog } from "../log.js";
import { executorMethodsOf } from "../metadata.js";
import { Executor, type ShutdownOptions } from "./executor.js";
import { LocalExecutor } from "./local-executor.js";
import { withRetry } from "./retry.js";
import { ThreadPoolExecutor } from "./thread.js";
import { takeBack } from "./transfer.js";

/** Where the calls of one method go, and what holds for each of them. */
interface Route {
  readonly executor: TaskExecutor;
  readonly options: TaskOptions;
  readonly onDisconnect: "cancel" | "detach";
  readonly retry: RetryOptions | undefined;
}

/** Looks up an executor that the application's container holds. */
export type ExecutorLookup = (token: Class | string | symbol) => unknown;

/**
 * The executors of one application, and which of them a call goes to: the decorator's, else the class's static `executor`,
 * else `"default"`. When a method needs a default and the application has none, a `ThreadPoolExecutor` is made.
 */
export class ExecutorRouter implements CallRouter {
  /** By the decorator's options, which are each decorated method's own, and the class of the instance, which may be a subclass. */
  readonly #routes = new Map<object, Map<Class, Route>>();
  readonly #named: ReadonlyMap<string, TaskExecutor>;
  readonly #lookup: ExecutorLookup;
  readonly #started = new Set<TaskExecutor>();
  #environment: ExecutorEnvironment | undefined;
  #default: TaskExecutor | undefined;

  /**
   * @param lookup finds what `configure` registered; undefined when nothing is registered under the token.
   * @throws ConfigurationError when a name stands for something that is no executor.
   */
  constructor(named: Readonly<Record<string, TaskExecutor>>, lookup: ExecutorLookup) {
    for (const [name, executor] of Object.entries(named)) checkExecutor(`executors.${name}`, executor);
    this.#named = new Map(Object.entries(named));
    this.#lookup = lookup;
    const registered = lookup(Executor);
    this.#default = this.#named.get("default") ?? (isExecutor(registered) ? registered : undefined);
  }

  /** The default executor, made and started now if it has to be. */
  useDefault(): TaskExecutor {
    const executor = (this.#default ??= new ThreadPoolExecutor());
    this.#ensureStarted(executor, "default");
    return executor;
  }

  call(call: ExecutorCall): Promise<unknown> {
    const method = call.method as ExecutorMethod<object>;
    const args = call.args as MethodArguments<object, never>;
    const route = this.#routeOf(call);
    const { executor, retry } = route;
    const options = taskOptions(route, call);
    if (retry === undefined) return executor.submit(call.target, method, args, options);
    // What is moved would be gone at the second attempt.
    takeBack(call.args);
    return withRetry(
      (deadline) =>
        executor.submit(call.target, method, args, deadline === undefined ? options : { ...options, deadline }),
      retry,
      { deadline: options.deadline, signal: route.onDisconnect === "cancel" ? call.request?.signal : undefined },
    );
  }

  stream(call: ExecutorCall): AsyncGenerator<unknown> {
    const method = call.method as StreamMethod<object>;
    const args = call.args as MethodArguments<object, never>;
    const route = this.#routeOf(call);
    return route.executor.stream(call.target, method, args, taskOptions(route, call));
  }

  /**
   * Starts the named executors and those that methods of `classes` name; resolves when all are ready.
   *
   * @throws ConfigurationError when a method names an executor that does not exist.
   */
  async start(classes: Iterable<Class>, environment: ExecutorEnvironment): Promise<void> {
    this.#environment = environment;
    const needed = new Set(this.#named.values());
    for (const target of classes) {
      for (const [method, options] of executorMethodsOf(target)) needed.add(this.#find(target, method, options));
    }
    await Promise.all([...needed].map((executor) => this.#start(executor, environment)));
  }

  /** How full the fullest queue is: 0 to 1. */
  get queueFill(): number {
    return Math.max(0, ...[...this.#started].map((executor) => executor.queueFill ?? 0));
  }

  /** How many tasks were cancelled so far. */
  get cancelled(): number {
    const stats = [...this.#started].map((executor) => (executor instanceof Executor ? executor.stats().cancelled : 0));
    return stats.reduce((sum, cancelled) => sum + cancelled, 0);
  }

  /**
   * Ends all executors: queued and running tasks have `deadline` milliseconds to finish, and those that are cancelled then
   * `cancelGrace` more. One that fails is logged.
   */
  async shutdown(deadline: number, cancelGrace: number): Promise<void> {
    // What is asked for from here on is not started any more.
    this.#environment = undefined;
    await Promise.all([...this.#started].map((executor) => end(executor, { deadline, cancelGrace })));
  }

  async #start(executor: TaskExecutor, environment: ExecutorEnvironment): Promise<void> {
    this.#started.add(executor);
    await executor.start(environment);
  }

  #routeOf(call: ExecutorCall): Route {
    return this.#routes.get(call.options)?.get(call.target) ?? this.#findRoute(call);
  }

  /** Found once. Before the start and after the end nothing runs, and nothing is kept. */
  #findRoute({ target, method, options }: ExecutorCall): Route {
    const executor = this.#find(target, method, options);
    this.#ensureStarted(executor, `${target.name}.${method}`);
    const route = routeTo(executor, options);
    if (this.#environment !== undefined) routesOf(this.#routes, options).set(target, route);
    return route;
  }

  /** What is reached only at run time may bring an executor that the start did not see. */
  #ensureStarted(executor: TaskExecutor, place: string): void {
    if (this.#environment === undefined || this.#started.has(executor)) return;
    this.#start(executor, this.#environment).catch((error: unknown) => {
      generalLog.error(`the executor of ${place} could not start`, { error });
    });
  }

  #find(target: Class, method: string, { executor }: RunOnExecutorOptions): TaskExecutor {
    const chosen = executor ?? (target as { executor?: RunOnExecutorOptions["executor"] }).executor;
    if (chosen === undefined) return (this.#default ??= new ThreadPoolExecutor());
    if (isExecutor(chosen)) return chosen;
    if (!isToken(chosen)) checkExecutor(`the executor of ${target.name}.${method}`, chosen);
    const found = (typeof chosen === "string" ? this.#named.get(chosen) : undefined) ?? this.#lookup(chosen);
    if (isExecutor(found)) return found;
    throw this.#unknown(target, method, chosen);
  }

  #unknown(target: Class, method: string, chosen: unknown): ConfigurationError {
    const name = typeof chosen === "function" ? chosen.name : `"${String(chosen)}"`;
    const known = [...this.#named.keys()].map((key) => `"${key}"`).join(", ") || "none";
    return new ConfigurationError(
      `${target.name}.${method} runs on executor ${name}, which the application does not have: ` +
        `add it to \`executors\` (known: ${known}) or register it in \`configure\``,
    );
  }
}

async function end(executor: TaskExecutor, options: ShutdownOptions): Promise<void> {
  try {
    await executor.shutdown(options);
  } catch (error) {
    generalLog.error("an executor could not be shut down", { error });
  }
}

function isExecutor(value: unknown): value is TaskExecutor {
  return typeof value === "object" && value !== null && "submit" in value && "shutdown" in value;
}

/** A class, a string or a symbol; an object is an executor or nothing. */
function isToken(value: unknown): boolean {
  return typeof value === "function" || typeof value === "string" || typeof value === "symbol";
}

function checkExecutor(place: string, value: unknown): void {
  if (isExecutor(value)) return;
  throw new ConfigurationError(
    `${place} is no executor but ${inspect(value, { depth: 0 })}: give it one, such as new ThreadPoolExecutor(4)`,
  );
}

function routesOf(routes: Map<object, Map<Class, Route>>, options: object): Map<Class, Route> {
  const found = routes.get(options) ?? new Map<Class, Route>();
  routes.set(options, found);
  return found;
}

function routeTo(executor: TaskExecutor, options: RunOnExecutorOptions): Route {
  const { deadline, queueTimeout, priority, transfer, onDisconnect = "cancel", retry } = options;
  const given: TaskOptions = {
    ...(transfer !== undefined && { transfer }),
    ...(deadline !== undefined && { deadline }),
    ...(queueTimeout !== undefined && { queueTimeout }),
    ...(priority !== undefined && { priority }),
  };
  return { executor, options: given, onDisconnect, retry };
}

/**
 * What a task takes over from the request in whose course it is submitted. An executor of ours asks the request itself, when it has
 * to. A getter in its place would be as lazy, but V8 gives each literal with one a class of its own, in old memory, and that keeps the
 * request (measured on Node 20: another 5 KB).
 */
function taskOptions({ executor, options, onDisconnect }: Route, { request }: ExecutorCall): CallOptions {
  if (request === undefined) return options;
  if (onDisconnect === "detach") return { ...options, ...toldBy(request) };
  if (executor instanceof LocalExecutor) return { ...options, request };
  const { signal, timeLeft } = request;
  return { ...options, ...toldBy(request), ...(timeLeft !== undefined && { timeLeft }), signal };
}

function toldBy(request: RequestContext): TaskOptions {
  const { requestId, traceparent } = request;
  return {
    onStart: (waited) => request.taskStarted?.(waited),
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
