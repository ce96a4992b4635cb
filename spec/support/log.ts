import { type LogRecord, type LogStream, applicationLog, formatRecord, setLogSink } from "#src/log.js";

/**
 * The log of the test that runs: nothing is printed, and with `hooks.ts` a warning or an error that the test did not
 * announce by {@link expectLog} fails it.
 */
let records: LogRecord[] = [];
let expected: RegExp[] = [];
const watchers = new Set<() => void>();

setLogSink((record) => {
  records.push(record);
  for (const look of watchers) look();
});

const rejected = new WeakSet<Promise<unknown>>();

// Mocha hands each on to whoever else listens, who has heard of it already.
const logRejection = (error: unknown, promise: Promise<unknown>): void => {
  if (!rejected.has(promise)) applicationLog.error("Unhandled rejection", { error });
  rejected.add(promise);
};

/**
 * Logs unhandled rejections as a program does it; mocha lets them pass. To be called before each file: a process that runs
 * several in its turn (`parallel`) loses all listeners at the end of each.
 */
export function watchRejections(): void {
  process.off("unhandledRejection", logRejection).on("unhandledRejection", logRejection);
}

/** Announces one warning or error; `pattern` is tried on the line as it would be printed, stack included. */
export function expectLog(...patterns: readonly RegExp[]): void {
  expected.push(...patterns);
}

/** The messages of this test so far, of one stream or of all. */
export function logged(stream?: LogStream): string[] {
  return records.filter((record) => stream === undefined || record.stream === stream).map(({ message }) => message);
}

/** The first line that matches, also one that was logged already. Rejects at the deadline. */
export function untilLogged(pattern: RegExp, deadline = 30_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const line = records.map(formatRecord).find((text) => pattern.test(text));
      if (line !== undefined) settle(() => resolve(line));
    };
    const settle = (then: () => void): void => {
      watchers.delete(look);
      clearTimeout(timer);
      then();
    };
    const late = new Error(`no line like ${String(pattern)} within ${deadline} ms`);
    const timer = setTimeout(() => settle(() => reject(late)), deadline);
    watchers.add(look);
    look();
  });
}

/** Begins a new test. */
export function clearLog(): void {
  records = [];
  expected = [];
}

/** @throws Error for a warning or an error that nobody announced, and for one that was announced and did not come. */
export function checkLog(): void {
  const lines = records.filter(({ level }) => level === "warn" || level === "error").map(formatRecord);
  const missing = expected.filter((pattern) => {
    const index = lines.findIndex((line) => pattern.test(line));
    if (index >= 0) lines.splice(index, 1);
    return index < 0;
  });
  if (lines.length > 0) throw new Error(`unexpected in the log:\n${lines.join("\n")}`);
  if (missing.length > 0) throw new Error(`not in the log: ${missing.map(String).join(", ")}`);
}

/** Runs `body` without looking at what it logs: for thousands of requests, most of which are refused. */
export async function muteLog<R>(body: () => Promise<R>): Promise<R> {
  const before = setLogSink(() => undefined);
  try {
    return await body();
  } finally {
    setLogSink(before);
  }
}
