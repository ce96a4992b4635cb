import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CancelledError,
  DeadlineExceededError,
  ExecutorClosedError,
  HTTPError,
  QueueFullError,
  SerializationError,
  WorkerCrashedError,
} from "../errors.js";
import type { Executor } from "../executors/executor.js";
import { Probe } from "./contract-application.js";
import { startApplication } from "./start-application.js";

/** How an executor is made for one case: one place to run unless the case asks for more, and a short grace. */
export interface ContractOptions {
  readonly places: number;
  readonly maxQueue?: number;
  readonly cancelGrace: number;
}

/** One rule that every executor keeps. */
export interface ContractCase {
  readonly name: string;
  run(): Promise<void>;
}

/** What a case works with. */
interface Stage {
  readonly executor: Executor;
  /** A file that tasks write to, and what is in it. */
  readonly file: string;
  lines(): Promise<string[]>;
  /** Waits until the file has this line. */
  line(text: string): Promise<void>;
}

type Rule = (stage: Stage) => Promise<void>;

const application = new URL("./contract-application.js", import.meta.url);

/** The longest that a case waits for something to happen, in milliseconds. */
const patience = 10_000;

/**
 * The rules of `Executor`, for every implementation: ours and yours. It needs no test runner of its own.
 *
 * @param make makes a fresh executor; it is started and shut down by the case.
 * @example
 * for (const { name, run } of executorContract((options) => new MyExecutor(options))) it(name, run);
 */
export function executorContract(make: (options: ContractOptions) => Executor): ContractCase[] {
  return Object.entries(rules).map(([name, rule]) => ({ name, run: () => play(make, rule, name) }));
}

async function play(make: (options: ContractOptions) => Executor, rule: Rule, name: string): Promise<void> {
  const executor = make({ places: name.includes("two places") ? 2 : 1, cancelGrace: 200, ...(name.includes("maxQueue") && { maxQueue: 2 }) });
  const folder = await mkdtemp(join(tmpdir(), "waterspout-contract-"));
  const file = join(folder, "tasks");
  const lines = async (): Promise<string[]> => (await readFile(file, "utf8").catch(() => "")).split("\n").slice(0, -1);
  const running = await startApplication(application, { executors: { default: executor } });
  try {
    await rule({ executor, file, lines, line: (text) => until(async () => (await lines()).includes(text), text) });
  } finally {
    await executor.shutdown({ wait: false });
    await running.stop();
    await rm(folder, { recursive: true });
  }
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(5)) if (await condition()) return;
  assert.fail(`nothing after ${patience} ms: ${what}`);
}

