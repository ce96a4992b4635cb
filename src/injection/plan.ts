import type { Class } from "../concurrent.js";
import { executorReach, isShared, needsFrame, needsScope } from "./analysis.js";
import type { Make } from "./construct.js";
import type { Node } from "./node.js";
import { Frame, type Scope } from "./scope.js";

/** How one class is constructed, worked out at start so that a request looks nothing up. */
export interface InjectionPlan<T> {
  readonly target: Class<T>;
  /** True when something on the way is request-scoped: `create` then needs a {@link Scope}. */
  readonly scoped: boolean;
  /** True when `create` gives the same instance every time: the class is a singleton or registered by value. */
  readonly shared: boolean;
  /** True when the class or anything that it is given has executor methods, or may have because a factory makes it. */
  readonly callsExecutor: boolean;
  /** The same without the class itself. */
  readonly dependenciesCallExecutor: boolean;
  /** The classes with executor methods among them, as far as they are known: of a factory only the class it is registered for. */
  readonly executorClasses: readonly Class[];
  /**
   * One instance. What a constructor or a factory throws passes through unchanged.
   *
   * @throws InjectionError when the plan is `scoped` and no scope is given, or the scope is disposed.
   */
  create(scope?: Scope): T;
}

/** A frame for plans that never look into it. */
const noFrame = new Frame();

/** The plan for a node. It is compiled at the first `create`, when the singletons it captures can be built. */
export class CompiledPlan<T> implements InjectionPlan<T> {
  readonly target: Class<T>;
  readonly scoped: boolean;
  readonly shared: boolean;
  readonly callsExecutor: boolean;
  readonly dependenciesCallExecutor: boolean;
  readonly executorClasses: readonly Class[];
  readonly #framed: boolean;
  readonly #compile: () => Make;
  #make: Make | undefined;

  constructor(target: Class<T>, node: Node, compile: () => Make) {
    const { classes, dependencies } = executorReach(node);
    this.target = target;
    this.scoped = needsScope(node);
    this.shared = isShared(node);
    this.executorClasses = classes;
    this.callsExecutor = dependencies || classes.length > 0;
    this.dependenciesCallExecutor = dependencies;
    this.#framed = needsFrame(node);
    this.#compile = compile;
  }

  create(scope?: Scope): T {
    const make = (this.#make ??= this.#compile());
    return make(this.#framed ? new Frame(scope) : noFrame) as T;
  }
}
