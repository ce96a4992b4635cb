import type { Class } from "../concurrent.js";
import type { Lifetime, Token } from "./model.js";
import type { Path } from "./path.js";

/** How the instance of a node comes to be. */
export type Source =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "factory"; readonly make: () => unknown; readonly token: Token }
  | { readonly kind: "class"; readonly target: Class; readonly args: readonly Argument[] }
  | { readonly kind: "alias"; readonly target: Node; readonly step: string }
  | { readonly kind: "delayed"; readonly target: () => Node };

/** What one constructor parameter is given. */
export interface Argument {
  /** The parameter's line in a path. */
  readonly step: string;
  readonly all: boolean;
  /** One node, or for `all` any number; none for an optional token that is not registered. */
  readonly nodes: readonly Node[];
  readonly transform: { readonly node: Node; readonly args: readonly unknown[] } | undefined;
}

/** One thing that injection can give, with all that it needs in turn. */
export interface Node {
  /** The registration, or the class when it has none: what makes two nodes the same singleton or slot. */
  readonly key: object;
  readonly name: string;
  readonly lifetime: Lifetime;
  readonly source: Source;
  /** The way on which it was met first. */
  readonly path: Path;
  /** True when the container makes the instance and so disposes what it shares. Values and factories' results are not its own. */
  readonly owned: boolean;
}
