import { ConfigurationError } from "../errors.js";
import type { Future } from "./future.js";

/** Runs `call` for each input, at most `limit` at a time, and gives the results in the order of the inputs. */
export async function* mapOrdered<I, R>(
  inputs: Iterable<I> | AsyncIterable<I>,
  limit: number,
  call: (input: I) => Future<R>,
): AsyncGenerator<R> {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new ConfigurationError(`Executor.map: concurrency must be an integer of at least 1, got ${String(limit)}`);
  }
  const submitted: Future<R>[] = [];
  try {
    for await (const input of inputs) {
      submitted.push(observed(call(input)));
      if (submitted.length === limit) yield await first(submitted);
    }
    while (submitted.length > 0) yield await first(submitted);
  } finally {
    for (const future of submitted) future.cancel("the results are no longer wanted");
  }
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
