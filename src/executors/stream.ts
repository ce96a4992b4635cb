import { streamWindow } from "./protocol.js";
import type { Task } from "./task.js";

/**
 * The consumer's end of a stream. Items that have come are handed out in order; each half window that is consumed lets the
 * worker send as much again, so a slow consumer slows the generator and memory stays bounded.
 */
export async function* consumeStream(
  submit: () => Task,
  credit: (task: Task, count: number) => void,
): AsyncGenerator<unknown> {
  const task = submit();
  const items: unknown[] = [];
  let wake: () => void = nothing;
  let ended = false;
  task.onItem = (item) => {
    items.push(item);
    wake();
  };
  const end = task.future.finally(() => {
    ended = true;
    wake();
  });
  end.catch(nothing); // Awaited below; until then its rejection is nobody's news.
  let consumed = 0;
  try {
    for (;;) {
      while (items.length > 0) {
        if (++consumed % (streamWindow / 2) === 0) credit(task, streamWindow / 2);
        yield items.shift();
      }
      if (ended) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return await end;
  } finally {
    // Leaving the loop early ends the generator in the worker; after its end this does nothing.
    task.cancel("the consumer left the loop");
  }
}

function nothing(): void {}
