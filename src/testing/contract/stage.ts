import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executor } from "../../executors/executor.js";
import { ownFile } from "../../on-demand.js";
import { startApplication } from "../start-application.js";

/** What a rule works with: an executor that has one place to run and is started. */
export interface Stage {
  readonly executor: Executor;
  /** A file that tasks write to. */
  readonly file: string;
  /** What is in it. */
  lines(): Promise<string[]>;
  /** Waits until it has this line. */
  line(text: string): Promise<void>;
}

export type Rule = (stage: Stage) => Promise<void>;
export type Rules = Readonly<Record<string, Rule>>;

const application = ownFile("testing/contract/application.js");

/** The longest that a rule waits for something to happen, and that it takes, in milliseconds. */
const patience = 15_000;

/** Plays one rule on a fresh executor, and leaves nothing behind. */
export async function play(executor: Executor, rule: Rule): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "waterspout-contract-"));
  const file = join(folder, "tasks");
  const lines = async (): Promise<string[]> => (await readFile(file, "utf8").catch(() => "")).split("\n").slice(0, -1);
  const running = await startApplication(application, { executors: { default: executor } });
  try {
    const line = (text: string): Promise<void> => until(async () => (await lines()).includes(text), text);
    await inTime(rule({ executor, file, lines, line }));
  } finally {
    await executor.shutdown({ wait: false });
    await running.stop();
    await rm(folder, { recursive: true });
  }
}

/** What an executor forgets to settle must not hold up whoever tries the rules. */
async function inTime(playing: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `not over after ${patience} ms` })), patience);
  });
  await Promise.race([playing, late]).finally(() => clearTimeout(timer));
}

export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(5)) if (await condition()) return;
  assert.fail(`nothing after ${patience} ms: ${what}`);
}

/** A future that the rule cancels before it looks at the rejection. */
export function observed<F extends Promise<unknown>>(future: F): F {
  future.catch(() => undefined);
  return future;
}

export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  return assert.fail("it did not reject");
}

export async function collect<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of stream) into.push(item);
  return into;
}

export function toMessage(error: unknown): string {
  return String((error as Error).message);
}
