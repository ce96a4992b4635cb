import type { Class } from "../concurrent.js";
import type { ApplicationContainer, Scope } from "../container.js";
import { runInRequest } from "../context.js";
import { ConfigurationError } from "../errors.js";
import { middlewareOf } from "../metadata.js";
import type { BlockedLoopWatch } from "./blocked-loop.js";
import type { Exchange } from "./exchange.js";
import type { RequestHandler } from "./handler.js";
import {
  type Middleware,
  type MiddlewareClass,
  type MiddlewareFunction,
  type Next,
  isMiddlewareClass,
  verbNames,
} from "./middleware.js";
import { writeResult } from "./values.js";
import type { HandlerClass } from "./verbs.js";

/** What middleware runs with, beside what it is given. */
export interface Passage {
  readonly handler: RequestHandler;
  readonly exchange: Exchange;
  /** Of the request; undefined when nothing in it needs one. */
  readonly scope: Scope | undefined;
  readonly watch: BlockedLoopWatch | undefined;
}

/** Runs `innermost` within the middleware of a verb. */
export type Around = (passage: Passage, innermost: Next) => Promise<void>;

/** One middleware, ready to run. */
interface Step {
  /** Whose it is and what its code is, for lines of the log. */
  readonly owner: string;
  readonly code: Function;
  run(passage: Passage, next: Next): unknown;
}

/** The middleware of one route, by method. */
export interface MiddlewareTable {
  /** Undefined where there is none: such a request does not come by here. */
  around(method: string): Around | undefined;
  /** True when one of the classes needs the request's scope. */
  readonly scoped: boolean;
}

/**
 * Works out what runs around the verbs of a handler class.
 *
 * @throws ConfigurationError for what is no middleware; InjectionError when a class cannot be constructed.
 */
export function middlewareTable(
  target: HandlerClass,
  application: readonly Middleware[],
  container: ApplicationContainer,
): MiddlewareTable {
  const compiler = new Compiler(container, target.name);
  const shared = [...application, ...(middlewareOf(target, undefined) as Middleware[])];
  const table = new Map<string, Around | undefined>();
  for (const method of methodsOf(target)) {
    const own = middlewareOf(target, method.verb) as Middleware[];
    table.set(method.name, composed(compiler.steps([...shared, ...own])));
  }
  // Methods without a verb of that name reach handlers that take them all: nobody may slip by a guard with PROPFIND.
  const others = composed(compiler.steps(shared));
  return { around: (method) => (table.has(method) ? table.get(method) : others), scoped: compiler.scoped };
}

/** Each method with the verb that answers it. */
function methodsOf({ prototype }: HandlerClass): { readonly name: string; readonly verb: string }[] {
  return verbNames.map((verb) => ({
    name: verb.toUpperCase(),
    verb: verb === "head" && !(verb in prototype) ? "get" : verb,
  }));
}

/** Turns middleware into steps; a class that stands in several places is planned once. */
class Compiler {
  scoped = false;
  readonly #container: ApplicationContainer;
  readonly #owner: string;

  constructor(container: ApplicationContainer, owner: string) {
    this.#container = container;
    this.#owner = owner;
  }

  steps(middleware: readonly Middleware[]): readonly Step[] {
    return middleware.map((entry, index) => this.#step(entry, index));
  }

  #step(entry: unknown, index: number): Step {
    if (isMiddlewareClass(entry)) return this.#fromClass(entry);
    if (typeof entry === "function") return this.#fromFunction(entry as MiddlewareFunction, index);
    throw new ConfigurationError(
      `middleware ${index} of ${this.#owner} is ${typeof entry}: it must be a function (handler, next), or a class with a ` +
        "method handle(handler, next)",
    );
  }

  #fromFunction(code: MiddlewareFunction, index: number): Step {
    return { owner: `middleware ${index} of ${this.#owner}`, code, run: ({ handler }, next) => code(handler, next) };
  }

  #fromClass(entry: Class<MiddlewareClass>): Step {
    const plan = this.#container.plan<MiddlewareClass>(entry);
    this.scoped ||= plan.scoped;
    const run = ({ handler, scope }: Passage, next: Next): unknown => plan.create(scope).handle(handler, next);
    return {
      owner: entry.name,
      code: Reflect.get(entry.prototype as object, "handle") as Function,
      // Its services find the request by its context, as a handler's do.
      run: plan.callsExecutor ? (passage, next) => runInRequest(passage.exchange, () => run(passage, next)) : run,
    };
  }
}

function composed(steps: readonly Step[]): Around | undefined {
  return steps.reduceRight<Around | undefined>((inner, step) => surrounded(step, inner), undefined);
}

/** One step around what is inside of it. */
function surrounded(step: Step, inner: Around | undefined): Around {
  return async (passage, innermost) => {
    const going = new Going(() => {
      passage.watch?.came(step.owner, step.code);
      if (!passage.exchange.response.headersWritten) passage.exchange.response.keepHeaders();
      return inner === undefined ? innermost() : inner(passage, innermost);
    });
    const returned = step.run(passage, going.next);
    passage.watch?.ran(step.owner, step.code);
    const value = await returned;
    passage.watch?.resumed(step.owner, step.code);
    await writeResult(value, passage);
    // Whoever forgot to await it has not answered yet.
    await going.pending;
  };
}

/** The way on from one middleware, taken at most once. */
class Going {
  /** What goes on and has not ended; undefined before and after. */
  pending: Promise<void> | undefined;
  readonly #run: Next;
  #taken = false;

  constructor(run: Next) {
    this.#run = run;
  }

  readonly next: Next = () => {
    if (this.#taken)
      return Promise.reject(new ConfigurationError("a middleware called next() a second time: it goes on once"));
    this.#taken = true;
    const running = this.#run();
    this.pending = running;
    const ended = (): void => void (this.pending = undefined);
    running.then(ended, ended);
    return running;
  };
}
