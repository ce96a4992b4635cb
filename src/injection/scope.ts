import { InjectionError } from "../errors.js";
import { Disposables } from "./disposal.js";
import type { Node } from "./node.js";

/**
 * The request-scoped instances of one request, or of one task on a worker. Make one for each construction of a plan whose
 * `scoped` is true, and dispose it when the request or the task is over.
 */
export class Scope {
  readonly #slots = new Map<object, unknown>();
  readonly #disposables = new Disposables();

  /** The instance of the node in this scope, made at the first call. Only plans call it. */
  obtain(node: Node, make: () => unknown): unknown {
    if (this.#slots.has(node.key)) return this.#slots.get(node.key);
    if (this.#disposables.disposed) throw ended(node);
    const instance = make();
    this.#slots.set(node.key, instance);
    if (node.owned) this.#disposables.add(instance, node.name);
    return instance;
  }

  /**
   * Disposes what the scope made, in reverse order of creation, by `Symbol.asyncDispose`, else `Symbol.dispose`, else
   * `dispose()`. Never rejects: each failure is one line in the log. Safe to call twice.
   */
  dispose(): Promise<void> {
    return this.#disposables.dispose();
  }
}

function ended(node: Node): InjectionError {
  return new InjectionError(
    `the request-scoped ${node.name} was asked for after its request had ended: use it before the handler finishes`,
  );
}

/** One construction: the request's scope, if there is one, and the instances that are made once per construction. */
export class Frame {
  readonly #scope: Scope | undefined;
  #resolved: Map<object, unknown> | undefined;

  constructor(scope?: Scope) {
    this.#scope = scope;
  }

  inScope(node: Node, make: (frame: Frame) => unknown): unknown {
    if (this.#scope === undefined) throw noScope(node);
    return this.#scope.obtain(node, () => make(this));
  }

  once(key: object, make: (frame: Frame) => unknown): unknown {
    const resolved = (this.#resolved ??= new Map());
    if (!resolved.has(key)) resolved.set(key, make(this));
    return resolved.get(key);
  }
}

/** The error for a request-scoped instance that is wanted where there is no request. */
export function noScope(node: Pick<Node, "name">): InjectionError {
  return new InjectionError(
    `${node.name} is request-scoped or needs something that is, and there is no request here: a factory or ` +
      "application.container.resolve() cannot have it. Take it as a constructor parameter of a handler or of a service " +
      "that a handler takes; outside a request give the plan a Scope and dispose it afterwards.",
  );
}
