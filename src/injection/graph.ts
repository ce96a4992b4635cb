import type { Class } from "../concurrent.js";
import { stepsToRequest } from "./analysis.js";
import { type Delayed, type Registration, type Token, isDelayed, nameOf, targetOf } from "./model.js";
import type { Argument, Node, Source } from "./node.js";
import { type Parameter, describeParameter, isErased, parametersOf } from "./parameters.js";
import { Path } from "./path.js";
import type { Registrations } from "./registrations.js";

/**
 * Finds out, without constructing anything, what is needed to construct one token: a node for each registration and
 * class on the way, every fault an InjectionError with its path. Used once and thrown away, so that nothing of a failed
 * search remains; the application keeps `singletons` of one that succeeded.
 */
export class Graph {
  /** The singletons that were not known before; each stands behind those that its constructor takes. */
  readonly singletons: Node[] = [];
  readonly #registrations: Registrations;
  readonly #known: (registration: Registration) => Node | undefined;
  readonly #nodes = new Map<object, Node>();
  readonly #open = new Set<object>();
  readonly #postponed: (() => void)[] = [];

  constructor(registrations: Registrations, known: (registration: Registration) => Node | undefined) {
    this.#registrations = registrations;
    this.#known = known;
  }

  trace(token: Token): Node {
    return this.#finish(this.#nodeFor(token, new Path(nameOf(token))));
  }

  traceAll(token: Token): readonly Node[] {
    const nodes = this.#nodesFor(token, new Path(nameOf(token)));
    for (const node of nodes) this.#finish(node);
    return nodes;
  }

  traceRegistration(registration: Registration): Node {
    return this.#finish(this.#registered(registration, new Path(nameOf(registration.token))));
  }

  /** What stands behind a `delay()` is looked at last, when no constructor is open: that is how it breaks a cycle. */
  #finish(node: Node): Node {
    for (let next = this.#postponed.shift(); next !== undefined; next = this.#postponed.shift()) next();
    for (const singleton of this.singletons) refuseCaptive(singleton);
    return node;
  }

  #nodeFor(token: unknown, path: Path): Node {
    const registration = this.#registrationsOf(token).at(-1);
    return registration === undefined ? this.#unregistered(token, path) : this.#registered(registration, path);
  }

  #nodesFor(token: unknown, path: Path): readonly Node[] {
    const registrations = this.#registrationsOf(token);
    if (registrations.length === 0) return [this.#unregistered(token, path)];
    return registrations.map((registration) => this.#registered(registration, path));
  }

  #registrationsOf(token: unknown): readonly Registration[] {
    return token === undefined ? [] : this.#registrations.of(token as Token);
  }

  #unregistered(token: unknown, path: Path): Node {
    if (typeof token === "string" || typeof token === "symbol") throw missing(token, path);
    if (isDelayed(token)) return this.#delayed(nameOf(token), path, () => this.#behind(token, path));
    if (isErased(token)) throw erasedType(token, path);
    const target = token as Class;
    return this.#once(target, path, () => this.#constructed(target, target, path));
  }

  #registered(registration: Registration, path: Path): Node {
    const known = this.#known(registration);
    if (known !== undefined) return known;
    const { provider } = registration;
    const delayed =
      provider.kind === "class" ? provider.target : provider.kind === "token" ? provider.token : undefined;
    if (isDelayed(delayed)) {
      return this.#delayed(nameOf(registration.token), path, () => this.#aliased(registration, delayed, path));
    }
    return this.#once(registration, path, () => this.#provided(registration, path));
  }

  /** A registration whose class or token is delayed: the proxy outside, the registration's lifetime inside. */
  #aliased(registration: Registration, delayed: Delayed, path: Path): Node {
    return this.#once(registration, path, () => this.#alias(registration, this.#behind(delayed, path), path));
  }

  #behind(delayed: Delayed, path: Path): Node {
    return this.#nodeFor(targetOf(delayed), path);
  }

  #delayed(name: string, path: Path, find: () => Node): Node {
    let target: Node | undefined;
    this.#postponed.push(() => (target = find()));
    // oxlint-disable-next-line typescript/no-non-null-assertion -- #finish ran it before anyone asks
    const source: Source = { kind: "delayed", target: () => target! };
    return { key: source, name, lifetime: "transient", path, source, owned: false };
  }

  #provided(registration: Registration, path: Path): Node {
    const { token, lifetime, provider } = registration;
    const node = { key: registration, name: nameOf(token), lifetime, path };
    switch (provider.kind) {
      case "value":
        return { ...node, source: provider, owned: false };
      case "factory":
        return { ...node, source: { ...provider, token }, owned: false };
      case "class":
        return { ...this.#constructed(registration, provider.target as Class, path), lifetime };
      default:
        return this.#alias(registration, this.#nodeFor(provider.token, path.to(aliasStep(registration))), path);
    }
  }

  #alias(registration: Registration, target: Node, path: Path): Node {
    return {
      key: registration,
      name: nameOf(registration.token),
      lifetime: registration.lifetime,
      path,
      source: { kind: "alias", target, step: aliasStep(registration) },
      owned: target.owned && target.lifetime !== "singleton" && target.lifetime !== "request",
    };
  }

  #constructed(key: object, target: Class, path: Path): Node {
    if (typeof target !== "function") throw noClass(path);
    const args = parametersOf(target, path).map((parameter, index) => {
      const step = `${nameOf(target)}, parameter ${index}: ${describeParameter(parameter)}`;
      return this.#argument(parameter, step, path.to(step));
    });
    const source: Source = { kind: "class", target, args };
    return { key, name: nameOf(target), lifetime: "transient", path, source, owned: true };
  }

  #argument(parameter: Parameter, step: string, path: Path): Argument {
    const { transform } = parameter;
    return {
      step,
      all: parameter.all,
      nodes: this.#asked(parameter, path),
      transform: transform && { node: this.#nodeFor(transform.token, path), args: transform.args },
    };
  }

  #asked({ token, all, optional }: Parameter, path: Path): readonly Node[] {
    if (optional && isName(token) && this.#registrationsOf(token).length === 0) return [];
    return all ? this.#nodesFor(token, path) : [this.#nodeFor(token, path)];
  }

  /** One node per key, and a fault when the key is met again while its own dependencies are still being looked at. */
  #once(key: object, path: Path, create: () => Node): Node {
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return existing;
    if (this.#open.has(key)) throw cycle(path);
    this.#open.add(key);
    const node = create();
    this.#open.delete(key);
    this.#nodes.set(key, node);
    if (node.lifetime === "singleton") this.singletons.push(node);
    return node;
  }
}

