import type { Acquired, Class } from "./concurrent.js";
import { ApplicationContainer, type InjectionPlan, Scope } from "./container.js";
import { StartError, WaterspoutError, toError } from "./errors.js";
import { ClassRegistry } from "./executors/registry.js";
import type { WorkerApplication } from "./executors/worker-application.js";
import { taskId } from "./process/role.js";
import type { ApplicationDefinition, ConfigureContext } from "./web/application.js";
import { middlewareClasses } from "./web/middleware.js";
import { handlersOf } from "./web/route.js";

// What a server and a worker have in common of an application. Workers load this file: what only a server needs is in
// runtime.ts.

/** The application as a worker needs it: the container alone. Services are made when a task first wants them. */
export async function workerApplication(definition: ApplicationDefinition): Promise<WorkerApplication> {
  const container = new ApplicationContainer();
  await configure(definition, container, "executor");
  const registry = new ClassRegistry(executorClasses(definition, container));
  return {
    registryHash: registry.hash,
    acquire: (token) => acquire(container, registry.classOf(token)),
    dispose: () => container.dispose(),
  };
}

/** Lets the application register its services. @throws StartError when that fails. */
export async function configure(
  definition: ApplicationDefinition,
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

/** The classes with executor methods among the handlers, their middleware and all they depend on. */
export function executorClasses(
  { handlers, defaultHandler, middleware }: ApplicationDefinition,
  container: ApplicationContainer,
): Set<Class> {
  const all = [...handlersOf(handlers), ...(defaultHandler === undefined ? [] : [defaultHandler])];
  const plans = all.flatMap((handler) => [
    container.plan(handler, { bindSelf: false }),
    ...middlewareClasses(handler, middleware).map((target) => container.plan(target)),
  ]);
  return new Set(plans.flatMap(({ executorClasses: found }: InjectionPlan<unknown>) => found));
}

/** An instance for one task, with the scope that it needs. */
export function acquire(container: ApplicationContainer, target: Class): Acquired {
  const plan = container.plan(target);
  const scope = plan.scoped ? new Scope() : undefined;
  return { instance: plan.create(scope), release: scope && (() => scope.dispose()) };
}
