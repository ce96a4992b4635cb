import type { Class, ExecutorEnvironment } from "./concurrent.js";
import { ApplicationContainer, type InjectionToken } from "./container.js";
import { ConfigurationError } from "./errors.js";
import { Executor } from "./executors/executor.js";
import { ClassRegistry } from "./executors/registry.js";
import { ExecutorRouter } from "./executors/router.js";
import { IOLoop } from "./loop.js";
import { loopDelay } from "./loop-delay.js";
import { applicationModule, knownToWorkers } from "./modules.js";
import { taskId } from "./process/role.js";
import type { Application, ApplicationDefinition } from "./web/application.js";
import { acquire, configure, executorClasses } from "./wiring.js";

/** How long tasks that are cancelled at the end may go on: the process itself has a second. Milliseconds. */
const cancelGrace = 250;

/**
 * An application that runs in this process: its container, its executors, its compiled routes. Started before anything
 * listens, so that what is wrong with it is said at the start and never by the first request.
 */
export class ApplicationRuntime {
  readonly #container = new ApplicationContainer();
  #executors: ExecutorRouter | undefined;
  #stopWatching: (() => void) | undefined;
  #blockedLoops = 0;

  private constructor() {
    // One that is started: see start().
  }

  /**
   * Container, services, executors, in this order; resolves when the first workers are ready.
   *
   * @param processes how many processes share the machine's cores.
   * @throws InjectionError, ConfigurationError, WorkerBootError, and StartError when `configure` fails. Nothing is left then.
   */
  static async start(application: Application, processes: number): Promise<ApplicationRuntime> {
    const runtime = new ApplicationRuntime();
    try {
      await runtime.#start(application, processes);
    } catch (error) {
      await runtime.stop(0);
      throw error;
    }
    return runtime;
  }

  /** Ends the executors, then the services. Tasks have `deadline` milliseconds to finish. Never rejects. Safe to call twice. */
  async stop(deadline: number): Promise<void> {
    await this.#executors?.shutdown(deadline, cancelGrace);
    this.#stopWatching?.();
    await this.#container.dispose();
  }

  /** How many tasks were cancelled so far. */
  get cancelledTasks(): number {
    return this.#executors?.cancelled ?? 0;
  }

  /** How often the event loop was held for longer than `blockedLoopThreshold`, as far as 50 ms can tell. */
  get blockedLoops(): number {
    return this.#blockedLoops;
  }

  #noteLate(late: number, threshold: number): void {
    if (threshold > 0 && late > threshold) this.#blockedLoops += 1;
  }

  async #start(application: Application, processes: number): Promise<void> {
    const container = this.#container;
    const { definition, site } = application;
    await configure(definition, container, "server");
    const executors = executorsOf(definition, container);
    this.#executors = executors;
    container.router = executors;
    site.open({ container, router: executors, queueFill: () => executors.queueFill });
    container.build();
    const classes = executorClasses(definition, container);
    await executors.start(classes, environmentOf(definition, container, classes, processes));
    IOLoop.current().setDefaultExecutor(() => executors.useDefault());
    this.#stopWatching = loopDelay.start((late) => {
      this.#noteLate(late, site.blockedLoopThreshold);
      site.noteLoopDelay(late);
    });
  }
}

function executorsOf(
  { executors: named = {} }: ApplicationDefinition,
  { dependencies }: ApplicationContainer,
): ExecutorRouter {
  const executors = new ExecutorRouter(named, (token) => {
    const known = token as InjectionToken;
    return dependencies.isRegistered(known, true) ? dependencies.resolve(known) : undefined;
  });
  const token = Executor as InjectionToken;
  if (!dependencies.isRegistered(token)) dependencies.register(token, { useFactory: () => executors.useDefault() });
  return executors;
}

function environmentOf(
  definition: ApplicationDefinition,
  container: ApplicationContainer,
  classes: ReadonlySet<Class>,
  processes: number,
): ExecutorEnvironment {
  const registry = new ClassRegistry(classes);
  const shared = knownToWorkers(definition);
  const known = shared === definition ? classes : executorClasses(shared, container);
  return {
    // Asked for by executors that have workers elsewhere, and by no other.
    get module() {
      refuseUnknown(classes, known);
      return applicationModule(definition.module);
    },
    registryHash: known === classes ? registry.hash : new ClassRegistry(known).hash,
    processes,
    taskId: taskId(),
    tokenOf: (target) => registry.tokenOf(target),
    acquire: (token) => acquire(container, registry.classOf(token)),
  };
}

/** @throws ConfigurationError when a server would send workers tasks of classes that they cannot know. */
function refuseUnknown(classes: ReadonlySet<Class>, known: ReadonlySet<Class>): void {
  const unknown = [...classes].filter((target) => !known.has(target)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new ConfigurationError(
    `workers cannot know ${unknown.join(", ")}, which comes only by \`handlers\`, \`middleware\` or \`defaultHandler\` of the options and ` +
      "has @RunOnExecutor methods: they import nothing but the module that exports the definition; give these options to " +
      "defineApplication({ … }) there",
  );
}
