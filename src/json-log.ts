import { destination, pino, stdTimeFunctions } from "pino";
import type { LogRecord, LogSink } from "./log.js";

/** What lines of JSON are made with. */
export interface JsonLogOptions {
  /** Null in a process that was not forked. */
  readonly taskId: number | null;
  /** Names of fields whose values are not shown. */
  readonly redact: readonly string[];
}

/** The file descriptor of stderr. */
const stderr = 2;

/**
 * A sink that writes one line of JSON for each record, by pino: `level`, `time` (ISO 8601), `pid`, `taskId`, `stream`, the
 * record's fields, `err` with its stack and causes, and `message`. Written synchronously: the last line before a crash is
 * the one that matters.
 */
export function jsonSink({ taskId, redact }: JsonLogOptions): LogSink {
  const logger = pino(
    {
      level: "debug",
      base: { pid: process.pid, ...(taskId !== null && { taskId }) },
      messageKey: "message",
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: redact.flatMap((name) => [path(name), `*.${path(name)}`]), censor: "[redacted]" },
    },
    destination({ dest: stderr, sync: true }),
  );
  return (record) => logger[record.level](fieldsOf(record), record.message);
}

function fieldsOf({ stream, error, fields }: LogRecord): object {
  return { stream, ...fields, ...(error !== undefined && { err: error }) };
}

/** A name that is no identifier stands in brackets. */
function path(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `["${name}"]`;
}
