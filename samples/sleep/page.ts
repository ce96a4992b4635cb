import { readFileSync } from "node:fs";
import { threadId } from "node:worker_threads";
import { HTTPError, RequestHandler, Route, RunOnExecutor, taskId } from "waterspout";
import { sleepSync } from "./sleep-sync.js";

/** One step of a run, as the page shows it. */
interface Step {
  run: number;
  step: number;
  steps: number;
  pid: number;
  taskId: number | null;
  threadId: number;
}

const html = readFileSync(new URL("../../../samples/sleep/index.html", import.meta.url), "utf8");

@Route("/")
export class PageHandler extends RequestHandler {
  get(): string {
    return html;
  }
}

@Route("/ping")
export class PingHandler extends RequestHandler {
  get(): { pid: number; taskId: number | null } {
    return { pid: process.pid, taskId: taskId() };
  }
}

/** One run: a worker thread blocks step by step, and each step is sent when it is done. */
@Route("/steps")
export class StepsHandler extends RequestHandler {
  get(): AsyncGenerator<string> {
    this.setHeader("Content-Type", "text/event-stream");
    return this.events(wholeNumber(this.getQueryArgument("run", "1"), 10_000));
  }

  private async *events(run: number): AsyncGenerator<string> {
    for await (const step of this.blockInSteps(run, 15)) yield serverSentEvent(step);
  }

  @RunOnExecutor()
  async *blockInSteps(run: number, steps: number): AsyncGenerator<Step> {
    for (let step = 0; step <= steps; step++) {
      if (step > 0) sleepSync(1000);
      yield { run, step, steps, pid: process.pid, taskId: taskId(), threadId };
    }
  }
}

/**
 * Many runs at once over one connection of the browser, which opens only six to a host: this process asks the shared port
 * once for each run, every time on a connection of its own, and merges the streams.
 */
@Route("/runs")
export class RunsHandler extends RequestHandler {
  get(): AsyncGenerator<string> {
    this.setHeader("Content-Type", "text/event-stream");
    const count = wholeNumber(this.getQueryArgument("count", "8"), 100);
    const { localPort } = this.request.socket;
    return merged(count, (run) => fetch(`http://127.0.0.1:${localPort}/steps?run=${run}`, { signal: this.signal }));
  }
}

/** Hands on what arrives on any of the streams, in whatever order it comes. */
async function* merged(count: number, open: (run: number) => Promise<Response>): AsyncGenerator<string> {
  const queue: string[] = [];
  let wake = (): void => undefined;
  let open_ = count;
  const push = (text: string): void => {
    queue.push(text);
    wake();
  };
  for (let run = 1; run <= count; run++) {
    void pipe(run, open, push).finally(() => {
      open_--;
      wake();
    });
  }
  while (open_ > 0 || queue.length > 0) {
    if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    yield* queue.splice(0);
  }
}

/** A run that is refused or breaks off is told to the page as well. */
async function pipe(run: number, open: (run: number) => Promise<Response>, push: (text: string) => void): Promise<void> {
  try {
    const response = await open(run);
    if (!response.ok || response.body === null) return push(serverSentEvent({ run, refused: response.status }));
    const decoder = new TextDecoder();
    for await (const chunk of response.body) push(decoder.decode(chunk as Uint8Array, { stream: true }));
  } catch {
    push(serverSentEvent({ run, refused: 0 }));
  }
}

function serverSentEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function wholeNumber(text: string, limit: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= limit) return value;
  throw new HTTPError(400, `not a number from 1 to ${limit}: ${text}`, {
    extensions: { detail: `expected a number from 1 to ${limit}` },
  });
}
