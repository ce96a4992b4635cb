/** One event of a `text/event-stream`. */
export function serverSentEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** What comes over a connection is cut anywhere; this gives it event by event, so that streams can be merged. */
export async function* wholeEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    const events = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) yield `${event}\n\n`;
  }
}

/** Gives what any of the sources gives, in the order in which it comes. Leaving the loop ends them all. */
export async function* merged<T>(sources: Iterable<AsyncGenerator<T>>): AsyncGenerator<T> {
  const next = async (source: AsyncGenerator<T>) => ({ source, result: await source.next() });
  const pending = new Map(Array.from(sources, (source) => [source, next(source)]));
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      // Deleted and set anew it goes behind the others, so that a fast source does not hold them up.
      pending.delete(source);
      if (result.done) continue;
      pending.set(source, next(source));
      yield result.value;
    }
  } finally {
    for (const source of pending.keys()) void source.return(undefined);
  }
}
