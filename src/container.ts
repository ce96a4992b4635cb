// Before tsyringe, which refuses to load without reflect-metadata.
import "./metadata.js";
import type * as tsyringe from "tsyringe";
import type { DependencyContainer, InjectionToken } from "tsyringe";
import type { Class } from "./concurrent.js";
import { type CallBinding, type CallRouter, bindCalls } from "./decorators/calls.js";
import { ConfigurationError } from "./errors.js";
import { needsScope } from "./injection/analysis.js";
import { Graph } from "./injection/graph.js";
import { type Registration, type Token, nameOf } from "./injection/model.js";
import type { Node } from "./injection/node.js";
import { CompiledPlan, type InjectionPlan } from "./injection/plan.js";
import { Recipes, makeOf } from "./injection/recipes.js";
import { Registrations } from "./injection/registrations.js";
import { Frame, type Scope, noScope } from "./injection/scope.js";
import { Singletons } from "./injection/singletons.js";
import { library } from "./on-demand.js";

// By `require`, for an `import` would be carried out before the line above when both stand in one file, as in the package.
const { container: root } = library<typeof tsyringe>("tsyringe");

export type { DependencyContainer, InjectionToken } from "tsyringe";
export type { InjectionPlan } from "./injection/plan.js";
export { Scope } from "./injection/scope.js";

/**
 * The type of a parameter whose class is imported in a cycle, together with tsyringe's `delay()`. It is `T`; but the
 * compiler records `Object` for it instead of the class, which is not there yet when the module is evaluated.
 *
 * @example
 * constructor(@inject(delay(() => Invoices)) private readonly invoices: Ref<Invoices>) {}
 */
export type Ref<T> = T;

/** How a plan is made. */
export interface PlanOptions {
  /**
   * Whether a fresh instance of the planned class is bound to the application's router. Handlers bind themselves, with
   * their request. Default: true. What the instance is given is bound in any case.
   */
  readonly bindSelf?: boolean;
}

/**
 * The injection of one application. tsyringe is where classes are registered; what is constructed, when and how often, is
 * decided here, at start: see `docs/injection.md`.
 */
export class ApplicationContainer {
  /**
   * The application's child of tsyringe's root container: for `configure(container)`, and as `application.container`. Its
   * `resolve` and `resolveAll` give what handlers get; what they make is not retained.
   */
  readonly dependencies: DependencyContainer;
  readonly #registrations: Registrations;
  readonly #singletons: Singletons;
  readonly #recipes: Recipes;
  readonly #plans = { bound: new Map<Class, unknown>(), unbound: new Map<Class, unknown>() };
  readonly #binding: CallBinding;
  #router: CallRouter | undefined;

  constructor() {
    const routerOf = (): CallRouter => this.#currentRouter();
    this.#binding = {
      get router() {
        return routerOf();
      },
    };
    const workshop = {
      shared: (node: Node) => this.#singletons.instanceOf(node),
      bind: (instance: object) => bindCalls(instance, this.#binding),
    };
    const atStart = new Recipes(workshop, { explain: true });
    this.#recipes = new Recipes(workshop, { explain: false });
    this.#singletons = new Singletons((node) => makeOf(atStart.fresh(node))(new Frame()));
    this.dependencies = root.createChildContainer();
    this.#registrations = new Registrations(this.dependencies, root, (registration) => this.#share(registration));
    // tsyringe's own would retain every transient with dispose() for ever, and make instances that are bound to no router.
    Object.assign(this.dependencies, {
      resolve: (token: InjectionToken) => this.#direct(token),
      resolveAll: (token: InjectionToken) => this.#directAll(token),
    });
  }

  /**
   * Where calls of `@RunOnExecutor` methods go, of all instances of this container, also of those that exist already. It
   * must be set before the first call, not before.
   */
  set router(router: CallRouter) {
    this.#router = router;
  }

  /**
   * The plan for a class, worked out at the first call and kept. It is made for handlers and services at start: what is
   * registered later is not seen by a plan that exists.
   *
   * @throws InjectionError when the class cannot be constructed: a missing token, a cycle, a singleton that wants a
   * request-scoped dependency, a parameter whose type was erased.
   */
  plan<T>(target: Class<T>, options: PlanOptions = {}): InjectionPlan<T> {
    const bindSelf = options.bindSelf ?? true;
    const plans = bindSelf ? this.#plans.bound : this.#plans.unbound;
    const known = plans.get(target as Class) as InjectionPlan<T> | undefined;
    if (known !== undefined) return known;
    const node = this.#trace((graph) => graph.trace(target as Class));
    const plan = new CompiledPlan(target, node, () => makeOf(this.#recipeFor(node, bindSelf)));
    plans.set(target as Class, plan);
    return plan;
  }

  /**
   * Makes the singletons that the plans so far need, each after those that it takes. Synchronous, as constructors are.
   *
   * @throws InjectionError with the path and the `cause` when a constructor or a factory throws; what was made before is
   * left for `dispose`.
   */
  build(): void {
    this.#singletons.buildAll();
  }

  /**
   * An instance for application code: the application's singleton, or a fresh one. On a worker it is called for each task,
   * with a scope if the plan is `scoped`.
   *
   * @throws InjectionError as `plan` and `create` do.
   */
  resolve<T>(target: Class<T>, scope?: Scope): T {
    return this.plan(target).create(scope);
  }

  /**
   * Disposes the singletons that this container made, in reverse order of creation. Never rejects: each failure is one
   * line in the log. Safe to call twice. No singleton is made afterwards.
   */
  dispose(): Promise<void> {
    return this.#singletons.dispose();
  }

  /** Only a search that succeeds leaves its singletons behind. */
  #trace<R>(search: (graph: Graph) => R): R {
    const graph = new Graph(this.#registrations, (registration) => this.#singletons.nodeOf(registration));
    const found = search(graph);
    for (const singleton of graph.singletons) this.#singletons.add(singleton);
    return found;
  }

  #recipeFor(node: Node, bind: boolean): ReturnType<Recipes["of"]> {
    return bind || node.lifetime !== "transient" ? this.#recipes.of(node) : this.#recipes.fresh(node, { bind });
  }

  /** The instance behind a registration that tsyringe itself came upon, in a child container of the application's. */
  #share(registration: Registration): unknown {
    if (registration.lifetime === "request") throw noScope({ name: nameOf(registration.token) });
    return this.#make(this.#trace((graph) => graph.traceRegistration(registration)));
  }

  #direct(token: InjectionToken): unknown {
    const registration = this.#registrations.of(token as Token).at(-1);
    const singleton = registration && this.#singletons.nodeOf(registration);
    if (singleton !== undefined) return this.#singletons.instanceOf(singleton);
    return this.#make(this.#trace((graph) => graph.trace(token as Token)));
  }

  #directAll(token: InjectionToken): readonly unknown[] {
    const frame = new Frame();
    return this.#trace((graph) => graph.traceAll(token as Token)).map((node) => this.#make(node, frame));
  }

  #make(node: Node, frame = new Frame()): unknown {
    if (needsScope(node)) throw noScope(node);
    return makeOf(this.#recipes.of(node))(frame);
  }

  #currentRouter(): CallRouter {
    if (this.#router !== undefined) return this.#router;
    throw new ConfigurationError(
      "a @RunOnExecutor method was called before the application's executors were ready: call it from a handler, or after the start",
    );
  }
}
