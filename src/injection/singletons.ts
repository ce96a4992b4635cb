import { InjectionError } from "../errors.js";
import { Disposables } from "./disposal.js";
import type { Node } from "./node.js";

interface Cell {
  readonly node: Node;
  state: "planned" | "building" | "built";
  instance: unknown;
}

/** The singletons of one application, by registration: each is made at most once, whatever its value. */
export class Singletons {
  readonly #cells = new Map<object, Cell>();
  readonly #disposables = new Disposables();
  readonly #make: (node: Node) => unknown;

  /** @param make constructs the instance of a node, its dependencies first. */
  constructor(make: (node: Node) => unknown) {
    this.#make = make;
  }

  add(node: Node): void {
    if (!this.#cells.has(node.key)) this.#cells.set(node.key, { node, state: "planned", instance: undefined });
  }

  nodeOf(key: object): Node | undefined {
    return this.#cells.get(key)?.node;
  }

  instanceOf(node: Node): unknown {
    const cell = this.#cells.get(node.key);
    if (cell === undefined) throw new InjectionError(`the singleton ${node.name} was never planned`);
    if (cell.state !== "built") this.#build(cell);
    return cell.instance;
  }

  /** Makes those that were added and are not there yet. */
  buildAll(): void {
    for (const { node } of this.#cells.values()) this.instanceOf(node);
  }

  dispose(): Promise<void> {
    return this.#disposables.dispose();
  }

  #build(cell: Cell): void {
    this.#refuse(cell);
    cell.state = "building";
    try {
      cell.instance = this.#make(cell.node);
      cell.state = "built";
    } finally {
      // A failed one may be tried again.
      if (cell.state === "building") cell.state = "planned";
    }
    if (cell.node.owned) this.#disposables.add(cell.instance, cell.node.name);
  }

  #refuse({ node, state }: Cell): void {
    if (this.#disposables.disposed) {
      throw node.path.fault("its application has ended", "Ask for it before the application is disposed.");
    }
    if (state === "building") {
      throw node.path.fault(
        `${node.name} is asked for while its own constructor, or a factory that it needs, still runs`,
        "Constructors must not use what they took with delay(), nor may a factory resolve what needs the factory's result: " +
          "use it later, in a method.",
      );
    }
  }
}
