import type { Class, ExecutorEnvironment, Acquired } from "./concurrent.js";
import { ApplicationContainer, type InjectionPlan, type InjectionToken, Scope } from "./container.js";
import { StartError, WaterspoutError, toError } from "./errors.js";
import { Executor } from "./executors/executor.js";
import { ClassRegistry } from "./executors/registry.js";
import { ExecutorRouter } from "./executors/router.js";
import type { WorkerApplication } from "./executors/worker-application.js";
import { IOLoop } from "./loop.js";
import { loopDelay } from "./loop-delay.js";
import { applicationModule } from "./modules.js";
import { taskId } from "./process/role.js";
import type { Application, ConfigureContext } from "./web/application.js";
import { middlewareClasses } from "./web/middleware.js";

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
    await this.#executors?.shutdown(deadline);
    this.#stopWatching?.();
    await this.#container.dispose();
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
    await configure(application, container, "server");
    const executors = executorsOf(application, container);
    this.#executors = executors;
    container.router = executors;
    application.open({ container, router: executors, queueFill: () => executors.queueFill });
    container.build();
    const classes = executorClasses(application, container);
    await executors.start(classes, environmentOf(application, container, new ClassRegistry(classes), processes));
    IOLoop.current().setDefaultExecutor(() => executors.useDefault());
    this.#stopWatching = loopDelay.start((late) => {
      this.#noteLate(late, application.blockedLoopThreshold);
      application.noteLoopDelay(late);
    });
  }
}

/** The application as a worker needs it: the container alone. Services are made when a task first wants them. */
export async function workerApplication(application: Application): Promise<WorkerApplication> {
  const container = new ApplicationContainer();
  await configure(application, container, "executor");
  const registry = new ClassRegistry(executorClasses(application, container));
  return {
    registryHash: registry.hash,
    acquire: (token) => acquire(container, registry.classOf(token)),
    dispose: () => container.dispose(),
  };
}

async function configure(
  { definition }: Application,
  { dependencies }: ApplicationContainer,
  role: ConfigureContext["role"],
): Promise<void> {
  try {
    await definition.configure?.(dependencies, { role, taskId: taskId() ?? 0 });
  } catch (cause) {
    if (cause instanceof WaterspoutError) throw cause;
    throw new StartError(`configure() failed in the role "${role}": ${toError(cause).message}`, { cause });
  }
}

function executorsOf({ definition }: Application, { dependencies }: ApplicationContainer): ExecutorRouter {
  const executors = new ExecutorRouter(definition.executors ?? {}, (token) => {
    const known = token as InjectionToken;
    return dependencies.isRegistered(known, true) ? dependencies.resolve(known) : undefined;
  });
  const token = Executor as InjectionToken;
  if (!dependencies.isRegistered(token)) dependencies.register(token, { useFactory: () => executors.useDefault() });
  return executors;
}

/** The classes with executor methods among the handlers, their middleware and all they depend on. */
function executorClasses(application: Application, container: ApplicationContainer): Set<Class> {
  const { middleware } = application.definition;
  const plans = application.handlerClasses.flatMap((handler) => [
    container.plan(handler, { bindSelf: false }),
    ...middlewareClasses(handler, middleware).map((target) => container.plan(target)),
  ]);
  return new Set(plans.flatMap(({ executorClasses: classes }: InjectionPlan<unknown>) => classes));
}

function environmentOf(
  { definition }: Application,
  container: ApplicationContainer,
  registry: ClassRegistry,
  processes: number,
): ExecutorEnvironment {
  return {
    // Asked for by executors that have workers elsewhere, and by no other.
    get module() {
      return applicationModule(definition.module);
    },
    registryHash: registry.hash,
    processes,
    taskId: taskId(),
    tokenOf: (target) => registry.tokenOf(target),
    acquire: (token) => acquire(container, registry.classOf(token)),
  };
}

function acquire(container: ApplicationContainer, target: Class): Acquired {
  const plan = container.plan(target);
  const scope = plan.scoped ? new Scope() : undefined;
  return { instance: plan.create(scope), release: scope && (() => scope.dispose()) };
}