const rules: Record<string, Rule> = {
  async "runs a method and gives its result"({ executor }) {
    assert.equal(await executor.submit(Probe, "add", [20, 22]), 42);
  },

  async "injects a service into the worker's own instance, the same for all tasks of a worker"({ executor }) {
    assert.deepEqual([await executor.submit(Probe, "count", []), await executor.submit(Probe, "count", [])], [1, 2]);
  },

  async "runs a nested call inline"({ executor }) {
    assert.equal(await executor.submit(Probe, "nested", [20]), 42);
  },

  async "gives a Buffer as a Buffer, both ways"({ executor }) {
    const echoed = await executor.submit(Probe, "echo", [Buffer.from("waterspout")]);
    assert.ok(Buffer.isBuffer(echoed));
    assert.equal(echoed.toString(), "waterspout");
  },

  async "passes an AbortSignal that stays alive"({ executor }) {
    const controller = new AbortController();
    const future = executor.submit(Probe, "waitFor", [controller.signal]);
    await until(() => future.running(), "the task runs");
    controller.abort();
    assert.equal(await future, "the signal aborted");
  },

  async "keeps the class, status, reason and cause of an HTTPError"({ executor }) {
    const error = await rejection(executor.submit(Probe, "notFound", []));
    assert.ok(error instanceof HTTPError);
    assert.deepEqual([error.status, error.reason, error.logMessage], [404, "Gone Fishing", "no such thing"]);
    assert.ok(error.cause instanceof TypeError);
    assert.match(error.stack ?? "", /notFound/);
  },

  async "keeps the class, code and data of other errors"({ executor }) {
    const error = await rejection(executor.submit(Probe, "fail", ["out of range"]));
    assert.ok(error instanceof RangeError);
    const { message, code, detail } = error as RangeError & { code: string; detail: unknown };
    assert.deepEqual({ message, code, detail }, { message: "out of range", code: "E_PROBE", detail: { rows: [1, 2] } });
  },

  async "keeps the errors of an AggregateError"({ executor }) {
    const error = await rejection(executor.submit(Probe, "failTogether", []));
    assert.ok(error instanceof AggregateError);
    assert.deepEqual([error.errors[0] instanceof TypeError, error.errors[1] instanceof RangeError], [true, true]);
  },

  async "rejects with an Error whatever is thrown"({ executor }) {
    for (const value of ["text", null, undefined]) {
      const error = await rejection(executor.submit(Probe, "throwValue", [value]));
      assert.ok(error instanceof Error);
      assert.equal(error.cause, value);
    }
  },

  async "names the place of a result that cannot be cloned, and lives on"({ executor }) {
    const error = await rejection(executor.submit(Probe, "uncloneable", []));
    assert.ok(error instanceof SerializationError);
    assert.equal(error.path, "result.rows[1].when");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "names the place of an argument that cannot be cloned"({ executor }) {
    const argument = { deep: [() => 1] } as unknown as number;
    const error = await rejection(executor.submit(Probe, "add", [1, argument]));
    assert.ok(error instanceof SerializationError);
    assert.equal(error.path, "argument 1.deep[0]");
  },

  async "starts tasks in the order of their submission, whatever clocks and signals they have"({ executor, file, lines }) {
    const { signal } = new AbortController();
    const variants = [{}, { deadline: 60_000 }, { signal }, { queueTimeout: 60_000 }];
    const futures = Array.from({ length: 12 }, (_, index) =>
      executor.submit(Probe, "record", [file, String(index)], variants[index % variants.length]),
    );
    await Promise.all(futures);
    assert.deepEqual(await lines(), Array.from({ length: 12 }, (_, index) => String(index)));
  },

  async "starts a higher priority first"({ executor, file, lines }) {
    const busy = executor.submit(Probe, "wait", [`${file}.busy`]);
    const futures = [0, 1, 2].map((priority) => executor.submit(Probe, "record", [file, String(priority)], { priority }));
    busy.cancel();
    await Promise.allSettled([busy, ...futures]);
    assert.deepEqual(await lines(), ["2", "1", "0"]);
  },

  async "refuses what exceeds maxQueue at once, and says when to come back"({ executor, file }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    const queued = [1, 2].map((value) => executor.submit(Probe, "add", [value, 0]));
    const error = await rejection(executor.submit(Probe, "add", [3, 0], { signal: new AbortController().signal }));
    assert.ok(error instanceof QueueFullError);
    assert.ok(error.retryAfter >= 1 && error.retryable);
    running.cancel();
    assert.deepEqual(await Promise.all(queued), [1, 2]);
    await rejection(running);
  },

  async "never starts a task whose queueTimeout ran out"({ executor, file, lines, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const late = executor.submit(Probe, "record", [file, "late"], { queueTimeout: 20 });
    const error = await rejection(late);
    assert.ok(error instanceof DeadlineExceededError);
    assert.equal(error.phase, "queued");
    running.cancel();
    await rejection(running);
    await executor.submit(Probe, "record", [file, "next"]);
    assert.ok(!(await lines()).includes("late"));
  },

  async "never starts a task that is cancelled while it waits"({ executor, file, lines, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const controller = new AbortController();
    const byCall = observed(executor.submit(Probe, "record", [file, "by call"]));
    const bySignal = observed(executor.submit(Probe, "record", [file, "by signal"], { signal: controller.signal }));
    assert.ok(byCall.cancel());
    controller.abort();
    for (const future of [byCall, bySignal]) assert.ok((await rejection(future)) instanceof CancelledError);
    assert.deepEqual([byCall.cancelled(), byCall.done(), byCall.cancel()], [true, true, false]);
    running.cancel();
    await rejection(running);
    await executor.submit(Probe, "record", [file, "next"]);
    assert.deepEqual((await lines()).filter((text) => text.startsWith("by")), []);
  },

  async "aborts the signal of a running task that is cancelled"({ executor, file, line }) {
    const future = executor.submit(Probe, "wait", [file]);
    await line("started");
    assert.ok(future.running());
    future.cancel("no longer wanted");
    assert.match((await rejection(future)).message, /no longer wanted/);
    await line("aborted: CancelledError");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "ends a run at its deadline"({ executor, file, line }) {
    const error = await rejection(executor.submit(Probe, "wait", [file], { deadline: 50 }));
    assert.ok(error instanceof DeadlineExceededError);
    assert.deepEqual([error.phase, error.status], ["running", 504]);
    await line("aborted: CancelledError");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "counts a deadline from the start of the run, not from the submission"({ executor, file, line }) {
    const first = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const second = executor.submit(Probe, "add", [1, 1], { deadline: 5_000 });
    first.cancel();
    assert.equal(await second, 2);
    await rejection(first);
  },

  async "lets a loop that never yields see that it is cancelled"({ executor, file, line }) {
    const future = executor.submit(Probe, "poll", [file]);
    await line("started");
    future.cancel();
    await rejection(future);
    await line("saw it");
  },

  async "ends and replaces a worker that does not stop"({ executor }) {
    const error = await rejection(executor.submit(Probe, "spin", [], { deadline: 50 }));
    assert.ok(error instanceof DeadlineExceededError);
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "reports a worker that exits, and replaces it"({ executor }) {
    const error = await rejection(executor.submit(Probe, "exit", [3]));
    assert.ok(error instanceof WorkerCrashedError);
    assert.equal(error.exitCode, 3);
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "gives no task the error that another one threw after its end"({ executor }) {
    assert.equal(await executor.submit(Probe, "failLater", ["a stranger's"]), "returned before");
    for (let attempt = 0; attempt < 20; attempt++) {
      const error = await executor.submit(Probe, "add", [1, 1]).then(() => undefined, toMessage);
      assert.ok(error === undefined || !error.includes("a stranger's"), error);
      await sleep(2);
    }
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "tells a task its name, its request and the rest of its deadline"({ executor }) {
    const context = await executor.submit(Probe, "context", [], { deadline: 60_000, requestId: "r-1" });
    assert.equal(context.token, "Probe.context");
    assert.equal(context.requestId, "r-1");
    assert.ok((context.deadline ?? 0) > 0 && (context.deadline ?? 0) <= 60_000);
  },

  async "streams the items of a generator in order, and its return value"({ executor, file }) {
    const stream = executor.stream(Probe, "range", [0, 100, file]);
    const items: unknown[] = [];
    let next = await stream.next();
    for (; next.done !== true; next = await stream.next()) items.push(next.value);
    assert.deepEqual(items, Array.from({ length: 100 }, (_, index) => index));
    assert.equal(next.value, "all");
  },

  async "lets a stream run no further ahead than its window"({ executor, file, lines, line }) {
    const stream = executor.stream(Probe, "range", [0, 10_000, file]);
    assert.equal((await stream.next()).value, 0);
    await line("8");
    await sleep(50);
    assert.ok((await lines()).length < 64, `${(await lines()).length} items ahead`);
    await stream.return(undefined);
    await line("finally");
  },

  async "ends a generator whose consumer leaves the loop"({ executor, file, line }) {
    for await (const item of executor.stream(Probe, "range", [0, 10_000, file])) if (item === 20) break;
    await line("finally");
    assert.equal(await executor.submit(Probe, "add", [1, 1]), 2);
  },

  async "gives a stream's error after the items before it"({ executor }) {
    const items: unknown[] = [];
    const error = await rejection(collect(executor.stream(Probe, "breakAt", [5]), items));
    assert.ok(error instanceof HTTPError);
    assert.deepEqual([error.status, items], [418, [0, 1, 2, 3, 4]]);
  },

  async "counts what it did"({ executor }) {
    await Promise.allSettled([executor.submit(Probe, "add", [1, 1]), executor.submit(Probe, "fail", ["no"])]);
    const { completed, failed, queued, running, capacity } = executor.stats();
    assert.deepEqual({ completed, failed, queued, running, capacity }, { completed: 1, failed: 1, queued: 0, running: 0, capacity: 1 });
  },

  async "runs as many tasks at once as it has two places"({ executor, file, lines }) {
    const futures = [1, 2, 3].map(() => executor.submit(Probe, "wait", [file]));
    await until(async () => (await lines()).length === 2, "two tasks run");
    assert.deepEqual([executor.stats().running, executor.stats().queued], [2, 1]);
    for (const future of futures) future.cancel();
    await Promise.allSettled(futures);
  },

  async "finishes what was submitted before a shutdown, and refuses what comes after"({ executor }) {
    const futures = [1, 2, 3].map((value) => executor.submit(Probe, "add", [value, 0]));
    const shutdown = executor.shutdown();
    assert.ok((await rejection(executor.submit(Probe, "add", [4, 0]))) instanceof ExecutorClosedError);
    assert.deepEqual(await Promise.all(futures), [1, 2, 3]);
    await shutdown;
    await executor.shutdown();
  },

  async "cancels what waits in a shutdown with cancelFutures"({ executor, file, line }) {
    const running = observed(executor.submit(Probe, "wait", [file]));
    await line("started");
    const queued = executor.submit(Probe, "add", [1, 1]);
    const shutdown = executor.shutdown({ cancelFutures: true, deadline: 50 });
    assert.ok((await rejection(queued)) instanceof CancelledError);
    assert.ok((await rejection(running)) instanceof CancelledError);
    await shutdown;
  },
};

/** A future that the case cancels before it looks at the rejection. */
function observed<F extends Promise<unknown>>(future: F): F {
  future.catch(() => undefined);
  return future;
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  return assert.fail("it did not reject");
}

async function collect(stream: AsyncIterable<unknown>, into: unknown[]): Promise<void> {
  for await (const item of stream) into.push(item);
}

function toMessage(error: unknown): string {
  return String((error as Error).message);
}
