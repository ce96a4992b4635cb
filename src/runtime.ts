import { pathToFileURL } from "node:url";
import type { Class, ExecutorEnvironment, Acquired } from "./concurrent.js";
import { ApplicationContainer, type InjectionPlan, type InjectionToken, Scope } from "./container.js";
import { Executor } from "./executors/executor.js";
import { ClassRegistry } from "./executors/registry.js";
import { ExecutorRouter } from "./executors/router.js";
import type { WorkerApplication } from "./executors/worker-application.js";
import { IOLoop } from "./loop.js";
import { taskId } from "./process/fork.js";
import type { Application, ConfigureContext } from "./web/application.js";

/**
 * An application that runs in this process: its container, its executors, its compiled routes. Started before anything
 * listens, so that what is wrong with it is said at the start and never by the first request.
 */
export class ApplicationRuntime {
  readonly #container: ApplicationContainer;
  readonly #executors: ExecutorRouter;

  private constructor(container: ApplicationContainer, executors: ExecutorRouter) {
    this.#container = container;
    this.#executors = executors;
  }

  /**
   * Container, services, executors, in this order; resolves when the first workers are ready.
   *
   * @param processes how many processes share the machine's cores.
   * @throws InjectionError, ConfigurationError, WorkerBootError, and what `configure` throws.
   */
  static async start(application: Application, processes: number): Promise<ApplicationRuntime> {
    const container = await configuredContainer(application, "server");
    const executors = executorsOf(application, container);
    const runtime = new ApplicationRuntime(container, executors);
    try {
      container.router = executors;
      application.open({ container, router: executors });
      container.build();
      const classes = executorClasses(application, container);
      await executors.start(classes, environmentOf(application, container, new ClassRegistry(classes), processes));
    } catch (error) {
      await runtime.stop(0);
      throw error;
    }
    IOLoop.current().setDefaultExecutor(() => executors.useDefault());
    return runtime;
  }

  /** Ends the executors, then the services. Tasks have `deadline` milliseconds to finish. Never rejects. */
  async stop(deadline: number): Promise<void> {
    await this.#executors.shutdown(deadline);
    await this.#container.dispose();
  }
}

/** The application as a worker needs it: the container alone. Services are made when a task first wants them. */
export async function workerApplication(application: Application): Promise<WorkerApplication> {
  const container = await configuredContainer(application, "executor");
  const registry = new ClassRegistry(executorClasses(application, container));
  return {
    registryHash: registry.hash,
    acquire: (token) => acquire(container, registry.classOf(token)),
    dispose: () => container.dispose(),
  };
}

async function configuredContainer(
  { definition }: Application,
  role: ConfigureContext["role"],
): Promise<ApplicationContainer> {
  const container = new ApplicationContainer();
  await definition.configure?.(container.dependencies, { role, taskId: taskId() ?? 0 });
  return container;
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

/** The classes with executor methods among the handlers and all they depend on. */
function executorClasses(application: Application, container: ApplicationContainer): Set<Class> {
  const plans = application.routes.map(({ handler }) => container.plan(handler, { bindSelf: false }));
  return new Set(plans.flatMap(({ executorClasses: classes }: InjectionPlan<unknown>) => classes));
}

function environmentOf(
  { definition }: Application,
  container: ApplicationContainer,
  registry: ClassRegistry,
  processes: number,
): ExecutorEnvironment {
  return {
    module: moduleURL(definition.module ?? process.argv[1] ?? ""),
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

/** A module's `file:` URL, from a URL or a path. */
export function moduleURL(module: string | URL): string {
  if (module instanceof URL) return module.href;
  return module.startsWith("file:") ? module : pathToFileURL(module).href;
}
