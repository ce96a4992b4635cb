import { ConfigurationError } from "../errors.js";
import type { Future } from "./future.js";

/**
 * Runs `call` for each input, at most `limit` at a time, and gives the results in the order of the inputs, each as soon as
 * it is there: also while the next input is still waited for. An error of the inputs comes after the results before it.
 */
export async function* mapOrdered<I, R>(
  inputs: Iterable<I> | AsyncIterable<I>,
  limit: number,
  call: (input: I) => Future<R>,
): AsyncGenerator<R> {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new ConfigurationError(`Executor.map: concurrency must be an integer of at least 1, got ${String(limit)}`);
  }
  const source = new Source(inputs);
  const submitted: Future<R>[] = [];
  try {
    for (;;) {
      const next = submitted.length < limit ? source.next() : undefined;
      const step = await earliest(next, submitted[0]);
      if (step === "end") break;
      if (step === "result") yield await first(submitted);
      else {
        source.taken();
        submitted.push(observed(call(step.input)));
      }
    }
    source.check();
  } finally {
    for (const future of submitted) future.cancel("the results are no longer wanted");
    await source.close();
  }
}

interface Input<I> {
  readonly input: I;
}

/** Inputs, asked for one at a time. */
class Source<I> {
  readonly #iterator: Iterator<I> | AsyncIterator<I>;
  #pending: Promise<Input<I> | undefined> | undefined;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(inputs: Iterable<I> | AsyncIterable<I>) {
    this.#iterator = Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  }

  /** The next input, which stays the next one until it is taken; undefined after the last one. */
  next(): Promise<Input<I> | undefined> | undefined {
    if (!this.#isOver) this.#pending ??= this.#read();
    return this.#pending;
  }

  /** What was next has been used. One that came in the same moment as a result has not: it is next again. */
  taken(): void {
    this.#pending = undefined;
  }

  /** @throws the error with which the inputs ended. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Tells the inputs that no more are wanted. One that is still waited for may never come, and is not waited for. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    const closing = this.#iterator.return?.();
    if (this.#pending === undefined) await closing;
    else Promise.resolve(closing).catch(() => undefined);
  }

  async #read(): Promise<Input<I> | undefined> {
    try {
      const { done, value } = await this.#iterator.next();
      if (done !== true) return { input: await value };
    } catch (error) {
      this.#failure = { error };
    }
    this.#pending = undefined;
    this.#isOver = true;
    return undefined;
  }
}

/** What comes first: the next input, or the oldest result; neither is left at the end. */
async function earliest<I>(
  next: Promise<Input<I> | undefined> | undefined,
  oldest: Promise<unknown> | undefined,
): Promise<Input<I> | "result" | "end"> {
  const result = oldest?.then(isResult, isResult);
  if (next === undefined) return result ?? "end";
  const input = await (result === undefined ? next : Promise.race([next, result]));
  return input ?? result ?? "end";
}

function isResult(): "result" {
  return "result";
}

/** The oldest result; it stays in the list until it is there, so that an error finds it among those to cancel. */
async function first<R>(submitted: Future<R>[]): Promise<R> {
  const result = await (submitted[0] as Future<R>);
  void submitted.shift();
  return result;
}

/** An error is reported when its turn comes; until then it is not an unhandled one. */
function observed<R>(future: Future<R>): Future<R> {
  future.catch(() => undefined);
  return future;
}
