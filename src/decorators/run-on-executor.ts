import type { Class, TaskExecutor } from "../concurrent.js";
import { ExecutorContext, currentRequest } from "../context.js";
import { type NumberRule, callRules, checkNumber, checkNumbers, milliseconds } from "../check.js";
import { ConfigurationError } from "../errors.js";
import { recordExecutorMethod } from "../metadata.js";
import { type ExecutorCall, callBindingOf, isWorker, rememberExecutorClass } from "./calls.js";
import type { TypedMethodDecorator } from "./cloneable.js";

/** A token of the container: a class, a string or a symbol. */
export type ExecutorToken = Class<TaskExecutor> | string | symbol;

/** How the calls of one method run. Times are milliseconds. */
export interface RunOnExecutorOptions {
  /** A name of `executors`, a token of the container, or an executor. Default: the class's static `executor`, else `"default"`. */
  readonly executor?: ExecutorToken | TaskExecutor;
  /** Longest run. Default: none; a request's own end cancels the task as well. */
  readonly deadline?: number;
  /** Longest wait in the queue. Default: the executor's. */
  readonly queueTimeout?: number;
  /** Higher runs first. Default: 0. */
  readonly priority?: number;
  /** What happens when the client leaves: the task is cancelled, or runs on by itself. Default: `"cancel"`. */
  readonly onDisconnect?: "cancel" | "detach";
  /** Running the method twice does no more than running it once. Default: false. */
  readonly idempotent?: boolean;
  /**
   * Makes the call again after a crash, a failed start or a full queue; needs `idempotent`. All attempts together have the
   * time of one `deadline`. Arguments are copied, also those that are `move`d. Default: never.
   */
  readonly retry?: RetryOptions;
  /** Moves all buffers and typed arrays in arguments and result instead of copying them. Default: false. */
  readonly transfer?: boolean;
  /** Replaces the class's name as the token of the class, when two classes have one name. Default: the class's name. */
  readonly token?: string;
}

/** How often and when a call is made again. Times are milliseconds. */
export interface RetryOptions {
  /** The first call included. Default: 3. */
  readonly attempts?: number;
  /** Bound of the first random wait; it doubles with each attempt. Default: 50. */
  readonly minDelay?: number;
  /** Default: 2,000. */
  readonly maxDelay?: number;
}

const optionNames = new Set([
  "executor",
  "deadline",
  "queueTimeout",
  "priority",
  "onDisconnect",
  "idempotent",
  "retry",
  "transfer",
  "token",
]);

/**
 * Runs the decorated method on an executor: the same class, the same method, another thread. The call submits the
 * arguments; a worker that has its own container makes a fresh instance there and runs the body.
 *
 * The method must be a public instance method that returns a Promise or an AsyncGenerator, and its arguments and result
 * must survive a structured clone: otherwise the program does not compile. `this` in the body is the worker's instance
 * with the worker's services; fields set on the caller's instance are not there, and of a handler nothing of the request
 * is: pass what is needed as arguments. A decorated method called from a body runs inline.
 *
 * @throws at the call, through the promise: `QueueFullError`, `DeadlineExceededError`, `CancelledError`,
 * `WorkerCrashedError`, `WorkerBootError`, `SerializationError`, `ExecutorClosedError`, and whatever the body throws.
 *
 * @example
 * class Thumbnails {
 *   @RunOnExecutor({ deadline: 5_000 })
 *   async resize(image: Uint8Array, width: number): Promise<Uint8Array> { … }
 * }
 *
 * Source: Tornado's `run_on_executor`.
 */
export function RunOnExecutor(options: RunOnExecutorOptions = {}): TypedMethodDecorator {
  return ((prototype: object, method: string, descriptor: PropertyDescriptor) => {
    checkTarget(prototype, method, descriptor, options);
    recordExecutorMethod(prototype.constructor as Class, method, options);
    rememberExecutorClass(prototype.constructor as Class);
    const body = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = isGenerator(body) ? streamed(method, body, options) : called(method, body, options);
  }) as TypedMethodDecorator;
}

