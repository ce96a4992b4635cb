import { readFileSync } from "node:fs";
import { type IncomingMessage, get } from "node:http";
import { availableParallelism } from "node:os";
import { threadId } from "node:worker_threads";
import { HTTPError, RequestHandler, Route, RunOnExecutor, options, taskId } from "waterspout";
import { sleepSync } from "./sleep-sync.js";
import { merged, serverSentEvent, wholeEvents } from "./streams.js";

/** One step of a run, as the page shows it. */
interface Step {
  run: number;
  step: number;
  pid: number;
  taskId: number | null;
  threadId: number;
}

const steps = 15;
const html = readFileSync(new URL("../../../samples/sleep/index.html", import.meta.url), "utf8");

@Route("/")
export class PageHandler extends RequestHandler {
  get(): string {
    return html.replace("{}", JSON.stringify(this.setup()));
  }

  /** What the page shows before anything runs. */
  private setup(): object {
    const { processes, threads, step } = options;
    return { processes: processes === 0 ? availableParallelism() : processes, threads, step, steps };
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
    return this.texts(wholeNumber(this.getQueryArgument("run", "1"), 10_000));
  }

  private async *texts(run: number): AsyncGenerator<string> {
    for await (const step of this.blockInSteps(run)) yield serverSentEvent(step);
  }

  @RunOnExecutor()
  async *blockInSteps(run: number): AsyncGenerator<Step> {
    for (let step = 0; step <= steps; step++) {
      if (step > 0) sleepSync(1000);
      console.log(`step ${step} : run ${run}`);
      yield { run, step, pid: process.pid, taskId: taskId(), threadId };
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
    return merged(Array.from({ length: count }, (_, index) => this.run(index + 1)));
  }

  /** A run that is refused or breaks off is told to the page as well. */
  private async *run(run: number): AsyncGenerator<string> {
    try {
      const response = await this.open(`/steps?run=${run}`);
      if (response.statusCode === 200) yield* wholeEvents(response);
      else yield refusal(run, response.resume());
    } catch {
      yield serverSentEvent({ run, lost: true });
    }
  }

  /** It ends with the request: a tab that is closed ends its runs. */
  private open(path: string): Promise<IncomingMessage> {
    const { localPort: port } = this.request.socket;
    return new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path, agent: false, signal: this.signal }, resolve).on("error", reject);
    });
  }
}

function refusal(run: number, { statusCode, headers }: IncomingMessage): string {
  return serverSentEvent({ run, refused: statusCode, retryAfter: headers["retry-after"] });
}

function wholeNumber(text: string, limit: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= limit) return value;
  const detail = `expected a number from 1 to ${limit}`;
  throw new HTTPError(400, `${detail}, got ${JSON.stringify(text)}`, { extensions: { detail } });
}
