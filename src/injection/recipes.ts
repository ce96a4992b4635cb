import type { Class } from "../concurrent.js";
import { InjectionError, toError } from "../errors.js";
import { constructorOf, hasExecutorMethods } from "./analysis.js";
import { type Make, constructFrom, constructWith } from "./construct.js";
import { lateBound } from "./delayed.js";
import type { Argument, Node } from "./node.js";

/** A way to get an instance: one that is always the same, or one that is made. */
export type Recipe = { readonly fixed: true; readonly value: unknown } | { readonly fixed: false; readonly make: Make };

/** What recipes need of the application. */
export interface Workshop {
  /** The singleton of the node, made now if need be. */
  shared(node: Node): unknown;
  /** Ties an instance with executor methods to the application. */
  bind(instance: object): void;
}

/** What tsyringe's `Transform` is. */
interface Transformer {
  transform(value: unknown, ...args: readonly unknown[]): unknown;
}

/** Turns nodes into recipes, in which nothing is left to look up. Making a recipe builds the singletons that it captures. */
export class Recipes {
  readonly #workshop: Workshop;
  readonly #explain: boolean;
  readonly #known = new WeakMap<Node, Recipe>();

  /** @param options.explain wraps what a constructor or factory throws in an InjectionError with its path: at start, not in a request. */
  constructor(workshop: Workshop, options: { readonly explain: boolean }) {
    this.#workshop = workshop;
    this.#explain = options.explain;
  }

  /** How others get the node's instance, according to its lifetime. */
  of(node: Node): Recipe {
    const known = this.#known.get(node) ?? this.#byLifetime(node);
    this.#known.set(node, known);
    return known;
  }

  /** How the instance itself is made, once per lifetime. */
  fresh(node: Node, options: { readonly bind: boolean } = { bind: true }): Recipe {
    const { source } = node;
    switch (source.kind) {
      case "value":
        return fixed(this.#bound(source.value));
      case "factory":
        return this.#explained(node, () => this.#bound(source.make()));
      case "class":
        return this.#explained(node, this.#constructing(source.target, source.args, options.bind));
      case "alias":
        return this.of(source.target);
      default:
        return this.#delayed(source.target());
    }
  }

  #byLifetime(node: Node): Recipe {
    if (node.lifetime === "singleton") return fixed(this.#workshop.shared(node));
    const recipe = this.fresh(node);
    if (node.lifetime === "transient") return recipe;
    const make = makeOf(recipe);
    if (node.lifetime === "request") return made((frame) => frame.inScope(node, make));
    return made((frame) => frame.once(node.key, make));
  }

  #delayed(target: Node): Recipe {
    if (target.lifetime === "singleton") return fixed(lateBound(() => this.#workshop.shared(target)));
    return made((frame) => lateBound(() => makeOf(this.of(target))(frame)));
  }

  #constructing(target: Class, args: readonly Argument[], bind: boolean): Make {
    const recipes = args.map((argument) => this.#argument(argument));
    const make = recipes.every((recipe) => recipe.fixed)
      ? constructWith(
          target,
          recipes.map(({ value }) => value),
        )
      : constructFrom(target, recipes.map(makeOf));
    return bind && hasExecutorMethods(target) ? (frame) => this.#bound(make(frame)) : make;
  }

  #argument({ nodes, all, transform }: Argument): Recipe {
    const recipes = nodes.map((node) => this.of(node));
    const value = all ? together(recipes) : (recipes[0] ?? fixed(undefined));
    if (transform === undefined) return value;
    const transformer = makeOf(this.of(transform.node));
    const make = makeOf(value);
    return made((frame) => (transformer(frame) as Transformer).transform(make(frame), ...transform.args));
  }

  #bound(instance: unknown): unknown {
    const target = constructorOf(instance);
    if (target !== undefined && hasExecutorMethods(target)) this.#workshop.bind(instance as object);
    return instance;
  }

  #explained(node: Node, make: Make): Recipe {
    if (!this.#explain) return made(make);
    return made((frame) => {
      try {
        return make(frame);
      } catch (cause) {
        throw explain(node, cause);
      }
    });
  }
}

function fixed(value: unknown): Recipe {
  return { fixed: true, value };
}

function made(make: Make): Recipe {
  return { fixed: false, make };
}

export function makeOf(recipe: Recipe): Make {
  return recipe.fixed ? () => recipe.value : recipe.make;
}

/** A new array for each injection, so that nobody changes another's. */
function together(recipes: readonly Recipe[]): Recipe {
  const makes = recipes.map(makeOf);
  return made((frame) => makes.map((make) => make(frame)));
}

/** Errors that say already where in the same construction they happened. */
const explained = new WeakSet<object>();

function explain(node: Node, cause: unknown): InjectionError {
  const isFactory = node.source.kind === "factory";
  // What a factory resolves is a construction of its own, with a path that does not lead here.
  if (!isFactory && cause instanceof InjectionError && explained.has(cause)) return cause;
  const what = isFactory ? `the factory registered for ${node.name}` : `the constructor of ${node.name}`;
  const error = node.path.fault(`${what} threw: ${firstLine(cause)}`, "The whole error is the cause of this one.", {
    cause,
  });
  explained.add(error);
  return error;
}

function firstLine(thrown: unknown): string {
  const [line = ""] = toError(thrown).message.split("\n", 1);
  return line;
}