function isName(token: unknown): boolean {
  return typeof token === "string" || typeof token === "symbol";
}

function aliasStep({ token, provider }: Registration): string {
  const target = provider.kind === "token" ? provider.token : provider.kind === "class" ? provider.target : token;
  return `${nameOf(token)} is registered as ${nameOf(target)}`;
}

function refuseCaptive(singleton: Node): void {
  const steps = stepsToRequest(singleton);
  if (steps === undefined) return;
  throw singleton.path
    .to(...steps)
    .fault(
      `the singleton ${singleton.name} would keep a request-scoped dependency, and show one request's data to another`,
      `Make ${singleton.name} request-scoped too, @scoped(Lifecycle.ContainerScoped), or hand it what it needs of the ` +
        "request as arguments of its methods.",
    );
}

function missing(token: string | symbol, path: Path): Error {
  const name = nameOf(token);
  return path.fault(
    `nothing is registered for the token ${name}`,
    `Register it in configure(container), for example container.register(${name}, { useValue: … }), or let the ` +
      `parameter be absent: @inject(${name}, { isOptional: true }).`,
  );
}

function erasedType(token: unknown, path: Path): Error {
  const recorded = typeof token === "function" ? token.name : String(token);
  return path.fault(
    `the type of this parameter was erased, the compiler recorded only ${recorded}`,
    "Only a class is there at run time. Import it with `import`, not `import type`; for an interface, a union or a " +
      'primitive name a token, @inject("name"); for a class of a cyclic import write @inject(delay(() => Other)) ' +
      "other: Ref<Other>. Build with tsc and emitDecoratorMetadata: tsx and esbuild record no types.",
  );
}

function cycle(path: Path): Error {
  return path.fault(
    "its dependencies form a cycle",
    "Break it at one place with tsyringe's delay() and Waterspout's type Ref, @inject(delay(() => Other)) other: " +
      "Ref<Other>, or move what both sides need into a third class.",
  );
}

function noClass(path: Path): Error {
  return path.fault(
    "something that is no class is registered as one",
    "tsyringe takes { useValue: undefined } and { useValue: null } for a class: register { useFactory: () => undefined }.",
  );
}
