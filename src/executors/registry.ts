import type { Class } from "../concurrent.js";
import { knownExecutorClasses } from "../decorators/calls.js";
import { ConfigurationError, WorkerBootError } from "../errors.js";
import { executorMethodsOf } from "../metadata.js";

/**
 * Which class a token means, on both sides of an executor. The token is the class's name, or the `token` that one of its
 * `@RunOnExecutor` methods gives.
 */
export class ClassRegistry {
  readonly #classes = new Map<string, Class>();
  readonly #tokens = new Map<Class, string>();
  /** Differs when the two sides registered different classes or methods: then they come from different code. */
  readonly hash: string;

  /**
   * @param classes the classes of the application that have executor methods.
   * @throws ConfigurationError when two of them have one token.
   */
  constructor(classes: Iterable<Class>) {
    for (const target of classes) this.#register(target);
    this.hash = hashOf(this.#classes);
  }

  /** The token of a class, also of one that the application reaches only at run time. */
  tokenOf(target: Class): string {
    return this.#tokens.get(target) ?? this.#register(target);
  }

  /** @throws WorkerBootError when nothing that this side imported has the token. */
  classOf(token: string): Class {
    const known = this.#classes.get(token);
    if (known !== undefined) return known;
    const found = decoratedClass(token);
    if (found !== undefined) {
      this.#register(found);
      return found;
    }
    throw new WorkerBootError(
      `no class is known as "${token}" here: its module is not imported by the application's module, or the class has no ` +
        "@RunOnExecutor method and no handler depends on it",
    );
  }

  #register(target: Class): string {
    const token = tokenName(target);
    const known = this.#classes.get(token);
    if (known !== undefined && known !== target) throw duplicate(token);
    this.#classes.set(token, target);
    this.#tokens.set(target, token);
    return token;
  }
}

function decoratedClass(token: string): Class | undefined {
  const found = [...knownExecutorClasses()].filter((target) => tokenName(target) === token);
  if (found.length > 1) throw duplicate(token);
  return found[0];
}

function duplicate(token: string): ConfigurationError {
  return new ConfigurationError(
    `two classes with @RunOnExecutor methods are called "${token}", and workers find a class by its name: rename one, ` +
      `or give one of them a name of its own: @RunOnExecutor({ token: "other.${token}" })`,
  );
}

function tokenName(target: Class): string {
  for (const options of executorMethodsOf(target).values()) {
    const { token } = options as { token?: string };
    if (token !== undefined) return token;
  }
  if (target.name !== "") return target.name;
  throw new ConfigurationError(
    `a class without a name has @RunOnExecutor methods: give it @RunOnExecutor({ token: "…" })`,
  );
}

function hashOf(classes: ReadonlyMap<string, Class>): string {
  const lines = [...classes].map(
    ([token, target]) => `${token}:${[...executorMethodsOf(target).keys()].sort().join()}`,
  );
  return fnv1a(lines.sort().join("\n")).toString(16);
}

/**
 * The hash FNV-1a of 64 bits: to tell two builds of one program apart is no matter of security, and node:crypto is a quarter of
 * what a worker would load.
 */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
