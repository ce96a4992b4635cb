import type { Class } from "../concurrent.js";
import { executorMethodsOf } from "../metadata.js";
import type { Lifetime } from "./model.js";
import type { Node } from "./node.js";

interface Edge {
  readonly step: string;
  readonly node: Node;
}

function edgesOf({ name, source }: Node): readonly Edge[] {
  switch (source.kind) {
    case "class":
      return source.args.flatMap(({ step, nodes, transform }) =>
        [...nodes, ...(transform ? [transform.node] : [])].map((node) => ({ step, node })),
      );
    case "alias":
      return [{ step: source.step, node: source.target }];
    case "delayed":
      return [{ step: `${name}, when it is first used`, node: source.target() }];
    default:
      return [];
  }
}

/** True when constructing the node takes a request's `Scope`. */
export function needsScope(node: Node): boolean {
  return lifetimesWithin(node).has("request");
}

/** True when something on the way is kept for the time of one construction or request: it then needs a `Frame` of its own. */
export function needsFrame(node: Node): boolean {
  const lifetimes = lifetimesWithin(node);
  return lifetimes.has("request") || lifetimes.has("resolution");
}

/** The lifetimes of what one construction makes; it does not make singletons. */
function lifetimesWithin(node: Node): Set<Lifetime> {
  const within = reachable([node], ({ lifetime }) => lifetime !== "singleton");
  return new Set(Array.from(within, ({ lifetime }) => lifetime));
}

/**
 * The steps from a node to a request-scoped dependency, also through transients; undefined when there is none. From a
 * singleton there must be none.
 */
export function stepsToRequest(node: Node, seen = new Set<Node>()): readonly string[] | undefined {
  seen.add(node);
  for (const { step, node: next } of edgesOf(node)) {
    if (next.lifetime === "request") return [step];
    // Another singleton is checked by itself.
    if (next.lifetime === "singleton" || seen.has(next)) continue;
    const rest = stepsToRequest(next, seen);
    if (rest !== undefined) return [step, ...rest];
  }
  return undefined;
}

/** True when every construction gives the same instance. */
export function isShared(node: Node): boolean {
  return ownNodes(node).some(({ lifetime, source }) => lifetime === "singleton" || source.kind === "value");
}

/** The node itself and what it merely stands for: a registered alias, the class behind a `delay()`. */
function ownNodes(node: Node): readonly Node[] {
  const { source } = node;
  if (source.kind === "alias") return [node, ...ownNodes(source.target)];
  if (source.kind === "delayed") return [node, ...ownNodes(source.target())];
  return [node];
}

function reachable(start: readonly Node[], enter: (node: Node) => boolean = () => true): Set<Node> {
  const seen = new Set(start);
  // A set's iteration visits what is added on the way.
  for (const node of seen) if (enter(node)) for (const edge of edgesOf(node)) seen.add(edge.node);
  return seen;
}

/** Which executor methods a node's construction brings within reach. */
export interface ExecutorReach {
  readonly classes: readonly Class[];
  /** True when its dependencies have executor methods, or may have: a factory does not say what it returns. */
  readonly dependencies: boolean;
}

export function executorReach(root: Node): ExecutorReach {
  const own = ownNodes(root);
  const dependencies = reachable(own.flatMap(edgesOf).map(({ node }) => node));
  for (const node of own) dependencies.delete(node);
  const classesBelow = executorClasses([...dependencies]);
  return {
    classes: [...new Set([...executorClasses(own), ...classesBelow])],
    dependencies: classesBelow.length > 0 || [...dependencies].some(({ source }) => source.kind === "factory"),
  };
}

function executorClasses(nodes: readonly Node[]): readonly Class[] {
  return nodes.map(classOf).filter((target) => target !== undefined && hasExecutorMethods(target)) as Class[];
}

function classOf({ source }: Node): Class | undefined {
  if (source.kind === "class") return source.target;
  if (source.kind === "value") return constructorOf(source.value);
  return source.kind === "factory" && typeof source.token === "function" ? source.token : undefined;
}

/** The class of an object; undefined for primitives and for objects without one. */
export function constructorOf(value: unknown): Class | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const target: unknown = value.constructor;
  return typeof target === "function" ? (target as Class) : undefined;
}

const executing = new WeakMap<Class, boolean>();

/** Remembered, because it is asked for every result of a factory. */
export function hasExecutorMethods(target: Class): boolean {
  let known = executing.get(target);
  if (known === undefined) executing.set(target, (known = executorMethodsOf(target).size > 0));
  return known;
}