function called(method: string, body: (...args: unknown[]) => unknown, options: RunOnExecutorOptions): unknown {
  return function (this: object, ...args: unknown[]): unknown {
    if (runsHere()) return body.apply(this, args);
    try {
      const { router, request } = bindingOf(this, method);
      return router.call(callOf(this, method, args, options, request));
    } catch (error) {
      // The method is an async one: what is wrong with a call of it is said by its promise.
      return Promise.reject(error);
    }
  };
}

function streamed(method: string, body: (...args: unknown[]) => unknown, options: RunOnExecutorOptions): unknown {
  return function (this: object, ...args: unknown[]): unknown {
    if (runsHere()) return body.apply(this, args);
    try {
      const { router, request } = bindingOf(this, method);
      return router.stream(callOf(this, method, args, options, request));
    } catch (error) {
      return failing(error);
    }
  };
}

/** An async generator says by its first item what is wrong with a call of it. */
// oxlint-disable-next-line require-yield -- it has none
async function* failing(error: unknown): AsyncGenerator<never> {
  throw error;
}

/** True on a worker and inside a task of an inline executor: there the body itself is wanted. */
function runsHere(): boolean {
  return isWorker() || ExecutorContext.current() !== undefined;
}

function bindingOf(instance: object, method: string): NonNullable<ReturnType<typeof callBindingOf>> {
  const binding = callBindingOf(instance);
  if (binding !== undefined) return binding;
  const name = instance.constructor.name;
  throw new ConfigurationError(
    `${name}.${method}() runs on an executor, but this ${name} was made with \`new\` and belongs to no application: ` +
      `let the container make it (constructor injection, or application.container.resolve(${name}))`,
  );
}

function callOf(
  instance: object,
  method: string,
  args: unknown[],
  options: RunOnExecutorOptions,
  request: ExecutorCall["request"],
): ExecutorCall {
  return {
    instance,
    target: instance.constructor as Class,
    method,
    args,
    options,
    request: request ?? currentRequest(),
  };
}

const asyncGeneratorFunction = Object.getPrototypeOf(async function* () {}) as object;

function isGenerator(body: object): boolean {
  return Object.getPrototypeOf(body) === asyncGeneratorFunction;
}

/** What the compiler refuses is refused again here, for callers whose types were cast away. */
function checkTarget(
  prototype: object,
  method: string,
  descriptor: PropertyDescriptor,
  options: RunOnExecutorOptions,
): void {
  const isStatic = typeof prototype === "function";
  const place = `${isStatic ? `static ${prototype.name}` : prototype.constructor.name}.${String(method)}`;
  if (isStatic || typeof method !== "string" || typeof descriptor?.value !== "function") {
    throw new ConfigurationError(
      `@RunOnExecutor on ${place}: only a public instance method with a plain name can run on an executor`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) {
      throw new ConfigurationError(
        `@RunOnExecutor on ${place}: unknown option "${name}"; known are ${[...optionNames].join(", ")}`,
      );
    }
  }
  if (options.retry !== undefined && options.transfer === true) {
    throw new ConfigurationError(
      `@RunOnExecutor on ${place}: \`retry\` needs the arguments again, and \`transfer\` gives them away: choose one`,
    );
  }
  checkCallNumbers(`@RunOnExecutor on ${place}`, options);
  if (options.retry !== undefined && options.idempotent !== true) {
    throw new ConfigurationError(
      `@RunOnExecutor on ${place}: \`retry\` may run the body twice; say \`idempotent: true\` if that does no harm`,
    );
  }
}

const retryRules = {
  attempts: { from: 1, integer: true },
  minDelay: milliseconds(0),
  maxDelay: milliseconds(0),
} satisfies Record<keyof RetryOptions, NumberRule>;

function checkCallNumbers(owner: string, options: RunOnExecutorOptions): void {
  for (const [name, rule] of Object.entries(callRules) as [keyof typeof callRules, NumberRule][]) {
    const { [name]: value } = options;
    if (value !== undefined) checkNumber(owner, name, value, rule);
  }
  if (options.retry !== undefined) checkNumbers(`${owner}: retry`, options.retry, retryRules);
}
