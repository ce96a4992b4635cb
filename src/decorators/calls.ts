import type { Class } from "../concurrent.js";
import type { RequestContext } from "../context.js";

/** One call of a `@RunOnExecutor` method, as the decorated method saw it. */
export interface ExecutorCall {
  readonly instance: object;
  /** The class of the instance, which may be a subclass of the one that declares the method. */
  readonly target: Class;
  readonly method: string;
  readonly args: readonly unknown[];
  /** The options of the decorator. */
  readonly options: object;
  /** The request in whose course the call is made, if that is known. */
  readonly request: RequestContext | undefined;
}

/** Sends calls to executors. Each application has one; its container binds it to the instances it makes. */
export interface CallRouter {
  call(call: ExecutorCall): Promise<unknown>;
  stream(call: ExecutorCall): AsyncGenerator<unknown>;
}

/** Which application an instance belongs to, and for a handler which request. */
export interface CallBinding {
  readonly router: CallRouter;
  readonly request?: RequestContext;
}

/** Gives its argument back as `this`, so that a class which extends it puts its private fields on that object. */
const Itself = function (instance: object): object {
  return instance;
} as unknown as new (instance: object) => object;

/**
 * A hidden field of the bound instance, and no `WeakMap`: the collections of young memory take the values of one for reachable. A
 * handler's binding leads to its request, of which 5 KB became old with each (measured on Node 20).
 */
class Bound extends Itself {
  #binding: CallBinding | undefined;

  static set(instance: object, binding: CallBinding): void {
    const bound = #binding in instance ? instance : new Bound(instance);
    bound.#binding = binding;
  }

  static get(instance: object): CallBinding | undefined {
    return #binding in instance ? instance.#binding : undefined;
  }
}

/** Ties an instance that has `@RunOnExecutor` methods to its application. Instances without such methods need no binding. */
export function bindCalls(instance: object, binding: CallBinding): void {
  Bound.set(instance, binding);
}

export function callBindingOf(instance: object): CallBinding | undefined {
  return Bound.get(instance);
}

const executorClasses = new Set<Class>();

/** Remembers a class with executor methods, so that a worker finds it by its token. */
export function rememberExecutorClass(target: Class): void {
  executorClasses.add(target);
}

/** Every such class whose module was imported, whatever application it belongs to. */
export function knownExecutorClasses(): ReadonlySet<Class> {
  return executorClasses;
}

let worker = false;

/** Declares this thread or process to be a worker of an executor: decorated methods run their bodies from here on. */
export function becomeWorker(): void {
  worker = true;
}

export function isWorker(): boolean {
  return worker;
}
